"""Settings that keep less than before: what is older is in no answer, and goes from the disk."""

import time
from pathlib import Path

import msgspec
import pytest

from dashboard.events.filter import Filter
from dashboard.log.history.access import History, Question
from dashboard.log.history.answer import as_bands
from dashboard.log.history.block import Column, Rows, Value
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.query import Stretch
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import HOURS, MINUTES, SECONDS, TIERS
from tests.support.service import Service, wait_for

DAY = 86_400.0
LONG = {HOURS: 90 * DAY, MINUTES: 9 * DAY, SECONDS: DAY}
SHORT = Limits(seconds=3600, minutes=2 * DAY, hours=10 * DAY, size=1 << 30)


def write_history(service: Service) -> float:
    """Write what there is by the limits of LONG; returns when it ends."""
    end = time.time() // 60 * 60.0
    service.run_directory.mkdir(mode=0o700, parents=True)
    store = HistoryStore(
        service.folder / "events-history.db", service.run_directory / "history-files.lock"
    )
    with store.writing() as writing:
        series = writing.series("box", "cpu")
        for tier, length in LONG.items():
            step = tier.span or 10.0
            times = [at * step for at in range(int((end - length) / step), int(end / step))]
            for window in sorted({int(at // tier.window) for at in times}):
                here = [at for at in times if int(at // tier.window) == window]
                flat: list[Value] = [5.0] * len(here)
                ends: list[list[Value]] = [flat, flat, flat, flat, [step] * len(here)]
                column = Column(flat, *(ends if tier.span else []))
                writing.replace(tier, window, series, Rows(tier.span, here, {"percent": column}))
    store.close()
    return end


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service that has not started yet."""
    return Service(tmp_path, INTERVAL=0.2)


def test_answers_and_the_file_end_where_shorter_limits_do(service: Service) -> None:
    end = write_history(service)
    path = service.folder / "events-history.db"
    lock = service.run_directory / "history-files.lock"
    history = History(path, lock, SHORT, lambda: end)
    store = HistoryStore(path, lock)

    def times(days: float, points: int) -> tuple[float, float]:
        """Return the first time of an answer, and the length of its spans."""
        stretch = Stretch(end - days * DAY, end, points)
        question = Question(Filter(), frozenset(["cpu.percent"]), stretch, as_bands)
        body = history.answer(question, [], lambda hosts, _: msgspec.json.encode(hosts))
        bands = msgspec.json.decode(body)["box"]["cpu"]
        return bands["time"][0], bands["span"]

    size = store.size()
    for step in ("at once", "after the next minute"):
        for days in (0.01, 0.5, 1, 5, 20, 90):
            for points in (60, 600, 20_000):
                first, span = times(days, points)
                assert first >= end - 10 * DAY - max(span, HOURS.span), (step, days, points)
                oldest = end - days * DAY
                assert first <= max(oldest, end - 10 * DAY) + max(2 * span, 2 * HOURS.span)
        if step == "at once":
            builder = Builder(store, SHORT, lambda: end)
            builder.trim()
            builder.close()
    for tier in TIERS:
        # The window in which the limit lies goes as a whole, a little later.
        assert (store.oldest(tier) or 0) > end - SHORT.of(tier) - tier.window
    assert store.size() < size
    store.close()
    history.close()


def test_a_service_that_starts_with_shorter_settings(service: Service) -> None:
    write_history(service)
    now = time.time()
    young = [*range(300, 100, -50)]
    for ago in [*range(4000, 3000, -50), *young]:
        service.clock_offset = -ago
        service.append("note", time=now - ago, text=str(ago))
    service.clock_offset = 0.0
    service.settings |= {"RETENTION": "10m", "HISTORY_SECONDS": "1h"}
    service.settings |= {"HISTORY_MINUTES": "2d", "HISTORY_HOURS": "10d"}
    service.start().wait_until_ready()
    store = HistoryStore(
        service.folder / "events-history.db", service.run_directory / "history-files.lock"
    )
    try:
        shown = service.json("/history?since=86400&events=note&lines=100")["lines"]["note"]
        assert [line["data"]["text"] for line in shown] == [str(ago) for ago in young]
        then = service.json(f"/history?at={now - 3500:.0f}&events=note")
        assert then["latest"] == []
        assert then["log_from"] >= now - 601
        year = service.json("/history?since=31536000&events=cpu&host=box")["hosts"]["box"]["cpu"]
        assert year["time"][0] > now - 11 * DAY
        wait_for(
            lambda: all(
                (store.oldest(tier) or 0) > now - SHORT.of(tier) - tier.window
                for tier in (SECONDS, MINUTES, HOURS)
            ),
            "the file to be short",
        )
        wait_for(lambda: len(service.logged("note")) == len(young), "the log to be short")
    finally:
        store.close()
        service.close()
