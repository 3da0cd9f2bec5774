"""GET /alerts?since: one answer for all who ask at once, and few different ones at a time."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag
from werkzeug.test import Client, TestResponse

from dashboard.events.event import Event
from dashboard.history import shared
from tests.support.bare_app import running_app


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
