"""What programs take: all processes of one name together, also those that began just now."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nlargest
from typing import Any, NamedTuple

from dashboard.metrics import procfs
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
        self._cpu: dict[Identity, float] = {}
        self._moved: dict[Identity, int] = {}

    def top(
        self, found: Mapping[Identity, Process], now: float, cores: int
    ) -> list[dict[str, Any]]:
        """Return the programs that take most of a figure, by CPU; `now` is a clock's seconds."""
        step = 0.0 if self._time is None else now - self._time
        before, self._time = self._cpu, now
        self._cpu = {identity: process.cpu_seconds for identity, process in found.items()}
        self._moved = {each: moved for each, moved in self._moved.items() if each in found}
        sums: dict[str, dict[str, float]] = {}
        for identity, process in found.items():
            program = sums.setdefault(process.name, dict.fromkeys(_FIGURES, 0.0))
            program["memory_bytes"] += process.memory_bytes or 0.0
            if step <= 0:
                continue
            # One that was not there has used all of its time since.
            share = (process.cpu_seconds - before.get(identity, 0.0)) / step
            if 0 < share <= 1.25 * cores:
                program["cpu_percent"] += 100 * share
                program["bytes_per_second"] += self._bytes(identity, identity in before) / step
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
            }
            for name in sorted(names, key=lambda name: -sums[name]["cpu_percent"])
        ]

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
