"""GET /catalogue, and the same rows in a page."""

import json
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.scope import FULL, Scope
from dashboard.metrics import FAMILIES
from dashboard.metrics.catalogue.model import Catalogue, Figure
from dashboard.metrics.rows import built_in_rows
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.web.catalogue import catalogue, inline

ROWS = built_in_rows(FAMILIES, 1.0)


def get(
    query: str = "", scope: Scope = FULL, tag: str = "", events: Iterable[Event] = ()
) -> Response:
    buffer = ReplayBuffer(retention=3600)
    buffer.add(map(Encoded, events))
    hub = SimpleNamespace(replay_buffer=buffer)
    runtime = SimpleNamespace(hub=hub, families=FAMILIES, source_cadences={})
    service: Any = SimpleNamespace(catalogue=ROWS, runtime=runtime)
    with Flask("test").test_request_context(
        f"/catalogue?{query}",
        headers={"If-None-Match": tag} if tag else {},
        environ_overrides={"vitals.scope": scope},
    ):
        return catalogue(service)


def test_each_row_is_sent_as_it_is_declared() -> None:
    answer = get()
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.data)
    cpu = next(row for row in found["figures"] if row["name"] == "cpu.percent")
    assert cpu["source"] == "built-in"
    assert (cpu["min"], cpu["max"], cpu["unit"]) == (0, 100, "%")
    kinds = {row["name"]: row["kind"] for row in found["panels"]}
    assert kinds["cpu"] == "chart"
    assert kinds["filesystem"] == "table"
    assert (kinds["progress"], kinds["alerts"], kinds["log"]) == ("jobs", "alerts", "events")
    assert [row["name"] for row in found["tiles"]] == [tile.name for tile in ROWS.tiles]


def test_a_scope_sees_the_rows_of_its_events() -> None:
    found = json.loads(get(scope=Scope(events=("cpu", "lo*"))).data)
    for kind in ("figures", "panels", "tiles"):
        assert {row["event"] for row in found[kind]} == {"cpu", "load", "log"} & {
            row.event for row in getattr(ROWS, kind)
        }


def test_what_was_published_is_a_figure_for_those_who_may_read_it() -> None:
    logged = [
        Event("a", "queue", '{"time": 1, "length": 40}', EventId(1, 0)),
        Event("b", "queue", '{"time": 2, "length": 41}', EventId(2, 0)),
        Event("b", "cpu", '{"time": 2, "percent": 3}', EventId(3, 0)),
    ]

    def value(**asked: Any) -> float | None:
        rows = json.loads(get(events=logged, **asked).data)["figures"]
        return next((row["value"] for row in rows if row["name"] == "queue.length"), None)

    assert value() == 41
    assert value(scope=Scope(hosts=("a",))) == 40
    assert value(scope=Scope(events=("cpu",))) is None
    assert value(query="built-in=1") is None


def test_the_built_in_rows_are_kept_by_a_browser() -> None:
    first = get("built-in=1")
    assert first.headers["Cache-Control"] == "no-cache"
    again = get("built-in=1", tag=first.headers["ETag"])
    assert again.status_code == 304


def test_rows_in_a_page_end_no_script() -> None:
    title = "</script><script>alert(1)</script><!-- \N{RIGHT-TO-LEFT OVERRIDE}"
    rows = Catalogue((Figure(name="a.b", event="a", field="b", title=title),))
    text = str(inline(rows, FULL))
    assert "<" not in text
    assert json.loads(text)["figures"][0]["title"] == title
