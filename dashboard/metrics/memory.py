"""Memory and swap.

`used` is what can't be had without taking it from a program: total minus available. So it leaves
out the page cache, which fills all memory on a healthy machine, and `used` + `available` is
always `total`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import psutil

from dashboard.metrics import procfs
from dashboard.metrics.family import Field
from dashboard.metrics.rates import percent


class Memory:
    """Memory and swap at this moment, in bytes."""

    name: ClassVar[str] = "memory"
    cadence: ClassVar[float] = 0
    fields: ClassVar[tuple[Field, ...]] = (
        Field("total", "bytes", "memory that the kernel manages", "/proc/meminfo MemTotal"),
        Field("used", "bytes", "total minus available", "computed"),
        Field(
            "available",
            "bytes",
            "what programs can still get without swapping, by the kernel's estimate",
            "/proc/meminfo MemAvailable",
        ),
        Field(
            "cached",
            "bytes",
            "files kept in memory, most of which is available",
            "/proc/meminfo Cached + SReclaimable",
        ),
        Field("percent", "%", "used of total", "computed"),
        Field("swap_total", "bytes", "swap space; 0 without", "/proc/meminfo SwapTotal"),
        Field("swap_used", "bytes", "swap in use", "/proc/meminfo SwapTotal − SwapFree"),
        Field("swap_percent", "%", "swap in use of its total; null without swap", "computed"),
    )

    def __init__(self, *, ps: Any = psutil) -> None:
        self.absent_reason: str | None = None
        self._ps = ps
        self._proc = procfs.root(ps)

    def read(self) -> dict[str, Any]:
        """The family's fields. Raises OSError when the system doesn't tell."""
        total, available, cached, swap_total, swap_used = self._figures()
        return {
            "total": total,
            "used": total - available,
            "available": available,
            "cached": cached,
            "percent": percent(total - available, total),
            "swap_total": swap_total,
            "swap_used": swap_used,
            "swap_percent": percent(swap_used, swap_total),
        }

    def _figures(self) -> tuple[int, int, int | None, int, int]:
        found = self._meminfo() if self._proc is not None else {}
        total = found.get(b"MemTotal", 0)
        available = found.get(b"MemAvailable", 0)
        # Some containers and old kernels have no estimate, or one that is more than everything;
        # psutil knows how `free` makes do.
        if not 0 < available <= total:
            memory, swap = self._ps.virtual_memory(), self._ps.swap_memory()
            cached = getattr(memory, "cached", None)
            return memory.total, memory.available, cached, swap.total, swap.used
        swap_total = found.get(b"SwapTotal", 0)
        return (
            total,
            available,
            found.get(b"Cached", 0) + found.get(b"SReclaimable", 0),
            swap_total,
            max(0, swap_total - found.get(b"SwapFree", 0)),
        )

    def _meminfo(self) -> dict[bytes, int]:
        """/proc/meminfo in bytes, as far as the lines that are wanted (proc_meminfo(5))."""
        found = {}
        for line in procfs.read(f"{self._proc}/meminfo").split(b"\n"):
            name, _, value = line.partition(b":")
            if name in _WANTED:
                found[name] = int(value.split()[0]) * 1024
                if len(found) == len(_WANTED):
                    break
        return found


_WANTED = frozenset(
    (b"MemTotal", b"MemAvailable", b"Cached", b"SReclaimable", b"SwapTotal", b"SwapFree")
)
