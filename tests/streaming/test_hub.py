"""The hub and its streams in one process: a real log, the real route, and no server between."""

import json
import random
import re
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import gevent.socket
import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.events.filter import Filter
from dashboard.log.contract import LogUnavailable
from dashboard.log.opening import open_log_for_greenlets
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.sqlite.event_table import EventTable
from dashboard.metrics import Family
from dashboard.runtime import Service
from dashboard.settings import Settings
from dashboard.streaming.feed import RING, Subscriber
from dashboard.streaming.frame import CHUNKED, GZIP, Frame
from dashboard.streaming.hub import Hub
from dashboard.telemetry.counters import Instruments
from dashboard.web import access, problem, stream
from tests.support.log_contract import Clock, event, number_of

pytestmark = pytest.mark.usefixtures("no_leaks")

PATIENCE = 60
LAST = event(-1)


class Quiet(Family):
    """A family without figures: the tests append what they need themselves."""

    name = "quiet"
    fields = ()
    absent_reason = "quiet"

    def read(self) -> dict[str, Any] | None:
        return None


class Stack:
    """A worker's runtime and the /stream route, and the log as another process would have it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.url = f"sqlite:///{folder / 'events.db'}"
        self._readers: list[Any] = []
        self.writer = open_log_for_greenlets(self.url, retention=3600)
        self.service = Service(
            Settings(log=self.url, host_name="box", **settings), build="test", families=[Quiet]
        )
        self.app = Flask("test")
        access.register(self.app, self.service.settings, self.service.instruments)
        problem.register(self.app)
        self.app.add_url_rule("/stream", "stream.stream", partial(stream.stream, self.service))

    def start(self) -> None:
        self.runtime = self.service.start()
        assert self.hub.ready.wait(PATIENCE)

    @property
    def hub(self) -> Hub:
        return self.runtime.hub

    def stream(self, query: str = "", after: EventId | None = None) -> "Stream":
        return Stream(self.app, query, after)

    def settled(self, event_id: EventId) -> None:
        """Wait until the hub has delivered an event."""
        wait_until(lambda: self.hub.position >= event_id)

    def spawn(self, read: Callable[..., Any], *args: object) -> Any:
        """Start a reader, which ends with the stack at the latest: another test needs the time."""
        self._readers.append(gevent.spawn(read, *args))
        return self._readers[-1]

    def close(self) -> None:
        gevent.killall(self._readers)
        self.runtime.stop()
        self.writer.close()


class Stream:
    """One response of /stream, called as a WSGI server calls it."""

    def __init__(self, app: Flask, query: str, after: EventId | None) -> None:
        headers = [("Last-Event-ID", str(after))] if after else []
        builder = EnvironBuilder(path="/stream", query_string=query, headers=headers)
        self.status = ""

        def start_response(status: str, headers: object, exc_info: object = None) -> Any:
            self.status = status

        self._result: Any = app.wsgi_app(builder.get_environ(), start_response)
        self._blocks: Iterator[bytes] = iter(self._result)
        assert self.status == "200 OK"

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        self._result.close()

    def events(self) -> Iterator[tuple[str, EventId | None, str]]:
        """(name, id, data) of every event."""
        for block in self._blocks:
            for text in block.decode().split("\n\n")[:-1]:
                fields = dict(line.split(": ", 1) for line in text.split("\n"))
                event_id = EventId.parse(fields["id"]) if "id" in fields else None
                yield fields.get("event", "message"), event_id, fields.get("data", "")

    def ids_to_the_end(self) -> list[EventId]:
        """The ids of all events up to LAST."""
        found: list[EventId] = []
        for _, event_id, data in self.events():
            if event_id is not None:
                found.append(event_id)
                if data == LAST.data:
                    return found
        raise AssertionError("the stream ended before the last event")

    def ids_until(self, last: EventId) -> list[EventId]:
        """The ids of all events up to one that is known."""
        found: list[EventId] = []
        for _, event_id, _ in self.events():
            if event_id is not None:
                found.append(event_id)
                if event_id >= last:
                    return found
        raise AssertionError(f"the stream ended before {last}")


def wait_until(condition: Callable[[], object]) -> None:
    """Let other greenlets run until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        gevent.sleep(0.005)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A running one with the default settings."""
    with closing(Stack(tmp_path)) as stack:
        stack.start()
        yield stack


# No hole, no double.


def test_a_log_that_is_deleted_piece_by_piece_at_the_start_is_no_news(tmp_path: Path) -> None:
    with closing(Stack(tmp_path)) as stack:
        given = stack.writer.append([event(number) for number in range(2500)])
        with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as log:
            log.execute("DELETE FROM latest")
        stack.start()
        assert stack.hub.position == given[-1]
        reading = stack.spawn(stack.stream().ids_to_the_end)
        (last,) = stack.writer.append([LAST])
        assert reading.get(timeout=PATIENCE) == [last]


def test_the_first_event_of_a_log_is_delivered_also_while_a_worker_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[EventId] = []

    def latest(table: EventTable) -> list[Event]:
        monkeypatch.undo()
        found = table.latest()
        given.extend(writer.append([event(1)]))
        return found

    with closing(Stack(tmp_path)) as stack:
        with closing(SQLiteLog(tmp_path / "events.db", retention=3600)) as writer:
            monkeypatch.setattr(EventTable, "latest", latest)
            stack.start()
        stack.settled(given[0])
        stream = stack.stream()
        assert stream.ids_until(given[0]) == given
        stream.close()


each_seed = pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]
)


@pytest.mark.parametrize(
    "seed",
    [
        0,
        pytest.param(1, marks=pytest.mark.slow),
        *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 5)),
    ],
)
@pytest.mark.parametrize("memory", [4 << 20, 40_000, 2000])
def test_readers_that_come_at_any_time_with_any_id_get_each_event_after_it_once_in_order(
    tmp_path: Path, seed: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Little memory sends readers to the log, short stretches make them go there often.
    monkeypatch.setattr("dashboard.streaming.replay_buffer.LEAST_BYTES", memory)
    monkeypatch.setattr("dashboard.streaming.replay_buffer.MOST_BYTES", memory)
    monkeypatch.setattr("dashboard.streaming.tail.MOST_BYTES", memory)
    monkeypatch.setattr("dashboard.streaming.tail._BATCH", 7)
    monkeypatch.setattr("dashboard.streaming.catch_up._BATCH", 7)
    rng = random.Random(seed)
    with closing(Stack(tmp_path)) as stack:
        given = stack.writer.append([event(n) for n in range(rng.randint(0, 20))])
        stack.start()
        reading: list[tuple[EventId, Any]] = []

        def read(after: EventId) -> list[EventId]:
            found: list[EventId] = []
            while True:
                with closing(stack.stream(after=found[-1] if found else after)) as one:
                    for name, event_id, data in one.events():
                        assert name != "gap", "everything after the id can be told"
                        if event_id is not None:
                            found.append(event_id)
                            if data == LAST.data:
                                return found
                        if rng.random() < 0.02:
                            break  # leaves in the middle, and comes back with its last id
                        if rng.random() < 0.1:
                            gevent.sleep(0)

        for number in range(60):
            batch = [event(number) for _ in range(rng.choice([1, 1, 5, 20]))]
            given += stack.writer.append(batch)
            if rng.random() < 0.5:
                after = rng.choice(given[-rng.choice([1, 10, 1000]) :])
                reading.append((after, stack.spawn(read, after)))
            gevent.sleep(rng.choice([0, 0, 0.002]))
        given += stack.writer.append([LAST])
        for after, greenlet in reading:
            expected = [event_id for event_id in given if event_id > after]
            assert greenlet.get(timeout=PATIENCE) == expected


@each_seed
def test_new_readers_get_the_newest_of_each_kind_and_then_each_event_once(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    with closing(Stack(tmp_path)) as stack:
        stack.start()
        kinds = ["cpu", "load", None]
        given: dict[EventId, str | None] = {}
        reading = []

        def append(name: str | None) -> EventId:
            (event_id,) = stack.writer.append([event(0, name=name)])
            given[event_id] = name
            return event_id

        for name in kinds:
            stack.settled(append(name))
        for _ in range(RING - 2):
            append(rng.choice(kinds))
            if rng.random() < 0.5:
                # Only the first block is read before the others run on; as late as the ring allows.
                one = stack.stream()
                reading.append((one, next(iter(one))))
            gevent.sleep(rng.choice([0, 0, 0.002]))
        last = append("cpu")
        for one, first in reading:
            with closing(one):
                told = re.findall(r"^id: (.*)$", first.decode(), re.M)
                found = [EventId.parse(text) for text in told] + one.ids_until(last)
            assert found == sorted(set(found))
            # From the first live event on nothing is missing; before it stand the newest.
            live = len(kinds)
            assert found[live:] == [event_id for event_id in given if event_id >= found[live]]
            before = [event_id for event_id in given if event_id < found[live]]
            newest = {given[event_id]: event_id for event_id in before}
            assert found[:live] == sorted(newest.values())


@each_seed
def test_conflating_readers_never_get_an_event_twice_or_an_older_one(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    with closing(Stack(tmp_path)) as stack:
        stack.start()
        given = stack.writer.append([event(0)])

        def read(after: EventId | None) -> list[EventId]:
            with closing(stack.stream("every=0.2", after)) as one:
                return one.ids_to_the_end()

        reading = []
        for number in range(80):
            given += stack.writer.append([event(number, name=rng.choice(["a", "b", "c"]))])
            if rng.random() < 0.4:
                reading.append(stack.spawn(read, rng.choice([None, rng.choice(given)])))
            gevent.sleep(0.005)
        stack.writer.append([LAST])
        for greenlet in reading:
            found = greenlet.get(timeout=PATIENCE)
            assert found == sorted(set(found))


def test_a_stream_with_every_is_not_sent_again_what_it_was_told_as_it_came(
    tmp_path: Path,
) -> None:
    clock = Clock(1_800_000_000.05)
    with hub_without_log(clock) as hub:
        every = Filter(every=0.8)

        def join() -> Subscriber:
            return hub.join(every)

        first = join()
        hub.deliver([logged_at(clock.now + 0.01)])
        clock.now += 0.02
        (told,) = hub.replay_buffer.latest(every)
        second = join()
        later = logged_at(clock.now + 10, name="load")
        hub.deliver([later])
        hub.deliver([logged_at(clock.now + 20, name="load")])
        got = gevent.spawn(second.frames, 0).get(timeout=PATIENCE)
        assert str(told.event.id).encode() not in got
        hub.leave(first)
        hub.leave(second)


@each_seed
def test_parked_conflating_streams_get_newer_events_only_and_not_too_many(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    every = Filter(every=0.15)
    with closing(Stack(tmp_path)) as stack:
        stack.start()
        parked: list[tuple[EventId, socket.socket]] = []
        for number in range(120):
            (given,) = stack.writer.append([event(number, name=rng.choice(["a", "b", "c"]))])
            if rng.random() < 0.3:
                stack.settled(given)
                mine, theirs = socket.socketpair()
                theirs.setblocking(False)
                assert stack.hub.admission.admit(filter=every)
                told, follower = stack.hub.position, stack.hub.join(every)
                stack.hub.park(theirs.detach(), follower, 0)
                parked.append((told, mine))
            gevent.sleep(0.005)
        (last,) = stack.writer.append([LAST])
        for told, connection in parked:
            received = b""
            while str(last).encode() + b"\n" not in received:
                gevent.socket.wait_read(connection.fileno(), timeout=PATIENCE)
                block = connection.recv(65536)
                assert block, "the stream ended"
                received += block
            connection.close()
            found = re.findall(rb"^id: (.*)\nevent: (.*)$", received, re.M)
            ids = [EventId.parse(text.decode()) for text, _ in found]
            assert ids == sorted(set(ids))
            assert ids[0] > told, "told already"
            for name in {name for _, name in found}:
                times = [i.time for i, (_, n) in zip(ids, found, strict=True) if n == name]
                # One a period; one more of it where a busy machine delivers it after its end.
                assert len(times) <= 2 * (times[-1] - times[0]) / 0.15 + 4
        wait_until(lambda: stack.hub.admission.streams == 0)


# What streams want.


def test_a_stream_gets_what_its_query_asks_for(stack: Stack) -> None:
    kinds = [("a", "cpu"), ("a", None), ("b", "cpu"), ("b", "load")]
    streams = [
        stack.stream(query)
        for query in ("", "events=cpu", "events=message,load", "host=b", "events=cpu&host=b")
    ]
    for one in streams:
        next(iter(one))
    stack.writer.append([event(n, host=host, name=name) for n, (host, name) in enumerate(kinds)])
    stack.writer.append([event(4, host="b", name="cpu")])  # the last, and all want it or none
    stack.writer.append([event(5, host="b", name=None), event(6, host="b", name="load")])
    wanted = [[0, 1, 2, 3, 4, 5, 6], [0, 2, 4], [1, 3, 5, 6], [2, 3, 4, 5, 6], [2, 4]]
    for one, expected in zip(streams, wanted, strict=True):
        with closing(one):
            found: list[int] = []
            for _, event_id, data in one.events():
                if event_id is not None:
                    found.append(number_of(Event("", None, data)))
                if len(found) == len(expected):
                    break
            assert found == expected


def test_streams_with_one_filter_share_a_feed_and_the_last_takes_it_along(stack: Stack) -> None:
    def feeds() -> float | None:
        return stack.runtime.instruments.registry.get_sample_value("vitals_feeds")

    streams = [stack.stream(query) for query in ("events=cpu", "events=cpu", "", "")]
    for one in streams:
        next(iter(one))
    assert feeds() == 2
    assert stack.hub.admission.streams == 4
    for one in streams[:3]:
        one.close()
    assert feeds() == 1
    streams[3].close()
    streams[3].close()
    assert feeds() == 0
    assert stack.hub.admission.streams == 0


def test_a_stream_that_is_closed_before_it_began_gives_its_place_back(stack: Stack) -> None:
    stack.stream().close()
    assert stack.hub.admission.streams == 0


# Heartbeats.


def test_heartbeats_go_into_silence_and_only_there(tmp_path: Path) -> None:
    with closing(Stack(tmp_path, heartbeat=0.5)) as stack:
        stack.start()
        stack.writer.append([event(0)])
        with closing(stack.stream()) as one:
            # (name, since the frame before) of what comes; hello is the first.
            came: list[tuple[str, float]] = []
            before = time.monotonic()

            def write() -> None:
                for number in range(150):
                    stack.writer.append([event(number)])
                    gevent.sleep(0.01)

            writing = stack.spawn(write)
            for name, _, _ in one.events():
                came.append((name, time.monotonic() - before))
                before = time.monotonic()
                if [name for name, _ in came[-3:]] == ["heartbeat"] * 3:
                    break
            writing.get()
    heartbeats = [silence for name, silence in came if name == "heartbeat"]
    assert min(heartbeats) > 0.4, "a heartbeat without silence before it"


# Whose id it is.


def test_an_id_of_this_log_is_covered_from_memory_and_from_the_log(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [stack.writer.append([event(n)])[0] for n in range(5)]
    stack.settled(ids[-1])
    assert all(stack.hub.replay.can_replay(event_id, 300) for event_id in ids)
    assert stack.hub.replay.can_replay(EventId(ids[0].ms, ids[0].sequence + 1), 300)


def test_an_id_that_another_worker_was_quicker_with_is_covered(stack: Stack) -> None:
    for number in range(20):
        (event_id,) = stack.writer.append([event(number)])
        assert stack.hub.replay.can_replay(event_id, 300)
        assert stack.hub.position >= event_id


def test_an_id_that_is_not_of_this_log_or_too_old_is_never_covered(stack: Stack) -> None:
    (first,) = stack.writer.append([event(1)])
    stack.settled(first)
    can_replay = stack.hub.replay.can_replay
    now = time.time()
    assert not can_replay(EventId(first.ms, first.sequence + 1), 300), "never given"
    assert not can_replay(EventId.at(now + 3600), 300), "of the future"
    assert not can_replay(EventId.at(now - 20), 300), "before this log began"
    assert not can_replay(EventId(first.ms - 1, 0), 300), "a deleted log's, perhaps"
    assert not can_replay(EventId.at(now - 301), 300), "too old"
    assert not can_replay(EventId(0, 0), 300)


def test_an_id_older_than_the_replay_is_not_covered_although_the_log_has_it(stack: Stack) -> None:
    (first,) = stack.writer.append([event(1)])
    stack.settled(first)
    gevent.sleep(0.05)
    assert stack.hub.replay.can_replay(first, 300)
    assert not stack.hub.replay.can_replay(first, 0.04)


def test_a_trimmed_id_is_not_covered(tmp_path: Path) -> None:
    with closing(Stack(tmp_path)) as stack:
        (gone,) = stack.writer.append([event(1)])
        gevent.sleep(0.05)
        trimmer = open_log_for_greenlets(stack.url, retention=0.01)
        (kept,) = trimmer.append([event(2)])
        trimmer.close()
        assert stack.writer.oldest() == kept
        stack.start()
        stack.settled(kept)
        assert not stack.hub.replay.can_replay(gone, 300)
        assert stack.hub.replay.can_replay(kept, 300)


def test_an_id_of_a_deleted_log_gets_a_gap_and_goes_on_live(tmp_path: Path) -> None:
    with closing(Stack(tmp_path)) as stack:
        (old,) = stack.writer.append([event(1)])
        for path in tmp_path.glob("events.db*"):
            if path.is_file():
                path.unlink()
        gevent.sleep(0.002)
        (newest,) = stack.writer.append([event(2)])
        stack.start()
        with closing(stack.stream(after=old)) as one:
            events = one.events()
            assert [next(events)[0] for _ in range(2)] == ["hello", "gap"]
            assert next(events)[1] == newest
            (later,) = stack.writer.append([event(3)])
            assert next(events)[1] == later


# Trouble.


def test_streams_go_on_over_a_log_that_is_deleted_under_them(tmp_path: Path) -> None:
    with closing(Stack(tmp_path)) as stack:
        stack.start()
        given = stack.writer.append([event(1)])
        with closing(stack.stream(after=given[0])) as one:
            given += stack.writer.append([event(2)])
            assert one.ids_until(given[-1]) == given[1:]
            (tmp_path / "events.db").unlink()
            given += stack.writer.append([event(3)])
            given += stack.writer.append([event(4)])
            assert one.ids_until(given[-1]) == given[2:]


def test_what_the_log_could_not_take_reaches_streams_without_an_id(stack: Stack) -> None:
    with closing(stack.stream()) as one:
        next(iter(one))

        def broadcast_unpersisted() -> None:
            while True:  # the hub hears from its first wait on
                stack.writer.broadcast_unpersisted(Unpersisted("no space", [event(7)]))
                gevent.sleep(0.05)

        announcing = stack.spawn(broadcast_unpersisted)
        events = (found for found in one.events() if found[0] == "cpu")
        assert next(events) == ("cpu", None, '{"number":7}')
        announcing.kill()
        assert stack.hub.problem is not None
        assert stack.hub.problem[0] == "no space"
        (logged,) = stack.writer.append([event(8)])
        assert one.ids_until(logged) == [logged]
        assert stack.hub.problem is None


def test_a_stop_ends_streams_that_wait(stack: Stack) -> None:
    def read() -> int:
        with closing(stack.stream()) as one:
            return len(list(one))

    readers = [stack.spawn(read) for _ in range(5)]
    wait_until(lambda: stack.hub.admission.streams == 5)
    stack.runtime.stop()
    assert all(greenlet.get(timeout=PATIENCE) > 0 for greenlet in readers)
    assert stack.hub.admission.streams == 0


class NoLog:
    """A log that can't be read: for what happens to ids that only the log could tell."""

    def __getattr__(self, name: str) -> Any:
        def fail(*arguments: Any, **more: Any) -> Any:
            raise LogUnavailable("no disk")

        return fail


