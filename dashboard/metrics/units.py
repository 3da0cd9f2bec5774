"""Units: what runs on the machine, by control groups (cgroup v2): services, containers, slices.

A group says what all of its processes use together, so nothing is lost between readings and no
process is looked at; names are those of the groups. Arguments and environments are never read.

CPU time is read of every unit; memory of those that were shown before, and of a quarter of the
others in turn; the rest only of those that are shown. Files that are read again stay open. So
hundreds of units take a few milliseconds.
"""

import os
from collections.abc import Iterator
from heapq import nlargest
from pathlib import Path
from typing import Any, NamedTuple

from dashboard.metrics import cgroups
from dashboard.metrics.cgroups import GroupFiles, group_file, links, moved_bytes, number, waiting
from dashboard.metrics.family import Family, Field
from dashboard.metrics.rates import Rates, named, percent
from dashboard.metrics.unit_managers import UnitStates, container_names, unit_states
from dashboard.metrics.values import byte_count

TOP = 20
_TURNS = 4
_DEEPEST, _MOST = 8, 5000  # levels below the root, and groups that are looked at
_LOOK_SECONDS, _STATES_SECONDS, _NAMES_SECONDS = 60.0, 15.0, 30.0

_FIGURES = (
    Field("name", "", "its name; of a container whose runtime can't be asked a short id"),
    Field("cpu_percent", "% of one core", "CPU time since the last reading"),
    Field("memory_bytes", "bytes", "memory in use, cached files included"),
    Field("processes", "processes", "with threads; null where not counted"),
    Field("pressure", "%", "time in which a task waited for CPU, memory or disk"),
)
_OF_TOP = (
    *_FIGURES,
    Field("kind", "", "`service`, `container` or `scope`"),
    Field("memory_limit", "bytes", "what it may use; null without a limit"),
    Field("memory_percent", "%", "of the limit; null without"),
    Field("read_bytes_per_second", "bytes/s", "read from disks"),
    Field("write_bytes_per_second", "bytes/s", "written to disks"),
    Field("state", "", "as systemd says, such as `failed`; null where it can't be asked"),
    Field("restarts", "count", "of a service, by systemd; null where it can't be asked"),
)


