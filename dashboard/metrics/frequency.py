"""The clock of the cores, asked seldom: reading it wakes every core on some machines."""

from pathlib import Path
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.container import SYSFS
from dashboard.metrics.family import Clock

FREQUENCY_SECONDS = 5.0


class Frequency:
    """The mean clock of the cores that are online, at most FREQUENCY_SECONDS old."""

    def __init__(self, ps: Any, clock: Clock, sysfs: Path = SYSFS) -> None:
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
