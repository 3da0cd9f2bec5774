"""CPU time, as shares of what passed between two readings, and the clock of the cores.

Each core counts ticks in kinds (proc_stat(5)); a kind's share is its increase over the increase
of all. The machine's figures are the cores' increases added up, rather than the `cpu` line, so
that a core that comes or goes can't put the ticks of its whole life into one second. Guests' time
is in `user` already.

Some counters lie, and then there is no figure rather than a wrong one. Idle and iowait step back a
little, which counts as standing still. Steal that steps back is null. A core's ticks have to add up
to the time that went by: where they don't (idle that stands still, a core that leapt), the core is
null and the sums are of the others.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from dashboard.metrics import procfs
from dashboard.metrics.container import cpu_limit
from dashboard.metrics.family import Clock, Family, Field
from dashboard.metrics.rates import Counters, Rates, percent

# The order of the kinds in a core's counters, which is that of /proc/stat.
USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL = range(8)

MAX_CORES = 1 << 16
# Ticks per second of a core, between what share of them and what multiple is believed. A machine
# under another loses some; one whose idle stood still has to show where the time went instead.
_LEAST, _LEAST_BUSY, _MOST = 0.5, 0.7, 2.0
_SLACK = 0.03  # seconds by which two readings may be off: three ticks
FREQUENCY_SECONDS = 5.0


class Asked(NamedTuple):
    """When a reading of the counters began and ended."""

    before: float
    after: float


class Cpu(Family):
    """Shares of CPU time since the last reading, for all cores together and for each."""

    name = "cpu"
    fields = (
        Field("percent", "%", "time in use: user + system + steal, of all cores", title="CPU"),
        Field("user", "%", "programs, niced ones and guests included"),
        Field("system", "%", "the kernel, interrupts included"),
        Field("iowait", "%", "idle, with a disk request outstanding"),
        Field(
            "steal", "%", "taken by the hypervisor for other machines; null where its counter fell"
        ),
        Field(
            "cores[]",
            "%",
            "time in use of each core; its place in the list is its number; null while offline",
            title="Core",
        ),
        Field("frequency_mhz", "MHz", "mean clock of the cores that are online, at most 5 s old"),
        Field(
            "limit",
            "CPUs",
            "how many CPUs' time a container may use, where that is less than all; null without",
        ),
    )

    def __init__(self, **seams: Any) -> None:
        super().__init__(**seams)
        self._hertz = procfs.TICKS if self._proc else 1
        # A second of ticks: far over what idle and iowait step back, far under a core's life.
        self._rates: Rates[int] = Rates(self._clock, jitter=self._hertz)
        self._frequency = Frequency(self._ps, self._clock, self._sysfs)
        before = self._clock()
        self._rates.prime(self._counters)
        self._asked = Asked(before, before if self._rates.time is None else self._rates.time)

    def read(self) -> dict[str, Any]:
        """Return the family's fields. Raises OSError when the counters can't be read."""
        before = self._clock()
        counters = self._counters()
        found = self._rates.update(counters)
        earlier = self._asked
        if self._rates.time is not None and self._rates.time >= before:
            self._asked = Asked(before, self._rates.time)
        steal_fell = any(rates[STEAL] < 0 for rates in found.values())
        cores = {
            number: tuple(max(0.0, rate) for rate in rates)
            for number, rates in found.items()
            if self._adds_up(rates, earlier, self._asked)
        }
        busy: list[float | None] = [None] * (max(counters, default=-1) + 1)
        for number, rates in cores.items():
            busy[number] = percent(_busy(rates), sum(rates))
        limit = cpu_limit(self._sysfs) if self._proc is not None else None
        # Starts with zeros so that a reading without rates has sums too: of nothing, hence null.
        kinds = [sum(kind) for kind in zip((0.0,) * 8, *cores.values(), strict=True)]
        whole = sum(kinds)
        linux = self._proc is not None
        return {
            "percent": percent(_busy(kinds), whole),
            "user": percent(kinds[USER] + kinds[NICE], whole),
            "system": percent(kinds[SYSTEM] + kinds[IRQ] + kinds[SOFTIRQ], whole),
            "iowait": percent(kinds[IOWAIT], whole) if linux else None,
            "steal": percent(kinds[STEAL], whole) if linux and not steal_fell else None,
            "cores": busy,
            "frequency_mhz": self._frequency.read(),
            "limit": limit if limit is not None and limit < len(counters) else None,
        }

    def _adds_up(self, rates: Counters, earlier: Asked, asked: Asked) -> bool:
        """Return whether a core's ticks are those of the time between two readings.

        That is known within bounds: this process may have stood still beside a reading.
        """
        step = asked.after - earlier.after  # what `rates` are over
        ticks = sum(max(0.0, rate) for rate in rates) * step / self._hertz
        shortest, longest = asked.before - earlier.after, asked.after - earlier.before
        least = _LEAST if rates[IDLE] + rates[IOWAIT] > 0 else _LEAST_BUSY
        return least * shortest - _SLACK <= ticks <= _MOST * longest + _SLACK

    def _counters(self) -> dict[int, Counters]:
        """Return ticks (elsewhere than on Linux: seconds) by kind, by core number."""
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
            try:
                number, kinds = int(core[3:] or -1), [int(tick) for tick in ticks[:8]]
            except ValueError:
                continue
            if 0 <= number < MAX_CORES and len(kinds) > IDLE:
                counters[number] = (*kinds, *(0,) * (8 - len(kinds)))
        return counters


def _busy(kinds: Iterable[float]) -> float:
    kinds = tuple(kinds)
    return sum(kinds) - kinds[IDLE] - kinds[IOWAIT]


class Frequency:
    """The mean clock of the cores that are online, at most FREQUENCY_SECONDS old.

    It is asked seldom: reading it wakes every core on some machines.
    """

    def __init__(self, ps: Any, clock: Clock, sysfs: Path) -> None:
        self._ps = ps
        self._clock = clock
        self._cpus = sysfs / "devices" / "system" / "cpu" if procfs.root(ps) else None
        self._mhz: float | None = None
        self._due: float | None = None

    def read(self) -> float | None:
        """Return MHz; None where the system doesn't say."""
        now = self._clock()
        if self._due is not None and self._due - FREQUENCY_SECONDS * 1000 <= now < self._due:
            return self._mhz
        mhz = self._from_policies() or self._from_psutil()
        self._mhz = round(mhz) if 0 < mhz < 100_000 else None
        # However slow it is, it may have a thousandth of the time.
        self._due = now + max(FREQUENCY_SECONDS, 1000 * (self._clock() - now))
        return self._mhz

    def _from_policies(self) -> float:
        """Return the mean over the cores of all cpufreq policies; 0 where none has a clock.

        A policy whose cores are offline has none.
        """
        clocks: list[float] = []
        for policy in self._cpus.glob("cpufreq/policy*") if self._cpus else ():
            khz = procfs.read_number(str(policy / "scaling_cur_freq"))
            if khz is None:
                khz = procfs.read_number(str(policy / "cpuinfo_cur_freq"))
            cores = len((procfs.read_text(str(policy / "affected_cpus")) or "0").split())
            if khz is not None and 0 < khz < 1e8:
                clocks += [khz / 1000] * cores
        return sum(clocks) / len(clocks) if clocks else 0

    def _from_psutil(self) -> float:
        try:
            answer = self._ps.cpu_freq()
        except (AttributeError, NotImplementedError, OSError, RuntimeError, ValueError):
            return 0
        return answer.current if answer is not None else 0
