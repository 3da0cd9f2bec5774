"""Memory and swap."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from dashboard.metrics.memory import Memory

from .conftest import Machine


def test_frozen(machine: Machine) -> None:
    assert Memory(ps=machine.ps, sysfs=machine.sysfs).read() == {
        "total": 16_000_000 * 1024,
        "used": 4_000_000 * 1024,
        "available": 12_000_000 * 1024,
        "cached": 10_000_000 * 1024,
        "reclaimable": 11_000_000 * 1024,
        "free": 1_000_000 * 1024,
        "percent": 25.0,
        "swap_total": 4_000_000 * 1024,
        "swap_used": 1_000_000 * 1024,
        "swap_percent": 25.0,
        "limit": None,
        "limit_used": None,
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
        "reclaimable": None,
        "free": None,
        "percent": 75.0,
        "swap_total": 0,
        "swap_used": 0,
        "swap_percent": None,
        "limit": None,
        "limit_used": None,
    }


@pytest.mark.parametrize(
    ("limit", "shown", "used"),
    [
        (str(2 << 30), 2 << 30, 1 << 30),
        ("max", None, None),
        (str(1 << 40), None, None),
        ("rubbish", None, None),
    ],
)
def test_a_limit_of_a_container(
    machine: Machine, limit: str, shown: int | None, used: int | None
) -> None:
    """A limit beyond all memory is none."""
    machine.limited()
    machine.attributes("fs/cgroup", **{"memory.max": limit})
    reading = Memory(ps=machine.ps, sysfs=machine.sysfs).read()
    assert (reading["limit"], reading["limit_used"]) == (shown, used)
    assert reading["total"] == 16_000_000 * 1024


@pytest.mark.parametrize(("limit", "shown"), [(3 << 30, 3 << 30), (0x7FFFFFFFFFFFF000, None)])
def test_a_limit_of_a_container_by_cgroup_v1(
    machine: Machine, limit: int, shown: int | None
) -> None:
    files = {"memory.limit_in_bytes": str(limit), "memory.usage_in_bytes": str(1 << 30)}
    machine.attributes("fs/cgroup/memory", **files, **{"memory.stat": "total_inactive_file 24"})
    reading = Memory(ps=machine.ps, sysfs=machine.sysfs).read()
    assert (reading["limit"], reading["limit_used"]) == (shown, shown and (1 << 30) - 24)


ARC = "13 1 0x01 123 33456 1 2\nname type data\nc_min 4 1000000\nsize 4 3000000\nodd line\n"


def arcstats(machine: Machine, content: str) -> None:
    (machine.proc / "spl/kstat/zfs").mkdir(parents=True, exist_ok=True)
    machine.write("spl/kstat/zfs/arcstats", content)


def test_the_cache_of_zfs_is_available_on_a_machine_and_not_in_a_container(
    machine: Machine,
) -> None:
    arcstats(machine, ARC)
    systems: dict[str, Callable[[str | None], str]] = {
        "machine": lambda proc: "machine",
        "container": lambda proc: "container",
    }
    for system, more in (("machine", 2_000_000), ("container", 0)):
        memory = Memory(ps=machine.ps, sysfs=machine.sysfs, system=systems[system])
        reading = memory.read()
        assert reading["available"] == 12_000_000 * 1024 + more
        assert reading["used"] + reading["available"] == reading["total"]
        assert reading["reclaimable"] == 11_000_000 * 1024 + more


def test_more_is_free_than_available(machine: Machine) -> None:
    """What the kernel keeps for itself is no longer free, so the parts add up."""
    machine.replace("meminfo", "MemFree:         1000000", "MemFree:        13000000")
    reading = Memory(ps=machine.ps, sysfs=machine.sysfs).read()
    assert (reading["reclaimable"], reading["free"]) == (0, reading["available"])


@pytest.mark.parametrize(
    "content",
    ["", "size 4 x\nc_min 4 0\n", "size 4 100\n", "size 4 5\nc_min 4 900\n"],
)
def test_a_cache_of_zfs_that_says_nothing_changes_nothing(machine: Machine, content: str) -> None:
    arcstats(machine, content)
    memory = Memory(ps=machine.ps, sysfs=machine.sysfs, system=lambda proc: "machine")
    assert memory.read()["available"] == 12_000_000 * 1024


def test_a_cache_of_zfs_beyond_everything(machine: Machine) -> None:
    arcstats(machine, f"size 4 {1 << 60}\nc_min 4 0\n")
    memory = Memory(ps=machine.ps, sysfs=machine.sysfs, system=lambda proc: "machine")
    reading = memory.read()
    assert (reading["used"], reading["percent"]) == (0, 0.0)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("SwapFree:        3000000 kB\n", {"swap_used", "swap_percent"}),
        ("SwapTotal:       4000000 kB\n", {"swap_total", "swap_used", "swap_percent"}),
        ("Cached:          9000000 kB\n", {"cached"}),
        ("MemFree:         1000000 kB\n", {"reclaimable", "free"}),
    ],
)
def test_a_missing_or_absurd_line_takes_its_own_fields(
    machine: Machine, line: str, missing: set[str]
) -> None:
    for new in ("", line.split()[0] + " x kB\n", line.split()[0] + f" {2**54} kB\n"):
        content = (machine.proc / "meminfo").read_text()
        machine.write("meminfo", content.replace("\n" + line, "\n" + new))
        reading = Memory(ps=machine.ps, sysfs=machine.sysfs).read()
        assert {key for key, value in reading.items() if value is None} == {
            *missing,
            "limit",
            "limit_used",
        }
        machine.write("meminfo", content)


def test_swap_in_use_is_never_negative(machine: Machine) -> None:
    machine.replace("meminfo", "SwapFree:        3000000", "SwapFree:        5000000")
    assert Memory(ps=machine.ps).read()["swap_used"] == 0
    machine.replace("meminfo", "MemAvailable:   12000000", "MemAvailable:   17000000")
    assert Memory(ps=machine.ps).read()["swap_used"] == 0
