"""Figures that nobody declared, from the newest events that were published.

Undeclared figures become old, too: after three times the distance in which they came.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from sys import float_info

import msgspec

from dashboard.events.event import Event
from dashboard.events.paths import TOLD_ELSEWHERE, figures_of
from dashboard.metrics.catalogue.declared import new_figure
from dashboard.metrics.catalogue.model import Catalogue, Figure

MOST_ROWS = 2000
MOST_PATH = 256  # characters
MOST_EVENTS = 1000
MOST_BYTES = 2 << 20  # of data that is read for one answer
LEAST_FRESH = 10.0  # seconds
FRESH_UNKNOWN = 600.0  # seconds, for what came only once
_PASSED = TOLD_ELSEWHERE | {"notice"}  # shown as what they are


def published(events: Iterable[Event], families: Iterable[str]) -> list[Event]:
    """Return the events that are neither a family's nor the service's own, as far as is looked."""
    passed = _PASSED | frozenset(families)
    found: list[Event] = []
    size = 0
    for event in events:
        if event.name is None or event.name in passed or event.name.startswith("screen."):
            continue
        size += len(event.data)
        if size > MOST_BYTES or len(found) == MOST_EVENTS:
            break
        found.append(event)
    return found


def numbers_in(event: Event) -> Iterator[tuple[str, float | None]]:
    """Yield the figures of an event that a name and a double can hold."""
    found = figures_of(event)
    for path, value in found[1].items() if found else ():
        if len(path) <= MOST_PATH and (value is None or abs(value) <= float_info.max):
            yield path, value


def with_seen(
    rows: Catalogue, events: Sequence[Event], source_cadences: Mapping[str, float]
) -> Catalogue:
    """Return the rows with those of figures in events, the newest of which come first.

    At most MOST_ROWS are added; `more` says how many there are besides. `source_cadences` are
    seconds between two events, by EVENT@HOST: they hold for a figure that no other host has.
    """
    figures = {figure.name: figure for figure in rows.figures}
    values: dict[str, float | None] = {}
    new: dict[str, Figure] = {}
    more = 0
    for event in events:
        for path, value in numbers_in(event):
            name = f"{event.name}.{path}"
            if name in values:
                continue
            if len(values) == MOST_ROWS:
                more += 1
                continue
            values[name] = value
            if name not in figures:
                new[name] = new_figure(event.name or "", path, "seen")
    figures |= {name: new[name] for name in sorted(new)}
    hosts: dict[str | None, str] = {}  # "" where there are several
    for event in events:
        hosts[event.name] = event.host if hosts.get(event.name, event.host) == event.host else ""
    for name, value in values.items():
        figure = figures[name]
        every = figure.every or source_cadences.get(f"{figure.event}@{hosts.get(figure.event)}")
        figures[name] = msgspec.structs.replace(figure, value=value, every=every)
    return msgspec.structs.replace(
        rows, figures=tuple(figures.values()), more=more or msgspec.UNSET
    )


def fresh_for(every: float | None, times: Sequence[float] = ()) -> float:
    """Return for how many seconds a figure counts as new: three times the seconds between values.

    Those are `every` where they are declared, else the median distance of the last `times`.
    """
    if every is None and len(times) > 2:
        every = median(b - a for a, b in pairwise(times))
    return FRESH_UNKNOWN if every is None else max(LEAST_FRESH, 3 * every)
