"""Metrics of this machine, one module and one reader class per family.

`FAMILIES` has the reader classes, found in the modules of this package. The system is asked here
alone, through psutil, Linux's /proc and /sys.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import psutil

from dashboard.metrics.family import Family, FamilyFactory, Field, Reader, Source
from dashboard.metrics.system import System
from dashboard.metrics.traffic import Traffic
from dashboard.settings import Settings

for module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(module.name)

FAMILIES = tuple(sorted(Family.__subclasses__(), key=lambda family: family.name))

__all__ = [
    "FAMILIES",
    "Family",
    "FamilyFactory",
    "Field",
    "Reader",
    "family_factories",
    "with_traffic",
]


def family_factories(
    tags: Sequence[str], interval: float, proc: str | None = None
) -> tuple[FamilyFactory, ...]:
    """Return a factory of each reader, for a machine with these settings (interval in seconds).

    The family `system` sends the first two, as other machines can't know them. `proc` is the /proc
    that this process reads from now on.
    """
    psutil.PROCFS_PATH = proc or psutil.PROCFS_PATH
    system = Source.of(System, tags=tuple(tags), interval=interval)
    return tuple(system if family is System else family for family in FAMILIES)


def with_traffic(
    families: Iterable[FamilyFactory], settings: Settings, folder: Path
) -> list[FamilyFactory]:
    """Return factories of which that of `traffic` counts as `[traffic]` says.

    `folder` is where it keeps what it counted.
    """
    file = folder / f"traffic-{settings.host_name}.json"
    traffic = Source.of(Traffic, file=file, **msgspec.structs.asdict(settings.traffic))
    return [traffic if family is Traffic else family for family in families]
