"""Figures of other programs: `[[scrape]]` and `[[command]]` of the settings.

Each is sampled like a slow family: on its own cadence, in a native thread of its own, up to a
deadline. So a target that hangs holds up nothing, and a rule may watch any of its figures.
"""

from collections.abc import Iterable
from functools import partial

from dashboard.metrics.family import FamilyFactory, Source
from dashboard.sampling.sources.command import CommandReader
from dashboard.sampling.sources.scrape import ScrapeReader
from dashboard.settings import Settings


def sampled(families: Iterable[FamilyFactory], settings: Settings) -> list[FamilyFactory]:
    """Return what a machine with these settings samples: its families, and its sources."""
    return [
        *families,
        *(Source(each.name, each.every, partial(ScrapeReader, each)) for each in settings.scrape),
        *(Source(each.name, each.every, partial(CommandReader, each)) for each in settings.command),
    ]
