"""Past alerts: from, to and the worst value, once, however the log was read and whoever died."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.events.event import Event, EventId
from dashboard.log.history.access import History
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.past_alerts import MOST, PastAlert, whole
from dashboard.log.history.store import HistoryStore

DAY = 86400.0
NOW = 1_801_440_000.0
LIMITS = Limits(seconds=DAY, minutes=30 * DAY, hours=900 * DAY, size=1 << 30)


def told(at: float, state: str, **others: Any) -> Event:
    given = {"rule": "disk", "alert": "disk:/", "since": at, "threshold": 90, "level": "warning"}
    data = {"host": "box", "time": NOW + at, "state": state, **given, **others}
    data["since"] = NOW + data["since"]
    return Event("box", "alert", json.dumps(data), EventId(int((NOW + at) * 1000), 0))


STORY = [
    told(0, "raised", value=91),
    told(5, "raised", alert="cpu", rule="cpu", value=95),
    told(600, "still", since=0, value=92, worst=97, level="critical"),
    told(900, "cleared", since=0, value=80, message="over"),
    told(1000, "raised", value=93, message="again"),
]


def brief(found: list[PastAlert]) -> list[tuple[str, float, float | None, float | None, str]]:
    return [(a.alert, a.since - NOW, a.until and a.until - NOW, a.worst, a.level) for a in found]


EXPECTED = [
    ("disk:/", 1000, None, 93, "warning"),
    ("cpu", 5, None, 95, "warning"),
    ("disk:/", 0, 900, 97, "critical"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    store = HistoryStore(tmp_path / "history.db", tmp_path / "lock")
    yield store
    store.close()


@pytest.mark.parametrize("built", range(len(STORY) + 1))
def test_what_is_built_in_and_what_is_only_in_the_log_make_one_story(
    store: HistoryStore, built: int
) -> None:
    builder = Builder(store, LIMITS, lambda: NOW + 2000)
    for event in STORY[:built]:  # each in a transaction of its own
        builder.add([event])
    assert brief(store.past_alerts(NOW, STORY)) == EXPECTED
    assert brief(store.past_alerts(NOW + 950, STORY))[:2] == EXPECTED[:2]
    assert len(store.past_alerts(NOW + 950, STORY)) == 2


def test_without_a_file_the_log_alone_tells_it(tmp_path: Path, no_leaks: None) -> None:
    assert brief(whole([], STORY)) == EXPECTED
    history = History(None, tmp_path / "lock", LIMITS)
    assert brief(history.past_alerts(NOW, STORY)) == EXPECTED
    history.close()


def test_one_whose_end_nobody_told_ends_where_it_was_last_spoken_of() -> None:
    again = told(9000, "raised", value=99)
    found = brief(whole([], [*STORY[:3], again]))
    assert found[0] == ("disk:/", 9000, None, 99, "warning")
    assert ("disk:/", 0, 600, 97, "critical") in found
    # What others publish under a name may be said again as it changes.
    said = [told(n, "raised", rule="", level="critical") for n in (0, 500)]
    assert brief(whole([], said)) == [("disk:/", 0, None, None, "critical")]


def test_old_ones_go_and_there_are_only_so_many(store: HistoryStore) -> None:
    now = NOW + 2000
    builder = Builder(store, LIMITS, lambda: now)
    builder.add(STORY)
    now += 29 * DAY
    builder.trim()
    assert len(store.past_alerts(0, [])) == 3
    now += 2 * DAY
    builder.trim()
    assert store.past_alerts(0, []) == []
    many = [told(n, s, alert=f"a{n}") for n in range(MOST + 100) for s in ("raised", "cleared")]
    builder.add(many)
    assert len(store.past_alerts(0, [])) <= MOST


@pytest.mark.parametrize("data", ["{}", "[]", '{"host":"box","time":1,"alert":[],"state":"x"}'])
def test_what_is_no_alert_is_passed_over(store: HistoryStore, data: str) -> None:
    Builder(store, LIMITS, lambda: NOW).add([Event("box", "alert", data, EventId(1, 0))])
    assert store.past_alerts(0, [Event("box", "alert", data, EventId(2, 0))]) == []
