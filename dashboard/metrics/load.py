"""Load averages, beside the number of CPUs that they are to be compared with."""

from typing import Any

from dashboard.metrics.family import Family, Field


class Load(Family):
    """The mean number of processes that ran or waited (on Linux also for a disk)."""

    name = "load"
    fields = (
        Field("load1", "processes", "mean over about 1 minute", title="Load", decimals=2),
        Field("load5", "processes", "mean over about 5 minutes", "Load (5 min)", 2),
        Field("load15", "processes", "mean over about 15 minutes", "Load (15 min)", 2),
        Field("cpus", "CPUs", "logical CPUs: the load at which all are busy"),
    )

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None where the system keeps no load average."""
        try:
            load1, load5, load15 = (round(load, 2) for load in self._ps.getloadavg())
        except OSError:
            self.absent_reason = "this system keeps no load average"
            return None
        self.absent_reason = None
        return {"load1": load1, "load5": load5, "load15": load15, "cpus": self._ps.cpu_count()}
