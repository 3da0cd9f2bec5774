"""Memory and swap.

`used` is what can't be had without taking it from a program: total minus available. So it leaves
out the page cache and ZFS's (ARC), which fill all memory on a healthy machine, and `used` +
`available` is always `total`. So is `used` + `reclaimable` + `free`, but not with `cached`, which
counts shared memory that is in `used`, too.
"""

from collections.abc import Callable
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.container import MACHINE, memory_limit, whose_system
from dashboard.metrics.family import Family, Field
from dashboard.metrics.rates import percent
from dashboard.metrics.values import byte_count


class Memory(Family):
    """Memory and swap at this moment, in bytes."""

    name = "memory"
    fields = (
        Field("total", "bytes", "memory that the kernel manages"),
        Field("used", "bytes", "total minus available"),
        Field(
            "available",
            "bytes",
            "what programs can still get without swapping, by the kernel's estimate",
        ),
        Field("cached", "bytes", "files kept in memory, most of which is available"),
        Field(
            "reclaimable",
            "bytes",
            "cache that programs can have: available minus free",
            title="Memory cache",
        ),
        Field("free", "bytes", "available that holds nothing"),
        Field("percent", "%", "used of total", title="Memory"),
        Field("swap_total", "bytes", "swap space; 0 without"),
        Field("swap_used", "bytes", "swap in use"),
        Field("swap_percent", "%", "swap in use of its total; null without swap", title="Swap"),
        Field(
            "limit",
            "bytes",
            "what a container may use, where that is less than total; null without",
        ),
        Field(
            "limit_used",
            "bytes",
            "what it uses of that, without files that can be dropped; null without a limit",
        ),
    )

    def __init__(self, *, system: Callable[[str | None], str] = whose_system, **seams: Any) -> None:
        """`system` tells a machine from a container by the path of /proc."""
        super().__init__(**seams)
        # In a container ARC is the machine's, and the rest may be the container's.
        self._has_arc = self._proc is not None and system(self._proc) == MACHINE

    def read(self) -> dict[str, Any]:
        """Return the family's fields. Raises OSError when the system doesn't tell."""
        linux = self._proc is not None
        total, available, cached, free, swap_total, swap_used = self._figures()
        limit, limit_used = memory_limit(self._sysfs) if linux else (None, None)
        if limit is not None and total is not None and limit >= total:
            limit = limit_used = None
        used = None if total is None or available is None else total - available
        if free is not None and available is not None:
            free = min(free, available)
        return {
            "total": total,
            "used": used,
            "available": available,
            "cached": cached,
            "reclaimable": None if free is None or available is None else available - free,
            "free": free,
            "percent": None if used is None or total is None else percent(used, total),
            "swap_total": swap_total,
            "swap_used": swap_used,
            "swap_percent": None
            if swap_used is None or swap_total is None
            else percent(swap_used, swap_total),
            "limit": limit,
            "limit_used": limit_used,
        }

    def _figures(self) -> tuple[float | None, ...]:
        """Return total, available, cached, free, swap's total and swap in use, in bytes."""
        found = self._meminfo() if self._proc is not None else {}
        total, available = found.get(b"MemTotal"), found.get(b"MemAvailable")
        if total is None or available is None or not 0 < available <= total:
            # Some containers and old kernels have no estimate, or one that is more than everything;
            # psutil knows how `free` makes do.
            memory, swap = self._ps.virtual_memory(), self._ps.swap_memory()
            total, available = byte_count(memory.total), byte_count(memory.available)
            cached = byte_count(getattr(memory, "cached", None))
            free = byte_count(getattr(memory, "free", None))
            swap_total, swap_used = byte_count(swap.total), byte_count(max(0, swap.used))
        else:
            cached = found.get(b"Cached")
            cached = None if cached is None else cached + found.get(b"SReclaimable", 0)
            free = found.get(b"MemFree")
            swap_total, swap_free = found.get(b"SwapTotal"), found.get(b"SwapFree")
            swap_used = None
            if swap_total is not None and swap_free is not None:
                swap_used = max(0, swap_total - swap_free)
        if total is not None and available is not None:
            available = min(total, max(0, available) + (self._arc() if self._has_arc else 0))
        return total, available, cached, free, swap_total, swap_used

    def _arc(self) -> int:
        """Return the bytes of ZFS's cache that it gives back when they are needed.

        It is no page cache, so the kernel's estimate leaves it out.
        """
        stats = {}
        try:
            content = procfs.read(f"{self._proc}/spl/kstat/zfs/arcstats")
        except OSError:
            return 0
        for line in content.split(b"\n"):
            name, _, value = line.partition(b" ")
            words = value.split()
            if name in {b"size", b"c_min"} and words and words[-1].isdigit():
                stats[name] = int(words[-1])
        return max(0, stats[b"size"] - stats[b"c_min"]) if len(stats) == 2 else 0

    def _meminfo(self) -> dict[bytes, float]:
        """Return /proc/meminfo in bytes, as far as the lines that are wanted (proc_meminfo(5))."""
        found: dict[bytes, float] = {}
        for line in procfs.read(f"{self._proc}/meminfo").split(b"\n"):
            name, _, value = line.partition(b":")
            if name in _WANTED:
                try:
                    size = byte_count(int(value.split()[0]) * 1024)
                except (IndexError, ValueError):
                    continue
                if size is not None:
                    found[name] = size
                if len(found) == len(_WANTED):
                    break
        return found


_WANTED = frozenset(b"MemTotal MemFree MemAvailable Cached SReclaimable SwapTotal SwapFree".split())