def _listed(rows: str, fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield Field(f"{rows}[].{field.name}", field.unit, field.meaning)


class _Unit(NamedTuple):
    path: str
    name: str
    kind: str


class Units(Family):
    """Use of CPU, memory and disks by service and container."""

    name = "units"
    cadence = 5.0
    fields = (
        Field("count", "count", "services, containers and scopes"),
        Field("failed", "count", "units of systemd that failed; null where it can't be asked"),
        *_listed("top", _OF_TOP),
        *_listed("slices", _FIGURES),
    )

    def __init__(self, *, root: Path = Path("/"), **seams: Any) -> None:
        """Sockets of systemd and of runtimes are below `root`."""
        super().__init__(**seams)
        self._groups = str(self._sysfs / "fs/cgroup") if self._proc else None
        self._root = root
        self._files = GroupFiles()
        self._units: list[_Unit] = []
        self._slices: list[_Unit] = []
        self._above: dict[str, int] = {}  # groups that have units in them, and their links
        self._looked_at = self._asked_at = self._named_at = float("-inf")
        self._states: UnitStates | None = None
        self._names: dict[str, str] = {}
        self._shown: list[_Unit] = []
        self._memory: dict[str, float] = {}
        self._turn = self._found = 0
        self._cpu: Rates[str] = Rates(self._clock)
        self._io: Rates[str] = Rates(self._clock)
        self._cpu.prime(self._cpu_time)

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None on a machine without cgroup v2, or without units."""
        rates = self._cpu.update(self._cpu_time())
        shares = {path: round(100 * rate[0], 1) for path, rate in rates.items()}
        if not self._units:
            self.absent_reason = "only Linux with cgroup v2 tells what services and containers use"
            return None
        self.absent_reason = None
        self._turn = (self._turn + 1) % _TURNS
        self._read_memory([*self._units[self._turn :: _TURNS], *self._slices, *self._shown])

        def by_use(unit: _Unit) -> tuple[float, float]:
            return shares.get(unit.path, 0.0), self._memory.get(unit.path, 0.0)

        top = nlargest(TOP, self._units, key=by_use)
        self._ask([unit.name for unit in top if unit.kind == "service"])
        dead = self._states.failed if self._states else ()
        here = {unit.name: unit for unit in self._units}
        first = [here.get(name) or _Unit("", name, name.rpartition(".")[2]) for name in dead]
        rows = [*first, *(unit for unit in top if unit.name not in dead)][:TOP]
        self._shown = [unit for unit in rows if unit.path]
        disks = {unit.path: self._content(unit, "io.stat") for unit in self._shown}
        moved = self._io.update({path: moved_bytes(said) for path, said in disks.items()})
        return {
            "count": len(self._units),
            "failed": len(dead) if self._states else None,
            "top": [self._row(unit, shares.get(unit.path), moved.get(unit.path)) for unit in rows],
            "slices": [self._figures(unit, shares.get(unit.path)) for unit in self._slices],
        }

    def _cpu_time(self) -> dict[str, tuple[float]]:
        """Return seconds by group; look for groups anew where some came or went."""
        found = self._seconds()
        is_old = self._clock() - self._looked_at >= _LOOK_SECONDS or len(found) < self._found
        if is_old or any(links(each) != n for each, n in self._above.items()):
            self._looked_at = self._clock()
            self._files.close_unread()
            self._units, self._slices, self._above = [], [], {}
            self._shown, self._memory = [], {}
            if self._groups is not None and group_file(f"{self._groups}/cgroup.controllers"):
                self._walk(self._groups, 0)
            self._read_memory([*self._units, *self._slices])
            found = self._seconds()
            self._found = len(found)
        return found

    def _seconds(self) -> dict[str, tuple[float]]:
        found = {}
        for unit in (*self._units, *self._slices):
            content = self._content(unit, "cpu.stat")
            if content.startswith(b"usage_usec "):
                found[unit.path] = (int(content[11 : content.find(b"\n")]) / 1e6,)
        return found

    def _walk(self, folder: str, depth: int) -> None:
        try:
            with os.scandir(folder) as entries:
                inner = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
        except OSError:
            return
        self._above[folder] = links(folder)
        for name in sorted(inner):
            path = f"{folder}/{name}"
            if unit := cgroups.unit_name(name):
                if len(self._units) < _MOST:
                    self._units.append(_Unit(path, *unit))
            elif depth < _DEEPEST and len(self._above) < _MOST:
                if name.endswith(".slice") and not depth:
                    self._slices.append(_Unit(path, cgroups.group_text(name), "slice"))
                self._walk(path, depth + 1)

    def _content(self, unit: _Unit, name: str) -> bytes:
        return self._files.content(f"{unit.path}/{name}")

    def _read_memory(self, due: list[_Unit]) -> None:
        for unit in due:
            self._memory.pop(unit.path, None)
            if (value := number(self._content(unit, "memory.current"))) is not None:
                self._memory[unit.path] = value

    def _ask(self, services: list[str]) -> None:
        """Ask systemd for states, and runtimes for names, now and then."""
        now = self._clock()
        if now - self._asked_at >= _STATES_SECONDS:
            self._asked_at, self._states = now, unit_states(services, self._root)
        unnamed = any(u.kind == "container" and u.name not in self._names for u in self._units)
        if unnamed and now - self._named_at >= _NAMES_SECONDS:
            self._named_at, self._names = now, container_names(self._root)

    def _figures(self, unit: _Unit, share: float | None) -> dict[str, Any]:
        pressures = ("cpu.pressure", "memory.pressure", "io.pressure")
        waits = [waiting(self._content(unit, name)) for name in pressures]
        name = unit.name
        if unit.kind == "container":
            name = self._names.get(name, cgroups.short_name(name))
        return {
            "name": name,
            "cpu_percent": share,
            "memory_bytes": byte_count(self._memory.get(unit.path)),
            "processes": number(self._content(unit, "pids.current")),
            "pressure": max((wait for wait in waits if wait is not None), default=None),
        }

    def _row(
        self, unit: _Unit, share: float | None, moved: tuple[float, ...] | None
    ) -> dict[str, Any]:
        limit, memory = number(self._content(unit, "memory.max")), self._memory.get(unit.path)
        said = self._states if unit.kind != "container" else None
        return self._figures(unit, share) | {
            "kind": unit.kind,
            "memory_limit": byte_count(limit),
            "memory_percent": percent(memory, limit) if limit and memory is not None else None,
            **named(("read_bytes_per_second", "write_bytes_per_second"), moved),
            "state": said.states.get(unit.name, "active") if said else None,
            "restarts": said.restarts.get(unit.name) if said else None,
        }
