"""Metrics of this machine, one module and one reader class per family.

`FAMILIES` has the ten reader classes in the contract's order. The system is asked here alone,
through psutil, Linux's /proc and /sys.
"""

from collections.abc import Sequence

from dashboard.metrics.cpu import Cpu
from dashboard.metrics.disk import Disk
from dashboard.metrics.family import ConfiguredFamily, Family, FamilyFactory, Field
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

__all__ = ["FAMILIES", "Family", "FamilyFactory", "Field", "family_factories"]


def family_factories(tags: Sequence[str], interval: float) -> tuple[FamilyFactory, ...]:
    """Return a factory of each reader, for a machine with these settings (interval in seconds).

    The family `system` sends both settings, as other machines can't know them.
    """
    system = ConfiguredFamily(System, {"tags": tuple(tags), "interval": interval})
    return tuple(system if family is System else family for family in FAMILIES)
