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
    return Cpu(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)


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
        "limit": None,
    }


@pytest.mark.parametrize(
    ("quota", "limit"),
    [("150000 100000", 1.5), ("max 100000", None), ("400000 100000", None), ("x", None)],
)
def test_a_limit_of_a_container(machine: Machine, cpu: Cpu, quota: str, limit: float) -> None:
    """A limit of all cores or more is none."""
    machine.attributes("fs/cgroup", **{"cpu.max": quota})
    assert cpu.read()["limit"] == limit


@pytest.mark.parametrize(("quota", "limit"), [("50000", 0.5), ("-1", None)])
def test_a_limit_of_a_container_by_cgroup_v1(
    machine: Machine, cpu: Cpu, quota: str, limit: float | None
) -> None:
    machine.attributes(
        "fs/cgroup/cpu", **{"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": "100000"}
    )
    assert cpu.read()["limit"] == limit


def ticks(machine: Machine, *cores: tuple[int, ...]) -> None:
    """Write /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal of each core."""
    lines = [f"cpu{n} {' '.join(map(str, core))} 0 0\n" for n, core in enumerate(cores)]
    machine.write("stat", "cpu  1 1 1 1 1 1 1 1 0 0\n" + "".join(lines) + "intr 1\n")


@pytest.mark.parametrize(
    ("passed", "share"),
    [
        pytest.param((100, 0, 0, 0, 0, 0, 0, 0), 100.0, id="really busy"),
        pytest.param((60, 0, 0, 0, 0, 0, 0, 0), None, id="idle stands still"),
        pytest.param((5, 0, 0, 0, 0, 0, 0, 0), None, id="idle stands still and little to do"),
        pytest.param((0, 0, 0, 0, 0, 0, 0, 0), None, id="all stands still"),
        pytest.param((30, 0, 0, 30, 0, 0, 0, 0), 50.0, id="ticks lost under a hypervisor"),
        pytest.param((5, 0, 0, 5, 0, 0, 0, 0), None, id="most ticks lost"),
        pytest.param((90, 0, 0, 4000, 0, 0, 0, 0), None, id="idle leaps"),
        pytest.param((50, 0, 0, 50, 0, 0, 0, 2**62), None, id="steal leaps"),
        pytest.param((50, 0, 0, 50, 0, 0, 0, -5000), None, id="steal falls far"),
    ],
)
def test_ticks_have_to_add_up(
    machine: Machine, passed: tuple[int, ...], share: float | None
) -> None:
    start = (10_000,) * 8
    good = (20, 0, 0, 80, 0, 0, 0, 0)
    ticks(machine, start, start)
    cpu = Cpu(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)
    machine.watch.forward(1)
    ticks(machine, *(tuple(map(sum, zip(start, each, strict=True))) for each in (good, passed)))
    reading = cpu.read()
    assert reading["cores"] == [20.0, share]
    if share is None:
        assert reading["percent"] == 20.0, "of the core that can be believed"


def test_no_core_that_adds_up_is_no_figure(machine: Machine) -> None:
    ticks(machine, (10_000,) * 8)
    cpu = Cpu(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)
    machine.watch.forward(1)
    ticks(machine, (10_010, *(10_000,) * 7))
    reading = cpu.read()
    assert (reading["percent"], reading["user"], reading["steal"]) == (None, None, None)


def test_steal_that_falls_a_little_takes_its_own_field(machine: Machine) -> None:
    ticks(machine, (10_000,) * 8)
    cpu = Cpu(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)
    machine.watch.forward(1)
    ticks(machine, (10_040, 10_000, 10_000, 10_060, 10_000, 10_000, 10_000, 9_990))
    reading = cpu.read()
    assert (reading["percent"], reading["steal"]) == (40.0, None)


def test_a_process_that_stood_still_beside_a_reading_loses_no_figure(machine: Machine) -> None:
    """The reading is late by a second after its counters; they are of one second nevertheless."""
    times = iter([0.0, 0.0, 1.0, 2.0, 3.0])
    ticks(machine, (10_000,) * 8)
    cpu = Cpu(ps=machine.ps, clock=lambda: next(times, 3.0), sysfs=machine.sysfs)
    ticks(machine, (10_100, *(10_000,) * 7))
    assert cpu.read()["percent"] == 100.0


def test_lines_that_are_odd_take_their_own_core(machine: Machine, cpu: Cpu) -> None:
    machine.a_second_passes()
    stat = (machine.proc / "stat").read_text()
    machine.write("stat", stat.replace("cpu1 ", "cpu1 x ").replace("cpu3 ", "cpu99999999999 "))
    assert cpu.read()["cores"] == [60.0, None, 0.0]


def test_the_clock_of_cores_that_are_online(machine: Machine) -> None:
    folder = "devices/system/cpu/cpufreq/policy"
    machine.attributes(folder + "0", scaling_cur_freq="1000000", affected_cpus="0 1 2")
    machine.attributes(folder + "3", scaling_cur_freq="3000000", affected_cpus="3")
    machine.attributes(folder + "4", scaling_max_freq="3000000")
    machine.attributes(folder + "5", scaling_cur_freq="<unknown>")
    machine.attributes(folder + "6", scaling_cur_freq="0")
    cpu = Cpu(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)
    assert cpu.read()["frequency_mhz"] == 1500


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
        "limit": None,
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
