"""Pressure stall information."""

from __future__ import annotations

from types import SimpleNamespace

from dashboard.metrics.pressure import Pressure

from .conftest import Machine


def test_frozen(machine: Machine) -> None:
    assert Pressure(ps=machine.ps).read() == {
        "cpu_some": 12.34,
        "io_some": 3.5,
        "io_full": 2.25,
        "memory_some": 0.7,
        "memory_full": 0.0,
    }


def test_a_kind_that_is_missing_is_null(machine: Machine) -> None:
    (machine.proc / "pressure" / "io").unlink()
    reading = Pressure(ps=machine.ps).read()
    assert reading is not None
    assert (reading["cpu_some"], reading["io_some"], reading["io_full"]) == (12.34, None, None)


def test_a_line_that_cannot_be_takes_its_own_field(machine: Machine) -> None:
    machine.write("pressure/memory", "some\nfull avg10=1.50 avg60=0 avg300=0 total=1\nmore\n")
    machine.write("pressure/cpu", "some avg10=nan avg60=0\n")
    reading = Pressure(ps=machine.ps).read()
    assert reading is not None
    assert (reading["cpu_some"], reading["memory_some"], reading["memory_full"]) == (
        None,
        None,
        1.5,
    )
    assert reading["io_some"] is not None


def test_a_kernel_without(machine: Machine) -> None:
    machine.remove("pressure")
    pressure = Pressure(ps=machine.ps)
    assert pressure.read() is None
    assert "PSI" in (pressure.absent_reason or "")


def test_elsewhere_there_is_none() -> None:
    pressure = Pressure(ps=SimpleNamespace())
    assert pressure.read() is None
    assert pressure.absent_reason == "only Linux measures pressure (PSI)"
