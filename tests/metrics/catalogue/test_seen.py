"""Figures that were declared, and those that were only seen."""

import json
from typing import Any

import msgspec
import pytest

from dashboard.events.event import Event
from dashboard.metrics.catalogue.declared import with_declared
from dashboard.metrics.catalogue.model import Catalogue, Figure
from dashboard.metrics.catalogue.seen import (
    MOST_BYTES,
    MOST_EVENTS,
    MOST_ROWS,
    fresh_for,
    published,
    with_seen,
)
from dashboard.settings import FigureRow


def event(name: str | None, host: str = "box", /, **data: Any) -> Event:
    return Event(host, name, json.dumps({"time": 1.0, **data}))


EMPTY = Catalogue()


def seen(*events: Event, rows: Catalogue = EMPTY, **paces: float) -> dict[str, Figure]:
    by_host = {f"{name}@box": every for name, every in paces.items()}
    return {figure.name: figure for figure in with_seen(rows, events, by_host).figures}


def test_what_is_published_is_there_with_its_newest_value() -> None:
    found = seen(event("queue", "b", length=41), event("queue", "a", length=7, oldest_seconds=1.5))
    assert list(found) == ["queue.length", "queue.oldest_seconds"]
    length, oldest = found.values()
    assert (length.title, length.unit, length.value, length.source) == (
        "Queue length",
        "",
        41,
        "seen",
    )
    assert (oldest.unit, oldest.value, oldest.every) == ("s", 1.5, None)


def test_a_figure_comes_as_its_machine_is_set_unless_others_have_it() -> None:
    titled = with_declared(EMPTY, [FigureRow(name="mails.n"), FigureRow(name="mails.m", every=5)])
    mails, others = event("mails", n=1, m=2, a=3), event("mails", "far", n=1)
    found = seen(mails, event("queue", n=1), rows=titled, mails=60)
    every = {name: figure.every for name, figure in found.items()}
    assert every == {"mails.n": 60, "mails.m": 5, "mails.a": 60, "queue.n": None}
    for several in ([others], [mails, others], [others, mails], [mails, others, mails]):
        assert seen(*several, mails=60)["mails.n"].every is None


def test_items_of_lists_go_by_their_names_and_a_share_has_an_end() -> None:
    found = seen(event("db", pools=[{"name": "main", "used_percent": 3}], tables={"users": 4}))
    assert list(found) == ["db.pools.main.used_percent", "db.tables.users"]
    assert (found["db.pools.main.used_percent"].unit, found["db.pools.main.used_percent"].max) == (
        "%",
        100,
    )


def test_events_of_families_and_of_the_service_are_passed_over() -> None:
    names = ("cpu", "queue", "alert", "progress", "log", "rules", "screen.lobby", None)
    assert [each.name for each in published([event(name) for name in names], ["cpu"])] == ["queue"]


def test_rows_are_bounded_and_what_is_left_out_is_counted() -> None:
    many = event("a", numbers=list(range(MOST_ROWS + 5)))
    found = with_seen(Catalogue(), [many, event("b", length=1)], {})
    assert (len(found.figures), found.more) == (MOST_ROWS, 6)
    assert with_seen(Catalogue(), [event("b", length=1)], {}).more is msgspec.UNSET


def test_what_is_looked_at_is_bounded() -> None:
    large = event("a", text="x" * 60_000)
    assert len(published([large] * 100, [])) == MOST_BYTES // len(large.data)
    assert len(published([event("a")] * (MOST_EVENTS + 1), [])) == MOST_EVENTS


def test_data_that_is_no_object_has_no_figures() -> None:
    assert not seen(Event("box", "a", "[1]"), Event("box", "a", "{"), Event("box", "a", "{}"))


def test_a_declared_row_says_more_of_what_was_seen() -> None:
    row = FigureRow(name="queue.length", title="Mails", unit="mails", max=100, every=60)
    rows = with_declared(Catalogue(), [row])
    found = seen(event("queue", length=41), rows=rows)["queue.length"]
    assert (found.title, found.unit, found.max, found.every) == ("Mails", "mails", 100, 60)
    assert (found.source, found.value) == ("declared", 41)


def test_a_declared_row_may_change_what_a_built_in_one_says() -> None:
    built_in = Figure(name="cpu.percent", event="cpu", field="percent", title="CPU", unit="%")
    row = FigureRow(name="cpu.percent", title="Load of all", decimals=0)
    (found,) = with_declared(Catalogue((built_in,)), [row]).figures
    assert (found.title, found.unit, found.decimals) == ("Load of all", "%", 0)
    assert found.source == "built-in"


@pytest.mark.parametrize(
    ("every", "times", "seconds"),
    [
        (60.0, (), 180),
        (1.0, (), 10),
        (60.0, (1, 2, 3), 180),
        (None, (), 600),
        (None, (1, 2), 600),
        (None, (0, 20, 40, 61), 60),
        (None, (0, 1, 2, 3), 10),
    ],
)
def test_a_figure_is_old_after_three_times_the_distance_of_its_values(
    every: float | None, times: tuple[float, ...], seconds: float
) -> None:
    assert fresh_for(every, times) == seconds
