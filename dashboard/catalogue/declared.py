"""Rows of figures that `[[figure]]` declares."""

from collections.abc import Iterable

import msgspec

from dashboard.catalogue.model import Catalogue, Figure, Source
from dashboard.catalogue.titles import title_of, unit_of
from dashboard.settings import FigureRow


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
            "every": row.seconds,
        }
        said = {key: value for key, value in said.items() if value is not None}
        figures[row.name] = msgspec.structs.replace(known, **said)
    return msgspec.structs.replace(rows, figures=tuple(figures.values()))


def declared_every(declared: Iterable[FigureRow], event: str) -> float | None:
    """Return the seconds between two events of a name, as far as `[[figure]]` says."""
    said = (row.seconds for row in declared if row.name.partition(".")[0] == event)
    return min((every for every in said if every is not None), default=None)


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
