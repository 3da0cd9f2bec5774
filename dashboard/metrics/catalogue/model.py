"""Rows of the catalogue: a figure, and the panels and tiles that show figures.

A figure is called EVENT.FIELD. FIELD is a path through the event's data, as events/paths.py has
it, where `*` stands for each item of a list or an object. Each row is sent as JSON as it is
declared here; docs/api.md has the keys. panels.json has the built-in panels and tiles, in their
order on a wall.
"""

from pathlib import Path
from typing import Literal

import msgspec

from dashboard.events.scope import Scope

Source = Literal["built-in", "declared", "seen"]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A limit from a rule that watches a figure; without a host it is every machine's."""

    rule: str
    sign: str
    limit: float | None
    level: str
    for_: float = msgspec.field(default=0.0, name="for")
    host: str | None = None
    limit_field: str | msgspec.UnsetType = msgspec.UNSET
    """A field of the item that has its limit."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What the number at a path of an event means."""

    name: str
    event: str
    field: str
    title: str
    unit: str = ""
    """How it is written: %, B, B/s, °C, s, ms, 1/s, MHz, rpm, count, duration, moment or ""."""
    min: float | None = None
    max: float | None = None
    decimals: int | None = None
    """None: as many as its values have."""
    every: float | None = None
    """Seconds between two values; None where nobody has said."""
    meaning: str = ""
    source: Source = "built-in"
    value: float | msgspec.UnsetType | None = msgspec.UNSET
    """The newest one, of a figure that was seen."""
    levels: tuple[Level, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """A line of a chart."""

    field: str
    title: str
    color: str
    fill: float = 0.0
    width: float = 2.0
    downward: bool = False
    dashed: bool = False
    unit: str | None = None
    """None: the chart's."""


class Column(msgspec.Struct, frozen=True):
    """A column of a table, or a line of pairs."""

    title: str
    field: str
    """Of the item; "@key" is its key in an object of objects."""
    unit: str = "text"


class Rows(msgspec.Struct, frozen=True):
    """More rows of a table, from another list, in the columns of the first.

    With a title it is one object, whose "@key" that is.
    """

    rows: str
    columns: tuple[Column | None, ...]
    title: str | msgspec.UnsetType = msgspec.UNSET


class Mark(msgspec.Struct, frozen=True):
    """Which rows of a table are marked: those whose field has a value."""

    field: str
    equals: str


class Panel(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """A panel with a title that shows one event."""

    name: str
    event: str
    title: str


class ChartPanel(Panel, frozen=True, kw_only=True, tag="chart"):
    """Figures through time."""

    says: str
    """Description for screen readers."""
    lines: tuple[Line, ...]
    unit: str = ""
    watch: str | None = None
    """The field whose level the panel shows."""
    strip: str | None = None
    """A list of numbers, drawn as a heat strip below."""
    stack: tuple[Line, ...] = ()
    """What lies on each other, from the lowest on, where there is room for more than `lines`."""
    whole: str | None = None
    """The field of which lines in another unit than the chart's are drawn as shares."""


class TablePanel(Panel, frozen=True, kw_only=True, tag="table"):
    """Items of a list, or of an object of objects, in rows."""

    rows: str
    columns: tuple[Column, ...]
    order: str | None = None
    """The field by which rows are sorted, the highest first."""
    share: str | None = None
    """A percentage that is drawn as a bar behind its row."""
    mark: Mark | None = None
    summary: str | None = None
    """Text in the head: a template as a tile's detail."""
    noun: tuple[str, str] | None = None
    """What is counted in the head, one and several."""
    more: tuple[Rows, ...] = ()


class PairsPanel(Panel, frozen=True, kw_only=True, tag="pairs"):
    """Fields below each other, each beside its title."""

    pairs: tuple[Column, ...]


class CoresPanel(Panel, frozen=True, kw_only=True, tag="cores"):
    """A heat map of each core."""


class JobsPanel(Panel, frozen=True, kw_only=True, tag="jobs"):
    """Jobs and how far they are."""


class AlertsPanel(Panel, frozen=True, kw_only=True, tag="alerts"):
    """Open alerts."""


class EventsPanel(Panel, frozen=True, kw_only=True, tag="events"):
    """Events as lines, the newest first."""


class Pick(msgspec.Struct, frozen=True):
    """The item of a list that a tile shows: the one whose field `by` is highest."""

    rows: str
    by: str
    label: str


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One figure in large type.

    `detail` is a template: `{field:unit}` is a field's value, `[A|B]` is A, or B (which may be
    missing) where the first field in A is missing, false or 0; the unit `flag` writes nothing.
    """

    name: str
    event: str
    title: str
    field: str
    color: str
    detail: str = ""
    pick: Pick | None = None


AnyPanel = ChartPanel | TablePanel | PairsPanel | CoresPanel | JobsPanel | AlertsPanel | EventsPanel


class Catalogue(msgspec.Struct, frozen=True):
    """Figures, panels and tiles."""

    figures: tuple[Figure, ...] = ()
    panels: tuple[AnyPanel, ...] = ()
    tiles: tuple[Tile, ...] = ()
    more: int | msgspec.UnsetType = msgspec.UNSET
    """How many figures there are beyond these."""

    def of(self, scope: Scope) -> "Catalogue":
        """Return the rows of the events that a scope grants."""
        if scope.events is None:
            return self
        return Catalogue(
            tuple(row for row in self.figures if scope.allows_name(row.event)),
            tuple(row for row in self.panels if scope.allows_name(row.event)),
            tuple(row for row in self.tiles if scope.allows_name(row.event)),
            self.more,
        )


def built_in_panels() -> Catalogue:
    """Return the panels and tiles of panels.json, without figures."""
    return msgspec.json.decode(_PANELS.read_bytes(), type=Catalogue)


_PANELS = Path(__file__).with_name("panels.json")
