"""GET /alerts?since: one answer for all who ask at once, and few different ones at a time.

And what an alert is, to it and to the lines of /history, which pages make their lists of.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag
from werkzeug.test import Client, TestResponse

from dashboard.alerts.model import decode_alert
from dashboard.events.event import Event
from dashboard.log.history import shared
from dashboard.log.history.past_alerts import fold
from dashboard.settings import LEVELS
from tests.support.bare_app import running_app
from tests.support.service import ROOT

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/support/alert_cases.json").read_text())


def told(state: str, ago: float) -> Event:
    at = time.time() - ago
    data = {"host": "web-1", "alert": "load", "rule": "load", "event": "load", "level": "warning"}
    more = {"state": state, "time": at, "since": at, "value": 9.0, "message": state}
    return Event("web-1", "alert", json.dumps(data | more))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    with running_app(tmp_path, [told("raised", 60), told("cleared", 30)]) as app:
        yield app


def test_past_alerts_are_read_once_for_all_and_a_few_at_a_time(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = app.extensions["vitals"].runtime.history.reader
    read, may_read, reads = history.past_alerts, Flag(), []

    def slowly(since: float, newest: list[Event]) -> Any:
        reads.append(since)
        may_read.wait()
        return read(since, newest)

    monkeypatch.setattr(history, "past_alerts", slowly)
    monkeypatch.setattr(shared, "_WAIT", 0.05)

    def ask(path: str) -> TestResponse:
        return Client(app).get(path)

    same = [gevent.spawn(ask, "/alerts?since=1h") for _ in range(10)]
    others = [gevent.spawn(ask, f"/alerts?since={n}h") for n in range(2, 9)]
    gevent.joinall(others[1:], timeout=60)
    for other in others[1:]:
        refused = other.get(block=False)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "2"
        assert "too many long questions" in refused.text
    assert len(reads) == 2  # of the first question and of the second
    may_read.set()
    gevent.joinall([*same, others[0]], timeout=60)
    for answer in (each.get(block=False) for each in same):
        assert answer.status_code == 200
        assert answer.json is not None
        (past,) = answer.json["past"]
        assert (past["host"], past["alert"], past["message"]) == ("web-1", "load", "raised")
    assert len(reads) == 2
    assert ask("/alerts").status_code == 200  # is not about the past


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["data"])[:80])
def test_an_alert_is_the_same_to_pages_to_this_list_and_to_the_past(case: dict[str, Any]) -> None:
    event = Event("box", "alert", json.dumps(case["data"]))
    assert (decode_alert(event) is not None) == case["is"]
    state, level = case["data"].get("state"), case["data"].get("level", "warning")
    if state not in ("raised", "still") or level not in LEVELS:
        assert fold({}, event) == []


def test_a_newest_row_that_is_no_event_hides_no_older_alert(tmp_path: Path) -> None:
    with running_app(tmp_path, [told("raised", 60)]) as app:

        def found(most: int) -> tuple[list[str], list[str]]:  # an answer is kept for a moment
            listed = Client(app).get("/alerts?host=web-1").json["alerts"]  # type: ignore[index]
            path = f"/history?host=web-1&events=alert,notice,cpu&lines={most}&others=1"
            lines = Client(app).get(path).json["lines"]  # type: ignore[index]
            return [one["id"] for one in listed], [one["id"] for one in lines.get("alert", ())]

        listed, lines = found(9)
        assert len(listed) == 1
        assert lines == listed
        rows = ("no JSON", '{"alert":"load"', '{"state":"' + "x" * (1 << 20) + '"}')
        for number, data in enumerate(rows):
            with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as log:
                log.execute(
                    "INSERT INTO event SELECT max(id) + 1, 'web-1', 'alert', ? FROM event", (data,)
                )
                log.execute("UPDATE last_given SET id = (SELECT max(id) FROM event)")
                log.execute("UPDATE latest SET id = (SELECT max(id) FROM event) WHERE name='alert'")
            assert found(10 + number) == (listed, lines)
