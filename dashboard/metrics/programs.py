"""What programs take: all processes of one name together, also those that began just now."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from heapq import nlargest
from typing import Any, NamedTuple

from dashboard.metrics import procfs
from dashboard.metrics.cgroups import unit_of
from dashboard.metrics.rates import SHORTEST_STEP
from dashboard.metrics.values import byte_count, printable

_TOP = 5  # of each figure
_FIGURES = ("cpu_percent", "memory_bytes", "bytes_per_second")
_BYTES = (b"read_bytes:", b"write_bytes:")


Identity = tuple[int, float]
"""A pid and its start, in whatever unit the system has."""


class Process(NamedTuple):
    """One process in one reading: CPU time in seconds, memory in bytes."""

    name: str
    running: bool
    cpu_seconds: float
    memory_bytes: float | None


class Programs:
    """Sums up one reading after the other."""

    def __init__(self, proc: str | None) -> None:
        """`proc` is the folder with the processes, None on a system without one."""
        self._proc = proc
        self._time: float | None = None
        self._step = 0.0
        self._busy: tuple[float | None, float | None] = None, None
        self._cpu: dict[Identity, float] = {}
        self._before: dict[Identity, float] = {}
        self._moved: dict[Identity, int] = {}

    def prime(self, found: Mapping[Identity, Process], now: float) -> None:
        """Take a first reading; `now` is a clock's seconds."""
        self._time = now
        self._busy = self._busy[1], self._busy_seconds()
        self._cpu = {identity: process.cpu_seconds for identity, process in found.items()}

    def shares(
        self, found: Mapping[Identity, Process], now: float, cores: int
    ) -> dict[Identity, float]:
        """Return the cores that each process has used since the last reading.

        Those of which that can't be said are left out; one that was not there has used all since.
        """
        self._step = step = 0.0 if self._time is None else now - self._time
        if 0 < step < SHORTEST_STEP:
            return {}
        self._before = before = self._cpu
        self.prime(found, now)
        if step <= 0:
            return {}
        shares = {
            identity: (process.cpu_seconds - before.get(identity, 0.0)) / step
            for identity, process in found.items()
        }
        # A share beyond all cores is a counter that leapt; ticks may make it a little more.
        return {
            identity: min(share, cores)
            for identity, share in shares.items()
            if 0 <= share <= 1.25 * cores
        }

    def top(
        self, found: Mapping[Identity, Process], shares: Mapping[Identity, float], cores: int
    ) -> list[dict[str, Any]]:
        """Return the programs that take most of a figure, by CPU; `shares` are as of `shares`."""
        self._moved = {each: moved for each, moved in self._moved.items() if each in found}
        sums: dict[str, dict[str, float]] = {}
        largest: dict[str, tuple[float, float, int]] = {}  # its process that takes most, and pid
        for identity, process in found.items():
            size = (shares.get(identity, 0.0), process.memory_bytes or 0.0, identity[0])
            largest[process.name] = max(size, largest.get(process.name, size))
            program = sums.setdefault(process.name, dict.fromkeys(_FIGURES, 0.0))
            program["memory_bytes"] += process.memory_bytes or 0.0
            if share := shares.get(identity):
                program["cpu_percent"] += 100 * share
                moved = self._bytes(identity, identity in self._before)
                program["bytes_per_second"] += moved / self._step
        names: set[str] = set()
        for figure in _FIGURES:
            values = {name: sums[name][figure] for name in sums if sums[name][figure] > 0}
            names.update(nlargest(_TOP, values, key=values.__getitem__))
        return [
            {
                "name": printable(name),
                "cpu_percent": round(min(sums[name]["cpu_percent"], 100.0 * cores), 1),
                "memory_bytes": byte_count(sums[name]["memory_bytes"]),
                "bytes_per_second": round(sums[name]["bytes_per_second"], 1),
                "unit": self._unit(largest[name][2]),
            }
            for name in sorted(names, key=lambda name: -sums[name]["cpu_percent"])
        ]

    def _unit(self, pid: int) -> str | None:
        """Return the unit of a process; None of one that has ended, and elsewhere than on Linux."""
        with suppress(OSError):
            return unit_of(procfs.read(f"{self._proc}/{pid}/cgroup"))
        return None

    def used(self) -> float | None:
        """Return what all of the machine has used meanwhile, in % of one core."""
        before, busy = self._busy
        return None if before is None or busy is None else 100 * (busy - before) / self._step

    def _busy_seconds(self) -> float | None:
        stat = procfs.read_text(f"{self._proc}/stat") if self._proc else None
        kinds = re.match(r"cpu +((?:\d+ ){8})", stat or "")  # in the order of proc_stat(5)
        if kinds is None:
            return None
        user, nice, system, _, _, irq, softirq, steal = map(int, kinds[1].split())
        return (user + nice + system + irq + softirq + steal) / procfs.TICKS

    def _bytes(self, identity: Identity, is_known: bool) -> int:
        """Return what a process has read and written since; only those that ran are asked."""
        if self._proc is None:
            return 0
        try:
            lines = procfs.read(f"{self._proc}/{identity[0]}/io").split(b"\n")
            moved = sum(int(line.split()[1]) for line in lines if line.startswith(_BYTES))
        except (OSError, ValueError, IndexError):  # it has ended, or is another user's
            return 0
        before = self._moved.get(identity, moved if is_known else 0)
        self._moved[identity] = moved
        return max(0, moved - before)


def others(listed: Iterable[Mapping[str, Any]], used: float | None) -> dict[str, float] | None:
    """Return the CPU time, in % of one core, of what is not listed; None where it is not known."""
    if used is None:
        return None
    return {"cpu_percent": round(max(0.0, used - sum(i["cpu_percent"] or 0.0 for i in listed)), 1)}