def logged_at(seconds: float, *, name: str = "cpu") -> Event:
    """An event with the id of a time."""
    return Event("box", name, "{}", EventId.at(seconds))


class hub_without_log:  # noqa: N801 (used as a context manager)
    """A hub that is fed by hand, with the greenlet that keeps its time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        log: Any = NoLog()
        self._hub = Hub(
            log,
            interval=1,
            heartbeat=15,
            retention=3600,
            instruments=Instruments(),
            most_streams=10,
            clock=clock,
        )

    def __enter__(self) -> Hub:
        self._timing = gevent.spawn(self._hub.run_timers)
        return self._hub

    def __exit__(self, *error: object) -> None:
        self._timing.kill()
        self._hub.stop()


def test_an_unreadable_log_covers_nothing_that_is_not_in_memory() -> None:
    clock = Clock()
    with hub_without_log(clock) as hub:
        hub.deliver([logged_at(clock.now)])
        with pytest.raises(LogUnavailable):
            hub.replay.can_replay(EventId.at(clock.now - 1), 300)
        with pytest.raises(LogUnavailable):
            hub.replay.read_next(EventId.at(clock.now - 1), Filter())


def test_events_that_never_end_are_delivered_together(stack: Stack) -> None:
    def frames() -> float:
        return stack.runtime.instruments.registry.get_sample_value("vitals_frames_total") or 0

    with closing(stack.stream()) as one:
        next(iter(one))
        reading = stack.spawn(one.ids_to_the_end)
        started, before = time.monotonic(), frames()
        for number in range(200):
            stack.writer.append([event(number)])
            gevent.sleep(0.003)
        stack.writer.append([LAST])
        assert len(reading.get(timeout=PATIENCE)) == 201
        assert frames() - before <= 11 + 20 * (time.monotonic() - started)


# Parked sockets whose buffers are full.


@pytest.mark.parametrize("form", [0, CHUNKED, GZIP, CHUNKED | GZIP])
def test_a_parked_reader_that_is_behind_gets_the_rest_when_it_reads_on(form: int) -> None:
    clock = Clock()
    rng = random.Random(1)
    with hub_without_log(clock) as hub:
        mine, theirs = socket.socketpair()
        theirs.setblocking(False)
        for end in (mine, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        assert hub.admission.admit()
        hub.park(theirs.detach(), hub.join(Filter()), form)
        sent = []
        for number in range(20):
            data = json.dumps({"number": number, "text": rng.randbytes(25_000).hex()})
            sent.append(Event("box", "cpu", data, EventId(round(clock.now * 1000), number)))
            hub.deliver(sent[-1:])
        expected = b"".join(Frame(Encoded.of(event).wire).form(form) for event in sent)
        received = b""
        while len(received) < len(expected):
            gevent.socket.wait_read(mine.fileno(), timeout=PATIENCE)
            block = mine.recv(65536)
            assert block, "it was cut"
            received += block
        assert received == expected
        sent.append(Event("box", "cpu", "{}", EventId(round(clock.now * 1000), 100)))
        hub.deliver(sent[-1:])
        gevent.socket.wait_read(mine.fileno(), timeout=PATIENCE)
        assert mine.recv(65536) == Frame(Encoded.of(sent[-1]).wire).form(form)
        mine.close()
        wait_until(lambda: hub.admission.streams == 0)


@pytest.mark.parametrize(("size", "count"), [(100_000, 60), (10, 20_000)])
def test_a_parked_reader_that_never_reads_is_closed_after_a_while(size: int, count: int) -> None:
    clock = Clock()
    with hub_without_log(clock) as hub:
        mine, theirs = socket.socketpair()
        theirs.setblocking(False)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        assert hub.admission.admit()
        hub.park(theirs.detach(), hub.join(Filter()), 0)
        delivered = 0
        while hub.admission.streams:
            assert delivered < count
            event_id = EventId(round(clock.now * 1000), delivered)
            hub.deliver([Event("box", "cpu", json.dumps("x" * size), event_id)])
            delivered += 1
        assert delivered * size > 100_000 or delivered > RING
        mine.close()
