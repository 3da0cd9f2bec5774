"""CPU shares, from a frozen /proc/stat and from psutil alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.cpu import Cpu

from .conftest import Machine, Watch


@pytest.fixture
def cpu(machine: Machine) -> Cpu:
    return Cpu(ps=machine.ps, clock=machine.watch)


def test_shares_of_the_second(machine: Machine, cpu: Cpu) -> None:
    machine.a_second_passes()
    assert cpu.read() == {
        "percent": 50.0,
        "user": 43.8,
        "system": 5.0,
        "iowait": 2.5,
        "steal": 1.2,
        "cores": [60.0, 100.0, 0.0, 40.0],
        "frequency_mhz": 2400,
    }


def test_no_time_no_figures(machine: Machine, cpu: Cpu) -> None:
    reading = cpu.read()
    assert reading["percent"] is None
    assert reading["user"] is None
    assert reading["cores"] == [None] * 4


def test_a_core_offline_keeps_its_place(machine: Machine, cpu: Cpu) -> None:
    machine.a_second_passes()
    stat = (machine.proc / "stat").read_text().splitlines(keepends=True)
    machine.write("stat", "".join(line for line in stat if not line.startswith("cpu1 ")))
    reading = cpu.read()
    assert reading["cores"] == [60.0, None, 0.0, 40.0]
    assert reading["percent"] == 33.3, "of the three cores that were there"


def test_a_core_that_comes_back_brings_no_past(machine: Machine, cpu: Cpu) -> None:
    stat = (machine.proc / "stat").read_text()
    lines = stat.splitlines(keepends=True)
    machine.write("stat", "".join(line for line in lines if not line.startswith("cpu1 ")))
    machine.watch.forward(1)
    cpu.read()
    machine.write("stat", stat)
    machine.a_second_passes()
    reading = cpu.read()
    assert reading["cores"] == [60.0, None, 0.0, 40.0]
    assert reading["percent"] == 33.3


def test_iowait_that_steps_back_stands_still(machine: Machine, cpu: Cpu) -> None:
    machine.a_second_passes()
    machine.replace(
        "stat", "cpu0 10050 100 3010 225030 760 0 150 50", "cpu0 10050 100 3010 225040 745 0 150 50"
    )
    reading = cpu.read()
    assert reading["iowait"] == 0.0
    assert reading["cores"][0] == 60.0


def test_counters_that_start_again_give_nothing(machine: Machine, cpu: Cpu) -> None:
    machine.watch.forward(1)
    machine.write("stat", "cpu 9 0 9 9 0 0 0 0 0 0\ncpu0 9 0 9 9 0 0 0 0 0 0\nintr 1\n")
    reading = cpu.read()
    assert reading["percent"] is None
    assert reading["cores"] == [None]


def test_an_old_kernel_counts_fewer_kinds(machine: Machine) -> None:
    machine.write("stat", "cpu 9 0 9 9\ncpu0 100 0 100 1000\nintr 1\n")
    cpu = Cpu(ps=machine.ps, clock=machine.watch)
    machine.watch.forward(1)
    machine.write("stat", "cpu 9 0 9 9\ncpu0 125 0 125 1050\nintr 1\n")
    assert cpu.read()["percent"] == 50.0


def test_frequency_is_asked_seldom(machine: Machine) -> None:
    asked = []

    def cpu_freq() -> Any:
        asked.append(machine.watch.now)
        return SimpleNamespace(current=3000.0 + len(asked))

    machine.ps.cpu_freq = cpu_freq
    cpu = Cpu(ps=machine.ps, clock=machine.watch)
    seen = []
    for _ in range(12):
        seen.append(cpu.read()["frequency_mhz"])
        machine.watch.forward(1)
    assert asked == [1000, 1005, 1010]
    assert seen == [3001] * 5 + [3002] * 5 + [3003] * 2


def test_a_slow_frequency_is_asked_more_seldom_yet(machine: Machine) -> None:
    asked = []

    def cpu_freq() -> Any:
        asked.append(machine.watch.now)
        machine.watch.forward(0.02)
        return SimpleNamespace(current=3000.0)

    machine.ps.cpu_freq = cpu_freq
    cpu = Cpu(ps=machine.ps, clock=machine.watch)
    for _ in range(19):
        cpu.read()
        machine.watch.forward(1)
    assert len(asked) == 1
    machine.watch.forward(1.5)
    cpu.read()
    assert len(asked) == 2


@pytest.mark.parametrize("answer", [None, SimpleNamespace(current=0.0), NotImplementedError])
def test_no_frequency(machine: Machine, answer: Any) -> None:
    def cpu_freq() -> Any:
        if answer is NotImplementedError:
            raise answer
        return answer

    machine.ps.cpu_freq = cpu_freq
    assert Cpu(ps=machine.ps, clock=machine.watch).read()["frequency_mhz"] is None


def test_elsewhere_psutil_alone(watch: Watch) -> None:
    times = [SimpleNamespace(user=10.0, nice=0.0, system=5.0, idle=100.0)]
    ps = SimpleNamespace(cpu_times=lambda percpu: times)
    cpu = Cpu(ps=ps, clock=watch)
    watch.forward(1)
    times[0] = SimpleNamespace(user=10.25, nice=0.0, system=5.25, idle=100.5)
    assert cpu.read() == {
        "percent": 50.0,
        "user": 25.0,
        "system": 25.0,
        "iowait": None,
        "steal": None,
        "cores": [50.0],
        "frequency_mhz": None,
    }


TICKS = st.lists(st.integers(min_value=0, max_value=2**40), min_size=8, max_size=8)


@given(st.lists(st.lists(TICKS, max_size=3), min_size=1, max_size=4))
def test_any_counters_give_percentages(readings: list[list[list[int]]]) -> None:
    kinds = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    now: list[list[int]] = []
    ps = SimpleNamespace(
        cpu_times=lambda percpu: [
            SimpleNamespace(**dict(zip(kinds, core, strict=True))) for core in now
        ]
    )
    watch = Watch()
    cpu = Cpu(ps=ps, clock=watch)
    for reading in readings:
        now = reading
        watch.forward(1)
        figures = cpu.read()
        for share in (figures["percent"], figures["user"], figures["system"], *figures["cores"]):
            assert share is None or 0 <= share <= 100
