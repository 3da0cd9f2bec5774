"""Streams after the machine's clock was ahead for a moment, and ids stayed ahead, on every engine.

What is replayed, what a gap says and what memory holds go by when events were appended.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from dashboard.events.event import EventId
from dashboard.log.contract import EventLog
from dashboard.log.opening import run_directory
from dashboard.log.redis.engine import RedisLog
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.streaming.hub import Hub
from tests.support.hand_fed_hub import ByHand, HandFedHub
from tests.support.log_contract import YEARS, Clock, event, numbers
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("no_leaks")

STEP = 10.0  # seconds between two events
COUNT = 60
AHEAD = range(10, 12)  # the events that were appended while the clock was ahead
KEPT = int(300 / STEP)  # of them by REPLAY


class Run:
    """A log with a clock that was ahead, and when each event was really appended."""

    def __init__(self, open_log: Callable[[Clock], EventLog]) -> None:
        self.clock = Clock()
        self._open_log = open_log
        self.log = open_log(self.clock)
        self.times: list[float] = []
        self.ids: list[EventId] = []
        for number in range(COUNT):
            self.clock.now += STEP
            self.append(number)

    def append(self, number: int) -> None:
        ahead = YEARS if number in AHEAD else 0.0
        self.times.append(self.clock.now)
        self.clock.now += ahead
        self.ids += self.log.append([event(number)])
        self.clock.now -= ahead

    @contextmanager
    def hub(self, *, anew: bool) -> Iterator[HandFedHub]:
        """Make a worker's hub, over the log as it is or as a new process has it."""
        if anew:
            self.log.close()
            self.log = self._open_log(self.clock)
        made = HandFedHub(self.log, self.clock)
        made.pull()
        try:
            yield made
        finally:
            made.stop()

    def close(self) -> None:
        self.log.close()


@pytest.fixture(params=["sqlite", "redis"])
def open_log(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[Clock], EventLog]]:
    if request.param == "sqlite":
        path = tmp_path / "events.db"
        yield lambda clock: ThreadedLog(partial(SQLiteLog, path, retention=400, clock=clock))
        return
    server = RedisServer(tmp_path).start()
    url = server.url
    yield lambda clock: RedisLog(url, run_directory(url), retention=400, clock=clock)
    server.kill()


def test_streams_go_by_when_events_were_appended(
    open_log: Callable[[Clock], EventLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.log.redis.reader._MARKS_SECONDS", 0.0)
    with closing(Run(open_log)) as run:
        assert run.ids == sorted(run.ids)
        assert run.ids[-1].time > run.clock.now + YEARS / 2
        for anew, memory in [(False, 1 << 20), (True, 1 << 20), (True, 1)]:
            # Little memory sends readers to the log.
            monkeypatch.setattr("dashboard.streaming.replay_buffer.LEAST_BYTES", memory)
            monkeypatch.setattr(
                "dashboard.streaming.replay_buffer.SECONDS", 0.0 if memory == 1 else 15
            )
            with run.hub(anew=anew) as fed:
                check(run, fed.hub)


def check(run: Run, hub: Hub) -> None:
    """Hold a hub to the real age of events."""
    now = run.clock.now
    # REPLAY is a bound of the real age, for ids ahead of the clock as well.
    replayed = [n for n in range(COUNT) if hub.replay.can_replay(run.ids[n], 300 + STEP / 2)]
    assert replayed == list(range(COUNT - KEPT - 1, COUNT))
    # Who comes back with an id gets each event after it, once.
    for number in (COUNT - KEPT, COUNT - 7, COUNT - 1):
        with closing(ByHand(hub, run.ids[number]).join()) as reader:
            assert reader.ids() == run.ids[number + 1 :]
            assert reader.gaps() == []
    # Who was away for too long is told since when.
    number = COUNT - KEPT - 5
    with closing(ByHand(hub, run.ids[number]).join()) as reader:
        (gap,) = reader.gaps()
        assert gap["from"] == pytest.approx(run.times[number], abs=1.0)
        assert gap["to"] == now
        assert reader.ids() == run.ids[-1:], "the newest of each name"
    # A time as an id (`flask tail --since`) is that time.
    for seconds in (95, 195):
        since = EventId.at(now - seconds)
        with closing(ByHand(hub, since).join()) as reader:
            wanted = [
                id for id, time in zip(run.ids, run.times, strict=True) if time >= now - seconds
            ]
            assert reader.ids() == wanted
            assert reader.gaps() == []
    with closing(ByHand(hub, EventId.at(now - 600)).join()) as reader:
        assert reader.gaps()[0]["from"] == now - 600
    # A returning reader with `every` has the newest of each period, not of all together.
    with closing(ByHand(hub, run.ids[-5], every=STEP).join()) as reader:
        in_memory = hub.replay.is_in_memory(run.ids[-5])
        assert reader.ids() == (run.ids[-4:] if in_memory else run.ids[-1:])
    age = hub.replay_buffer.age("box", "cpu")
    assert age is not None
    assert age < STEP
    assert hub.replay.can_replay(run.ids[-1], 300)
    assert not hub.replay.can_replay(EventId(run.ids[-1].ms + 10_000, 0), 300), "never given"


def test_a_worker_that_starts_holds_the_last_minute_and_its_real_age(
    open_log: Callable[[Clock], EventLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.log.redis.reader._MARKS_SECONDS", 0.0)
    with closing(Run(open_log)) as run:
        run.clock.now += 25
        with run.hub(anew=True) as fed:
            age = fed.hub.replay_buffer.age("box", "cpu")
            assert age == pytest.approx(25, abs=5)
            held = [each.event for each in fed.hub.replay_buffer.events_after(run.ids[-3])]
            assert numbers(held) == [COUNT - 2, COUNT - 1]
            assert fed.hub.replay.is_in_memory(run.ids[-3])
            assert not fed.hub.replay.is_in_memory(run.ids[-9]), "older than a minute"
