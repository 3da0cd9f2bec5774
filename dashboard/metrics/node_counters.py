"""What the kernel counts of this machine, under the names that node_exporter has for it.

Samples are rates and shares of a second; who scrapes each quarter of a minute and makes rates of
its own needs the counters themselves, which miss no peak.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import psutil

from dashboard.metrics import procfs
from dashboard.metrics.disk import parse_diskstats, whole_disks
from dashboard.metrics.filesystem import Filesystem
from dashboard.metrics.network import parse_net_dev
from dashboard.metrics.values import printable

_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_MEMORY = ("MemFree", "Cached", "Buffers", "SReclaimable", "SwapFree")
_PRESSURE = (
    ("cpu", "some", "cpu_waiting", "some task waited for a CPU"),
    ("io", "some", "io_waiting", "some task waited for a disk"),
    ("io", "full", "io_stalled", "all tasks waited for a disk"),
    ("memory", "some", "memory_waiting", "some task waited for memory"),
    ("memory", "full", "memory_stalled", "all tasks waited for memory"),
    ("irq", "full", "irq_stalled", "all tasks waited for interrupts"),
)
Labels = dict[str, str]


class Counted(NamedTuple):
    """A metric: a counter where its name ends in `_total`, else a gauge."""

    name: str
    meaning: str
    samples: list[tuple[Labels, float]]


class NodeCounters:
    """Reads them; for one thread at a time, which a dead mount holds up for two seconds."""

    def __init__(self, *, ps: Any = psutil, wall_clock: Callable[[], float] = time.time) -> None:
        self._proc = procfs.root(ps)
        self._wall_clock = wall_clock
        self._filesystem = Filesystem(ps=ps)

    def read(self) -> list[Counted]:
        """Return what this system has of them."""
        system = (self._machine, self._cpu, self._memory, self._network)
        disks = (self._disks, self._pressure, self._filesystems)
        return [counted for part in (*system, *disks) for counted in self._of(part)]

    def _of(self, part: Callable[[], Iterator[Counted]]) -> list[Counted]:
        try:
            return [each for each in part() if each.samples]
        except (OSError, ValueError, RuntimeError):
            return []

    def _text(self, file: str) -> str:
        if self._proc is None:
            raise FileNotFoundError(file)
        return procfs.read(f"{self._proc}/{file}").decode("ascii", "replace")

    def _machine(self) -> Iterator[Counted]:
        names = os.uname()
        parts = ("machine", "nodename", "release", "sysname", "version")
        domain = procfs.read_text(f"{self._proc}/sys/kernel/domainname") or "(none)"
        labels = {"domainname": domain, **{part: getattr(names, part) for part in parts}}
        yield Counted("node_uname_info", "What uname(2) says.", [(labels, 1.0)])
        yield Counted("node_time_seconds", "The machine's clock.", [({}, self._wall_clock())])

    def _cpu(self) -> Iterator[Counted]:
        samples: list[tuple[Labels, float]] = []
        for line in self._text("stat").split("\n"):
            name, *ticks = line.split()[: len(_MODES) + 1] or [""]
            if name.startswith("cpu") and name != "cpu":
                for mode, count in zip(_MODES, ticks, strict=False):
                    labels = {"cpu": name[3:], "mode": mode}
                    samples.append((labels, int(count) / procfs.TICKS))
        yield Counted("node_cpu_seconds_total", "Seconds that CPUs spent in each mode.", samples)

    def _memory(self) -> Iterator[Counted]:
        lines = (line.partition(":") for line in self._text("meminfo").split("\n"))
        sizes = {name: rest.split()[0] for name, colon, rest in lines if colon and rest.split()}
        for name in _MEMORY:
            if name in sizes:
                size = int(sizes[name]) * 1024.0
                meaning = f"{name} of /proc/meminfo."
                yield Counted(f"node_memory_{name}_bytes", meaning, [({}, size)])

    def _network(self) -> Iterator[Counted]:
        devices = parse_net_dev(self._text("net/dev").encode())
        for place, way, meaning in ((0, "receive", "received"), (1, "transmit", "sent")):
            samples: list[tuple[Labels, float]] = [
                ({"device": printable(name)}, counts[place]) for name, counts in devices.items()
            ]
            about = f"Bytes {meaning} by each device."
            yield Counted(f"node_network_{way}_bytes_total", about, samples)

    def _disks(self) -> Iterator[Counted]:
        disks = parse_diskstats(self._text("diskstats").encode())
        for place, way in enumerate(("read", "written")):
            yield Counted(
                f"node_disk_{way}_bytes_total",
                f"Bytes {way} by whole disks.",
                [({"device": printable(disk)}, disks[disk][place]) for disk in whole_disks(disks)],
            )

    def _pressure(self) -> Iterator[Counted]:
        for file, kind, name, meaning in _PRESSURE:
            samples: list[tuple[Labels, float]] = []
            for line in (procfs.read_text(f"{self._proc}/pressure/{file}") or "").split("\n"):
                words = line.split()
                if words[:1] == [kind] and words[-1].startswith("total="):
                    samples.append(({}, int(words[-1].removeprefix("total=")) / 1e6))
            yield Counted(f"node_pressure_{name}_seconds_total", f"Seconds: {meaning}.", samples)

    def _filesystems(self) -> Iterator[Counted]:
        avail, free = [], []
        for mount in self._filesystem.measure():
            labels, used = {"mountpoint": mount["mountpoint"]}, mount["used"]
            if used is not None and mount["available"] is not None:
                avail.append((labels, mount["available"]))
                free.append((labels, mount["total"] - used))
        yield Counted("node_filesystem_avail_bytes", "Bytes that users can have.", avail)
        yield Counted("node_filesystem_free_bytes", "Bytes that are free.", free)
