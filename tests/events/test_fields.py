"""Logged data that is none, or not what its name says: ignored alike by every reader."""

import ast
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.model import Alert, decode_alert
from dashboard.alerts.service import AlertService
from dashboard.events.encoded import Encoded
from dashboard.events.event import OBJECT, Event, EventId, fields
from dashboard.events.filter import Filter
from dashboard.events.paths import numbers
from dashboard.events.scope import FULL
from dashboard.jobs.index import JobIndex
from dashboard.jobs.model import Step, decode_step
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.metrics import FAMILIES
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.web.exposition import figures
from dashboard.web.screens.registry import Screens
from tests.support import sse_reading
from tests.support.service import ROOT

DEEP = 100_000
MALFORMED = {
    "deep lists": '{"host":"box","time":1,"alert":"a","job":"a","x":'
    + "[" * DEEP
    + "]" * DEEP
    + "}",
    "deep objects": '{"host":' * DEEP + "1" + "}" * DEEP,
    "endless": '{"a":[' * DEEP,
    "nothing": "",
    "no JSON": "{'host': 'box'}",
    "a list": '[{"host":"box"}]',
    "a number": "1e999",
    "other types": '{"host":["box"],"time":"1","alert":{},"job":[],"interval":"x","screen":1}',
}

malformed = pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())


def encoded(name: str, data: str) -> Encoded:
    return Encoded(Event("box", name, data, EventId.at(time.time())))


@malformed
def test_the_guarded_decode_gives_nothing_for_it(data: str) -> None:
    found = fields(data, OBJECT)
    assert found is None or data == MALFORMED["other types"]
    assert fields(data, msgspec.json.Decoder(Step)) is None
    assert fields(data, msgspec.json.Decoder(Alert)) is None


@malformed
def test_events_of_it_are_sent_and_ignored(data: str) -> None:
    assert decode_alert(Event("box", "alert", data)) is None
    assert decode_step(Event("box", "progress", data)) is None
    for name in ("cpu", "alert", "progress"):
        event = encoded(name, data)
        some = frozenset({f"{name}.percent", f"{name}.x.y"})
        for filter in (Filter(), Filter(fields=some), Filter(fields=some, batch=True)):
            (sent,) = sse_reading.read(filter.wire([event])).events
            assert sent.id == str(event.event.id)


@malformed
def test_what_a_worker_shows_of_its_newest_events_is_made_without_it(data: str) -> None:
    recent = ReplayBuffer(retention=3600)
    for name in ("system", "cpu", "filesystem", "screen.lobby"):
        recent.add([encoded(name, data)])
    paces = HostIntervals(FAMILIES, 1.0, recent)
    assert paces.interval("box") == 1.0
    assert Screens(recent, host="box").listed() == []
    hub: Any = SimpleNamespace(replay_buffer=recent)
    families = figures(hub, paces, [family.name for family in FAMILIES], FULL)
    assert {each.name for each in families} == {"vitals_family_age_seconds", "vitals_family_stale"}


@malformed
def test_what_reads_back_the_log_goes_past_it(data: str, tmp_path: Path) -> None:
    log: Any = SQLiteLog(tmp_path / "events.db", retention=3600)
    try:
        for name in ("alert", "progress", "cpu"):
            log.append([Event("box", name, data)])
        good = Alert(host="box", time=time.time(), alert="disk", rule="disk", state="raised")
        step = Step(host="box", time=time.time(), job="backup", state="running")
        log.append([good.event(), step.event()])
        ((_, alert),), _ = OpenAlerts(log, retention=3600).look()
        assert alert == good
        run, _ = JobIndex(log, retention=3600).latest_run("backup")
        assert run is not None
        assert run.step == step
        alerting = AlertService(log, [], host="box", cadences={"cpu": 1.0}, retention=3600)
        alerting._read(log)
    finally:
        log.close()


def test_columns_are_made_of_any_depth_that_is_decoded() -> None:
    nested: dict[str, Any] = {"a": 1}
    for _ in range(5000):
        nested = {"a": nested, "b": 2}
    assert 0 < len(list(numbers(nested))) <= 33


def decodes(tree: ast.AST) -> list[int]:
    """Lines with a call such as `decode(event.data)`."""
    named: Callable[[ast.AST], bool] = lambda node: (  # noqa: E731
        isinstance(node, ast.Attribute) and node.attr in ("decode", "loads")
    )
    return [
        call.lineno
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and named(call.func)
        for given in call.args
        if isinstance(given, ast.Attribute) and given.attr == "data"
        if not (isinstance(given.value, ast.Name) and given.value.id == "message")
    ]


def test_nobody_decodes_the_data_of_an_event_in_another_way() -> None:
    assert decodes(ast.parse("msgspec.json.decode(encoded.event.data)"))
    for file in (ROOT / "dashboard").rglob("*.py"):
        assert not decodes(ast.parse(file.read_text("utf-8"))), f"{file}: use events.event.fields"
