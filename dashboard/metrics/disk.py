"""Disk traffic.

Counted are whole disks, once: a partition's traffic is in its disk's counters already, and so is
that of what is built on disks (LVM and LUKS as dm-*, RAID as md*, bcache, DRBD, ZFS volumes, and
nvme0n1 beside its paths nvme0c0n1). Where only such are seen, as in some containers, they count.
Loop devices are files; RAM disks and zram are memory. Names tell all of this: a partition is called
like its disk plus a number, with a `p` between where the disk's own name ends in a digit.
"""

import re
from collections.abc import Collection
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.family import Family, Field
from dashboard.metrics.rates import Counters, Rates, named, percent, total
from dashboard.metrics.values import printable

_BUILT_ON_OTHERS = re.compile(r"(dm-|md|bcache|drbd|zd)\d|nvme\d+c\d+n\d")
_NO_DISK = re.compile(r"(loop|z?ram)\d")
_PARTITION = re.compile(r"(.*\d)p\d+|(.*\D)\d+")

_SECTOR = 512  # bytes, whatever the disk's own are


class Disk(Family):
    """Traffic since the last reading, of all disks together and of each."""

    name = "disk"
    fields = (
        Field("read_bytes_per_second", "bytes/s", "read from all disks"),
        Field("write_bytes_per_second", "bytes/s", "written to all disks", title="Disk written"),
        Field("reads_per_second", "1/s", "read requests done"),
        Field("writes_per_second", "1/s", "write requests done"),
        Field("busy_percent", "%", "the busiest disk's busy_percent"),
        Field("devices{}.read_bytes_per_second", "bytes/s", "read from this disk"),
        Field("devices{}.write_bytes_per_second", "bytes/s", "written to this disk"),
        Field("devices{}.reads_per_second", "1/s", "read requests done"),
        Field("devices{}.writes_per_second", "1/s", "write requests done"),
        Field("devices{}.busy_percent", "%", "time with a request outstanding"),
    )

    def __init__(self, **seams: Any) -> None:
        super().__init__(**seams)
        self._rates: Rates[str] = Rates(self._clock)
        self._rates.prime(self._counters)

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None on a machine without disks. Raises OSError."""
        counters = self._counters()
        rates = self._rates.update(counters)
        if not counters:
            self.absent_reason = "this machine shows no disks"
            return None
        self.absent_reason = None
        devices = {printable(name): _figures(rates.get(name)) for name in counters}
        sums = {
            key: total(device[key] for device in devices.values() if device[key] is not None)
            for key in _FIGURES
        }
        busy = [b for device in devices.values() if (b := device["busy_percent"]) is not None]
        return {**sums, "busy_percent": max(busy, default=None), "devices": devices}

    def _counters(self) -> dict[str, Counters]:
        """Return bytes and requests, read and written, and the ms busy, by whole disk."""
        if self._proc is not None:
            try:
                content = procfs.read(f"{self._proc}/diskstats")
            except FileNotFoundError:
                pass  # psutil knows another way
            else:
                lines = parse_diskstats(content)
                return {name: lines[name] for name in whole_disks(lines)}
        try:
            found = self._ps.disk_io_counters(perdisk=True, nowrap=False) or {}
        except NotImplementedError:
            return {}
        counters: dict[str, Counters] = {}
        for name in whole_disks(found):
            disk = found[name]
            four = (disk.read_bytes, disk.write_bytes, disk.read_count, disk.write_count)
            busy = getattr(disk, "busy_time", None)
            counters[name] = four if busy is None else (*four, busy)
        return counters


_FIGURES = (
    "read_bytes_per_second",
    "write_bytes_per_second",
    "reads_per_second",
    "writes_per_second",
)


def _figures(rates: Counters | None) -> dict[str, Any]:
    busy = percent(rates[4], 1000) if rates is not None and len(rates) > 4 else None
    return {**named(_FIGURES, rates), "busy_percent": busy}


def parse_diskstats(content: bytes) -> dict[str, Counters]:
    """Return the counters in /proc/diskstats by name (Documentation/admin-guide/iostats.rst).

    Kernels add columns, so there may be more than are known. Lines without the first 14 are passed
    over.
    """
    found: dict[str, Counters] = {}
    for line in content.split(b"\n"):
        words = line.split()
        try:
            reads, _, read, _, writes, _, written, _, _, busy, _ = map(int, words[3:14])
        except ValueError:
            continue
        name = words[2].decode("utf-8", "surrogateescape")
        found[name] = (read * _SECTOR, written * _SECTOR, reads, writes, busy)
    return found


def whole_disks(names: Collection[str]) -> list[str]:
    """Return those of `names` that are disks of their own, or else what is built on disks."""
    disks = [name for name in names if not _NO_DISK.match(name) and _parent(name) not in names]
    return [name for name in disks if not _BUILT_ON_OTHERS.match(name)] or disks


def _parent(name: str) -> str | None:
    """Return the name that the disk would have if `name` were a partition."""
    match = _PARTITION.fullmatch(name)
    return (match[1] or match[2]) if match else None
