"""Figures of other programs: `[[scrape]]` and `[[command]]` of the settings.

Each is sampled like a slow family: on its own cadence, in a native thread of its own, up to a
deadline. So a target that hangs holds up nothing, and a rule may watch any of its figures.
"""

from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from dashboard.metrics.family import ConfiguredFamily, FamilyFactory, Source
from dashboard.metrics.traffic import Traffic
from dashboard.settings import Settings
from dashboard.sources.command import CommandReader
from dashboard.sources.scrape import ScrapeReader


def sampled(
    families: Iterable[FamilyFactory], settings: Settings, folder: Path
) -> list[FamilyFactory]:
    """Return what a machine with these settings samples: its families, and its sources.

    `folder` is where the family `traffic` keeps what it counted.
    """
    file = folder / f"traffic-{settings.host_name}.json"
    traffic = ConfiguredFamily(Traffic, {"file": file, **asdict(settings.traffic)})
    return [
        *(traffic if family is Traffic else family for family in families),
        *(Source(each.name, each.seconds, partial(ScrapeReader, each)) for each in settings.scrape),
        *(
            Source(each.name, each.seconds, partial(CommandReader, each))
            for each in settings.command
        ),
    ]
