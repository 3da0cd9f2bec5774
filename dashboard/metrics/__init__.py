"""The machine's own figures, one module and one reader class per family.

`FAMILIES` has the ten readers in the contract's order. Everything that asks the system goes
through psutil or Linux's /proc, and only here.
"""

from collections.abc import Sequence

from dashboard.metrics.cpu import Cpu
from dashboard.metrics.disk import Disk
from dashboard.metrics.family import Family, Field
from dashboard.metrics.filesystem import Filesystem
from dashboard.metrics.load import Load
from dashboard.metrics.memory import Memory
from dashboard.metrics.network import Network
from dashboard.metrics.pressure import Pressure
from dashboard.metrics.processes import Processes
from dashboard.metrics.sensors import Sensors
from dashboard.metrics.system import System

FAMILIES: tuple[type[Family], ...] = (
    Cpu,
    Memory,
    Load,
    Disk,
    Filesystem,
    Network,
    Pressure,
    Processes,
    Sensors,
    System,
)

__all__ = ["FAMILIES", "Family", "Field", "families_of"]


def families_of(tags: Sequence[str], interval: float) -> tuple[type[Family], ...]:
    """The ten readers, of a machine with these tags that is sampled each `interval` seconds.

    It says both of itself, so that others need not know its settings.
    """
    told = type("ToldSystem", (System,), {"tags": tuple(tags), "interval": interval})
    return tuple(told if family is System else family for family in FAMILIES)
