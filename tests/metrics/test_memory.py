"""Memory and swap."""

from __future__ import annotations

from types import SimpleNamespace

from dashboard.metrics.memory import Memory

from .conftest import Machine


def test_frozen(machine: Machine) -> None:
    assert Memory(ps=machine.ps).read() == {
        "total": 16_000_000 * 1024,
        "used": 4_000_000 * 1024,
        "available": 12_000_000 * 1024,
        "cached": 10_000_000 * 1024,
        "percent": 25.0,
        "swap_total": 4_000_000 * 1024,
        "swap_used": 1_000_000 * 1024,
        "swap_percent": 25.0,
    }


def test_no_swap_is_no_percentage(machine: Machine) -> None:
    machine.replace("meminfo", "SwapTotal:       4000000", "SwapTotal:             0")
    machine.replace("meminfo", "SwapFree:        3000000", "SwapFree:              0")
    reading = Memory(ps=machine.ps).read()
    assert (reading["swap_total"], reading["swap_used"], reading["swap_percent"]) == (0, 0, None)


def test_an_estimate_beyond_everything_is_replaced(machine: Machine) -> None:
    machine.replace("meminfo", "MemAvailable:   12000000", "MemAvailable:   17000000")
    reading = Memory(ps=machine.ps).read()
    assert 0 <= reading["available"] <= reading["total"]
    assert reading["used"] + reading["available"] == reading["total"]
    assert 0 <= reading["percent"] <= 100


def test_elsewhere_psutil_alone() -> None:
    ps = SimpleNamespace(
        virtual_memory=lambda: SimpleNamespace(total=1000, available=250),
        swap_memory=lambda: SimpleNamespace(total=0, used=0),
    )
    assert Memory(ps=ps).read() == {
        "total": 1000,
        "used": 750,
        "available": 250,
        "cached": None,
        "percent": 75.0,
        "swap_total": 0,
        "swap_used": 0,
        "swap_percent": None,
    }
