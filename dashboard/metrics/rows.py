"""Rows of the catalogue that the families declare."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from dashboard.metrics.cadence import cadence_of
from dashboard.metrics.catalogue.declared import title_of
from dashboard.metrics.catalogue.model import Catalogue, Figure, built_in_panels
from dashboard.metrics.family import Family, FamilyFactory

# Units of fields that are no numbers, and those that a page writes otherwise.
_NO_NUMBERS = frozenset({"", "path", "true/false"})
_UNITS = {
    "bytes": "B",
    "bytes/s": "B/s",
    "s since 1970": "moment",
    "1/min": "rpm",
    "% of one core": "%",
    "processes": "count",
    "sessions": "count",
    "CPUs": "",
}


def built_in_rows(families: Iterable[type[Family]], interval: float) -> Catalogue:
    """Return all panels and tiles, and a row for each figure of families.

    `interval` is the seconds between two samples of a machine.
    """
    found = tuple(figure for family in families for figure in figures(family, interval))
    return replace(built_in_panels(), figures=found)


def figures(family: FamilyFactory, interval: float) -> Iterator[Figure]:
    """Yield a row for each number that a family declares."""
    every = cadence_of(family.cadence, interval)
    for field in family.fields:
        if field.unit in _NO_NUMBERS:
            continue
        path = field.name.replace("[]", ".*").replace("{}", ".*")
        unit = _UNITS.get(field.unit, field.unit)
        if field.name.endswith("_seconds") or field.name.endswith("seconds_left"):
            unit = "duration"
        share = field.unit == "%"
        yield Figure(
            name=f"{family.name}.{path}",
            event=family.name,
            field=path,
            title=field.title or title_of(family.name, path),
            unit="" if field.decimals is not None and unit == "count" else unit,
            min=0.0 if unit != "°C" else None,
            max=100.0 if share else None,
            decimals=field.decimals,
            every=every,
            meaning=field.meaning,
        )
