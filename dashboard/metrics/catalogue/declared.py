"""Rows of figures that `[[figure]]` declares, or of which only the name is known."""

import re
from collections.abc import Iterable

import msgspec

from dashboard.metrics.cadence import cadence_of
from dashboard.metrics.catalogue.model import Catalogue, Figure, Source
from dashboard.settings import FigureRow, Settings

# Ends of a name, and the unit that each stands for; the first that fits counts.
_UNITS = (
    ("_bytes_per_second", "B/s"),
    ("_per_second", "1/s"),
    ("_percent", "%"),
    ("_bytes", "B"),
    ("_celsius", "°C"),
    ("_seconds", "s"),
    ("_ms", "ms"),
    ("_mhz", "MHz"),
    ("_rpm", "rpm"),
)
_SHORT = frozenset({"cpu", "gpu", "io", "ip", "os", "psi", "http", "https", "dns", "db", "api"})


def with_declared(rows: Catalogue, declared: Iterable[FigureRow]) -> Catalogue:
    """Return the rows with those of the settings, which may change what a built-in one says."""
    figures = {figure.name: figure for figure in rows.figures}
    for row in declared:
        event, _, field = row.name.partition(".")
        known = figures.get(row.name) or new_figure(event, field, "declared")
        said = {
            "title": row.title,
            "unit": row.unit,
            "min": row.min,
            "max": row.max,
            "decimals": row.decimals,
            "every": row.every,
        }
        said = {key: value for key, value in said.items() if value is not None}
        figures[row.name] = msgspec.structs.replace(known, **said)
    return msgspec.structs.replace(rows, figures=tuple(figures.values()))


def declared_every(declared: Iterable[FigureRow], event: str) -> float | None:
    """Return the seconds between two events of a name, as far as `[[figure]]` says."""
    said = (row.every for row in declared if row.name.partition(".")[0] == event)
    return min((every for every in said if every is not None), default=None)


def source_cadences_of(settings: Settings) -> dict[str, float]:
    """Return the seconds between two events of this machine's sources, by EVENT@HOST."""
    every = {each.name: each.every for each in settings.scrape}
    every |= {each.name: each.every for each in settings.command}
    host, interval = settings.host_name, settings.interval
    return {f"{name}@{host}": cadence_of(seconds, interval) for name, seconds in every.items()}


def new_figure(event: str, field: str, source: Source) -> Figure:
    """Return the row of a figure of which only the name is known."""
    unit = unit_of(field)
    return Figure(
        name=f"{event}.{field}",
        event=event,
        field=field,
        title=title_of(event, field),
        unit=unit,
        min=0.0 if unit == "%" else None,
        max=100.0 if unit == "%" else None,
        source=source,
    )


def unit_of(field: str) -> str:
    """Return the unit that a field's name ends in: `%` for `used_percent`; "" for none."""
    last = f"_{field.rpartition('.')[2].lower()}"
    return next((unit for end, unit in _UNITS if last.endswith(end)), "")


def title_of(event: str, field: str) -> str:
    """Return a title in words: `Queue length` for `queue` and `length`.

    The name of a list, before a `*`, is left out: its items' names stand there.
    """
    *above, last = field.split(".")
    ending = next((end for end, _ in _UNITS if f"_{last}".endswith(end)), "")
    after = [*above, last][1:]
    parts = [part for part, item in zip(above, after, strict=True) if item != "*"]
    parts = [event, *parts, f"_{last}".removesuffix(ending)]
    # A part with a slash is the name of a folder, which is left as it is.
    words = [w for part in parts for w in ([part] if "/" in part else re.split(r"[_\s*]+", part))]
    text = " ".join(word.upper() if word in _SHORT else word for word in words if word)
    return text[:1].upper() + text[1:]
