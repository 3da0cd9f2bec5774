"""CPU time, as shares of what passed between two readings.

Each core counts ticks in kinds (proc_stat(5)); a kind's share is its increase over the increase
of all. The machine's figures are the cores' increases added up, rather than the `cpu` line, so
that a core that comes or goes can't put the ticks of its whole life into one second. Guests' time
is in `user` already. Idle and iowait ticks are known to step back a little, which counts as
standing still.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar

import psutil

from dashboard.metrics import procfs
from dashboard.metrics.family import Clock, Field
from dashboard.metrics.rates import Counters, Rates, percent

# The order of the kinds in a core's counters, which is that of /proc/stat.
USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL = range(8)

FREQUENCY_SECONDS = 5.0


class Cpu:
    """Shares of CPU time since the last reading, for all cores together and for each."""

    name: ClassVar[str] = "cpu"
    cadence: ClassVar[float] = 0
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "percent", "%", "time in use: user + system + steal, of all cores", "sum of the cores"
        ),
        Field("user", "%", "programs, niced ones and guests included", "/proc/stat user + nice"),
        Field(
            "system", "%", "the kernel, interrupts included", "/proc/stat system + irq + softirq"
        ),
        Field("iowait", "%", "idle, with a disk request outstanding", "/proc/stat iowait"),
        Field("steal", "%", "taken by the hypervisor for other machines", "/proc/stat steal"),
        Field(
            "cores[]",
            "%",
            "time in use of each core; its place in the list is its number; null while offline",
            "/proc/stat cpuN",
        ),
        Field(
            "frequency_mhz", "MHz", "mean clock of the cores, at most 5 s old", "psutil.cpu_freq"
        ),
    )

    def __init__(self, *, ps: Any = psutil, clock: Clock = time.monotonic) -> None:
        self.absent_reason: str | None = None
        self._ps = ps
        self._clock = clock
        self._proc = procfs.root(ps)
        # A second of ticks: far over what idle and iowait step back, far under a core's life.
        self._rates: Rates[int] = Rates(clock, jitter=100 if self._proc else 1)
        self._frequency: float | None = None
        self._frequency_due: float | None = None
        self._rates.prime(self._counters)

    def read(self) -> dict[str, Any]:
        """The family's fields. Raises OSError when the counters can't be read."""
        counters = self._counters()
        cores = self._rates.update(counters)
        busy: list[float | None] = [None] * (max(counters, default=-1) + 1)
        for number, rates in cores.items():
            busy[number] = percent(_busy(rates), sum(rates))
        # Starts with zeros so that a reading without rates has sums too: of nothing, hence null.
        kinds = [sum(kind) for kind in zip((0.0,) * 8, *cores.values(), strict=True)]
        whole = sum(kinds)
        linux = self._proc is not None
        return {
            "percent": percent(_busy(kinds), whole),
            "user": percent(kinds[USER] + kinds[NICE], whole),
            "system": percent(kinds[SYSTEM] + kinds[IRQ] + kinds[SOFTIRQ], whole),
            "iowait": percent(kinds[IOWAIT], whole) if linux else None,
            "steal": percent(kinds[STEAL], whole) if linux else None,
            "cores": busy,
            "frequency_mhz": self._mhz(),
        }

    def _counters(self) -> dict[int, Counters]:
        """Ticks (elsewhere than on Linux: seconds) by kind, per core number."""
        if self._proc is None:
            return {
                number: (
                    times.user,
                    getattr(times, "nice", 0.0),
                    times.system,
                    times.idle,
                    0.0,
                    getattr(times, "irq", getattr(times, "interrupt", 0.0)),
                    0.0,
                    0.0,
                )
                for number, times in enumerate(self._ps.cpu_times(percpu=True))
            }
        # psutil drops the cores' numbers, and so takes one core for another when one goes offline.
        counters: dict[int, Counters] = {}
        for line in procfs.read(f"{self._proc}/stat").split(b"\n"):
            if not line.startswith(b"cpu"):
                break
            core, *ticks = line.split(None, 9)
            if core != b"cpu":
                kinds = [int(tick) for tick in ticks[:8]]
                counters[int(core[3:])] = (*kinds, *(0,) * (8 - len(kinds)))
        return counters

    def _mhz(self) -> float | None:
        """The clock's rate. Asking wakes every core on some machines, so it is asked seldom."""
        now = self._clock()
        due = self._frequency_due
        if due is not None and due - FREQUENCY_SECONDS * 1000 <= now < due:
            return self._frequency
        try:
            answer = self._ps.cpu_freq()
            mhz = answer.current if answer is not None else 0
        except (AttributeError, NotImplementedError, OSError, RuntimeError, ValueError):
            mhz = 0
        self._frequency = round(mhz) if 0 < mhz < 100_000 else None
        # However slow it is, it may have a thousandth of the time.
        self._frequency_due = now + max(FREQUENCY_SECONDS, 1000 * (self._clock() - now))
        return self._frequency


def _busy(kinds: Iterable[float]) -> float:
    kinds = tuple(kinds)
    return sum(kinds) - kinds[IDLE] - kinds[IOWAIT]
