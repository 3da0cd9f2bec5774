"""Pressure: the share of time in which work stood still for want of a CPU, of memory or of a disk.

`some` is the time in which at least one task waited, `full` the time in which all of them did.
The kernel averages them itself (Documentation/accounting/psi.rst); these are its averages over 10
seconds.
"""

from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.family import Family, Field


class Pressure(Family):
    """The kernel's ten-second averages of stalled time."""

    name = "pressure"
    fields = (
        Field("cpu_some", "%", "time in which some task waited for a CPU", title="CPU pressure"),
        Field("io_some", "%", "time in which some task waited for a disk"),
        Field("io_full", "%", "time in which all tasks waited for a disk"),
        Field("memory_some", "%", "time in which some task waited for memory"),
        Field("memory_full", "%", "time in which all tasks waited for memory"),
    )

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None where the kernel keeps no such account."""
        if self._proc is None:
            self.absent_reason = "only Linux measures pressure (PSI)"
            return None
        cpu, io, memory = (self._averages(kind) for kind in ("cpu", "io", "memory"))
        if not (cpu or io or memory):
            self.absent_reason = (
                "this kernel does not measure pressure (PSI is off; boot with psi=1)"
            )
            return None
        self.absent_reason = None
        return {
            "cpu_some": cpu.get(b"some"),
            "io_some": io.get(b"some"),
            "io_full": io.get(b"full"),
            "memory_some": memory.get(b"some"),
            "memory_full": memory.get(b"full"),
        }

    def _averages(self, kind: str) -> dict[bytes, float]:
        try:
            content = procfs.read(f"{self._proc}/pressure/{kind}")
        except OSError:  # no such file, or with psi=0 "operation not supported" on reading
            return {}
        averages = {}
        for line in content.splitlines():
            words = line.split(None, 2)
            try:
                average = float(words[1].removeprefix(b"avg10="))
            except (IndexError, ValueError):
                continue
            if 0 <= average < 101:  # rounding may go a little beyond
                averages[words[0]] = min(100.0, average)
        return averages
