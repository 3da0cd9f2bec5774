"""The programs that took most in each minute: kept for as long as minutes are, once each."""

import time
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard.events.event import Event, EventId
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.store import HistoryStore
from tests.log.history.conftest import START, Clock
from tests.support.service import Service

DAY = 86_400.0
LIMITS = Limits(seconds=DAY, minutes=30 * DAY, hours=90 * DAY, size=1 << 30)


def sample(at: float, programs: dict[str, float], host: str = "box", **more: Any) -> Event:
    top = [
        {"name": name, "cpu_percent": cpu, "memory_bytes": 1_000_000.0 * cpu}
        for name, cpu in programs.items()
    ]
    data = {"host": host, "time": at, **more, "top": [{"name": "sh"}], "programs": {"top": top}}
    text = msgspec.json.encode(data).decode()
    return Event(host, "processes", text, EventId(int(at * 1000), 0))


def told(store: HistoryStore, at: float) -> dict[str, dict[str, Any]]:
    return {each.host: msgspec.json.decode(each.data) for each in store.past_programs(at)}


MINUTE = [
    sample(START, {"a": 1, "b": 90, "c": 3, "d": 4, "e": 5, "f": 6}, count=200, running=1),
    sample(START + 5, {"a": 2, "b": 3, "g": 7}, count=210),
    sample(START + 59, {"a": 99, "h": 0.5}, running=4),
]


@pytest.mark.parametrize("events", list(permutations(MINUTE)), ids=range(6))
def test_a_minute_has_the_five_that_took_most_however_it_is_built_in(
    store: HistoryStore, clock: Clock, events: tuple[Event, ...]
) -> None:
    builder = Builder(store, LIMITS, clock)
    for event in (*events, *events):
        builder.add([event])
    assert told(store, START - 0.1) == told(store, START + 60) == {}
    found = told(store, START + 33)["box"]
    assert [each["name"] for each in found["programs"]["top"]] == ["a", "b", "g", "f", "e"]
    assert found["top"] == found["programs"]["top"]
    assert found["top"][0] == {
        "name": "a",
        "cpu_percent": 99,
        "memory_bytes": 99_000_000,
        "bytes_per_second": None,
    }
    assert (found["host"], found["time"]) == ("box", START)
    assert (found["count"], found["running"]) == (210, 4)


def test_each_machine_has_its_own_and_they_go_with_the_minutes(
    store: HistoryStore, clock: Clock
) -> None:
    builder = Builder(store, LIMITS, clock)
    odd = [
        Event("box", "processes", text, EventId(1, n))
        for n, text in enumerate(['{"time": 1801440000, "programs": 3}', "[]", '{"time": null}'])
    ]
    builder.add([*odd, sample(START, {"a": 1}), sample(START + 1, {"b": 1}, host="other")])
    builder.add([sample(START + 9 * DAY, {"late": 1}), sample(START - 2 * DAY, {"early": 1})])
    names = {host: data["top"][0]["name"] for host, data in told(store, START).items()}
    assert names == {"box": "a", "other": "b"}
    assert told(store, START + 9 * DAY) == told(store, START - 2 * DAY) == {}
    clock.now = START + 30 * DAY
    builder.trim()
    assert told(store, START).keys() == {"box", "other"}
    clock.now += 120
    builder.trim()
    assert told(store, START) == {}


@pytest.mark.slow
def test_a_moment_before_the_log_has_the_programs_of_its_minute(tmp_path: Path) -> None:
    service = Service(tmp_path, HISTORY_MINUTES="20d")
    service.run_directory.mkdir(mode=0o700, parents=True)
    path = service.folder / "events-history.db"
    store = HistoryStore(path, service.run_directory / "history-files.lock")
    then = int(time.time() - 10 * DAY)
    with store.writing() as writing:
        for host, program in (("box", "indexer"), ("other", "loader")):
            writing.add_programs([sample(then, {program: 70}, host=host)])
            writing.add_programs([sample(then - 15 * DAY, {program: 70}, host=host)])
    store.close()
    service.start().wait_until_ready()
    try:
        whole = service.json(f"/history?at={then}")
        assert whole["log_from"] > then
        assert [each["host"] for each in whole["latest"]] == ["box", "other"]
        assert {each["event"] for each in whole["latest"]} == {"processes"}
        one = service.json(f"/history?at={then}&host=oth*&events=processes&fields=processes.top")
        (event,) = one["latest"]
        assert event["data"]["top"][0]["name"] == "loader"
        assert event["data"].keys() == {"host", "time", "top"}
        assert service.json(f"/history?at={then}&events=units")["latest"] == []
        assert service.json(f"/history?at={then - 60}")["latest"] == []
        assert service.json(f"/history?at={then - 15 * DAY}")["latest"] == [], "HISTORY_MINUTES"
    finally:
        service.close()
