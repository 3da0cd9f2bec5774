"""Figures of other programs: `[[scrape]]` and `[[command]]` of the settings.

Each is sampled like a slow family: on its own cadence, in a native thread of its own, up to a
deadline. So a target that hangs holds up nothing, and a rule may watch any of its figures.
"""

from functools import partial

from dashboard.metrics.family import Source
from dashboard.settings import Settings
from dashboard.sources.command import CommandReader
from dashboard.sources.scrape import ScrapeReader


def sources(settings: Settings) -> list[Source]:
    """Return what is to be sampled beside the families."""
    scrapes = [Source(s.name, s.seconds, partial(ScrapeReader, s)) for s in settings.scrape]
    commands = [Source(c.name, c.seconds, partial(CommandReader, c)) for c in settings.command]
    return scrapes + commands
