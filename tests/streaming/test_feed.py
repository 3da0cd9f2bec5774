"""Feeds: filters, conflation, and the short ring of the last frames. Time is the test's own."""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.events.projection import Projection, project
from dashboard.streaming.catch_up import CHUNK, Replay
from dashboard.streaming.conflation import conflate, first_window
from dashboard.streaming.feed import RING, RING_BYTES, RINGS_BYTES, Feed, Lagging, Subscriber
from dashboard.streaming.feed_registry import Deliveries, FeedRegistry
from dashboard.streaming.frame import Frame
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.streaming.shared_chunks import Chunk

pytestmark = pytest.mark.usefixtures("no_leaks")

START = 1_800_000_000.0


def logged(
    time: float, sequence: int = 0, *, host: str = "box", name: str | None = "cpu"
) -> Encoded:
    """An event with an id of this time, seconds after START."""
    return Encoded.of(Event(host, name, "{}", EventId(round((START + time) * 1000), sequence)))


def ids(*frames: Frame | None) -> list[EventId]:
    """The ids in frames, in their order."""
    text = b"".join(frame.raw for frame in frames if frame is not None)
    return [EventId.parse(found.decode()) for found in re.findall(rb"^id: (.*)$", text, re.M)]


def ids_of(*events: Encoded) -> list[EventId | None]:
    return [encoded.event.id for encoded in events]


# Filters.


def test_a_filter_without_conditions_wants_everything() -> None:
    assert Filter().wants(logged(0).event)
    assert Filter().wants(logged(0, name=None).event)


def test_a_filter_wants_its_names_and_hosts_only() -> None:
    some = Filter(names=frozenset({"cpu", "load"}), hosts=frozenset({"a", "b"}))
    wanted = [
        (host, name)
        for host in ("a", "b", "c")
        for name in ("cpu", "load", "memory", None)
        if some.wants(logged(0, host=host, name=name).event)
    ]
    assert wanted == [("a", "cpu"), ("a", "load"), ("b", "cpu"), ("b", "load")]


def test_the_unnamed_are_asked_for_as_message() -> None:
    unnamed = Filter(names=frozenset({"message"}))
    assert unnamed.wants(logged(0, name=None).event)
    assert not unnamed.wants(logged(0).event)
    assert not Filter(names=frozenset({"cpu"})).wants(logged(0, name=None).event)


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("web-*", ["web-", "web-1", "web-1.lan"], ["web", "Web-1", "a-web-1"]),
        ("*-db", ["-db", "a-db", "a-db-db"], ["db", "a-db-1"]),
        ("*", ["a", "web-1"], []),
        ("a*b*c", ["abc", "a-b-c", "abbcc", "abcbc"], ["acb", "ab", "abcd", "xabc"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("a*b*b", ["abb", "axbxb"], ["ab", "axb"]),
        ("a**b", ["ab", "axb"], ["a"]),
        ("web.1*", ["web.1", "web.12"], ["webx1", "web"]),
        ("web-1", ["web-1"], ["web-12", "web-", "web"]),
    ],
)
def test_a_star_in_a_host_stands_for_any_run_of_characters(
    pattern: str, fitting: list[str], others: list[str]
) -> None:
    some = Filter(hosts=frozenset({pattern, "other"}))
    assert [host for host in fitting + others if some.wants_host(host)] == fitting
    assert some.wants_host("other")


@given(
    st.text("ab*", min_size=1, max_size=8),
    st.text("ab", min_size=1, max_size=8),
)
@settings(deadline=None)
def test_stars_mean_what_they_mean_to_a_regular_expression(pattern: str, host: str) -> None:
    expected = re.fullmatch(pattern.replace("*", ".*"), host) is not None
    assert Filter(hosts=frozenset({pattern})).wants_host(host) == expected


def test_no_pattern_takes_long() -> None:
    pattern = "a*" * 120 + "b"
    started = time.process_time()
    assert not Filter(hosts=frozenset({pattern})).wants_host("a" * 250)
    assert time.process_time() - started < 1


# Thinning.


def test_an_event_is_thinned_to_the_fields_that_are_asked_for() -> None:
    data = (
        '{"host":"box","time":1.50,"percent":1.0,"user":null,"cores":[1,2],"nice":{"a":1,"b.c":{}}}'
    )
    event = Encoded.of(Event("box", "cpu", data, EventId(7, 0)))

    def projected(*fields: str) -> str:
        found = re.fullmatch(
            r"id: 7-0\nevent: cpu\ndata: (.*)\n\n", event.projected(frozenset(fields)).decode()
        )
        assert found is not None
        return found[1]

    assert projected("cpu.percent", "load.load1") == '{"host":"box","time":1.50,"percent":1.0}'
    assert projected("cpu.user", "cpu.never") == '{"host":"box","time":1.50,"user":null}'
    assert projected("cpu.cores") == '{"host":"box","time":1.50,"cores":[1,2]}'
    assert projected("cpu.nice.a") == '{"host":"box","time":1.50,"nice":{"a":1}}'
    assert projected("cpu.nice.b.c") == '{"host":"box","time":1.50,"nice":{"b.c":{}}}'
    assert projected("cpu.nice.a", "cpu.nice") == projected("cpu.nice")
    nothing = '{"host":"box","time":1.50}'
    assert (
        projected("cpu.never") == projected("cpu.nice.z") == projected("cpu.percent.x") == nothing
    )
    assert projected("cpu.time", "cpu.cores.0") == nothing
    assert projected("load.load1", "cpuX.percent") == data, "not named: whole"


def test_names_with_dots_and_the_unnamed_can_be_thinned() -> None:
    data = '{"host":"a","time":1,"lag":2,"lobby":{"lag":3}}'
    for name, fields, left in [
        ("screen.lobby", "screen.lobby.lag", '"lag":2'),
        ("screen", "screen.lobby.lag", '"lobby":{"lag":3}'),
        (None, "message.lag", '"lag":2'),
    ]:
        event = Encoded.of(Event("a", name, data, EventId(7, 0)))
        text = event.projected(frozenset({fields})).decode()
        assert text.endswith(f'data: {{"host":"a","time":1,{left}}}\n\n')


@pytest.mark.parametrize(
    "data", ["", "{", "[1]", '"cpu"', "{}", '{"a":\ud800}', '{"host":' * 2000 + "1" + "}" * 2000]
)
def test_what_is_no_object_is_left_as_it_is(data: str) -> None:
    assert project(data, {"host": None}) == data


def test_an_event_is_thinned_once_for_all_who_want_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = Counter[str]()

    def counting(data: str, paths: Projection) -> str:
        count[data] += 1
        return project(data, paths)

    monkeypatch.setattr("dashboard.events.encoded.project", counting)
    event = logged(0)
    fields = frozenset({"cpu.percent"})
    play = Play(*(Filter(fields=fields, every=n) for n in (None, 0.1, 5)))
    play.take(event)
    play.until(100)
    assert [frame.raw for _, frame in play.frames] == [event.projected(fields)] * 3
    assert count.total() == 1
    for number in range(20):
        event.projected(frozenset({f"cpu.field{number}"}))
    assert count.total() == 21
    assert len(event._projected or {}) <= 8, "what is kept of one event is bounded"


# Batches.


def batches_of(raw: bytes) -> list[tuple[str, list[dict[str, object]]]]:
    """The id of each, and its items."""
    found = []
    for block in raw.decode().removesuffix("\n\n").split("\n\n") if raw else []:
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        assert lines.pop("event") == "batch"
        items = json.loads(lines.pop("data"))
        found.append((lines.pop("id", ""), items))
        assert not lines
    return found


def test_a_batch_has_the_events_as_they_are_in_order() -> None:
    filter = Filter(batch=True)
    unnamed = Encoded.of(
        Event("box", None, '{"host": "box", "time": 1, "n": [1.50]}', EventId(9, 1))
    )
    unlogged = Encoded.of(Event("box", "cpu", '{"host":"box","time":2}'))
    assert batches_of(filter.wire([unnamed, unlogged])) == [
        (
            "9-1",
            [
                {"id": "9-1", "event": "message", "data": {"host": "box", "time": 1, "n": [1.5]}},
                {"event": "cpu", "data": {"host": "box", "time": 2}},
            ],
        )
    ]
    assert batches_of(filter.wire([unlogged]))[0][0] == "", "it moves no reader's position"
    assert filter.wire([]) == b""


DEEP = '{"a":' * 2000 + "1" + "}" * 2000


@pytest.mark.parametrize(
    "data", ["", "{", '{"a":NaN}', "{}}", "cpu\n\ndata: 1", '{"a":1} x', "null", " [1]", DEEP]
)
def test_what_is_no_json_spoils_no_batch(data: str) -> None:
    odd = Encoded.of(Event("box", "cpu", data, EventId(7, 0)))
    ((last, items),) = batches_of(Filter(batch=True).wire([odd, logged(8)]))
    assert [item["id"] for item in items] == ["7-0", last]
    assert items[0]["data"] == data, "a text, as it came"


def test_json_on_several_lines_stays_one_event() -> None:
    odd = Encoded.of(Event("box", "cpu", '{\n\n"host": "box"}', EventId(7, 0)))
    raw = Filter(batch=True).wire([odd])
    assert raw.endswith(b"\n\n")
    text = "\n".join(line[6:] for line in raw.decode().split("\n") if line.startswith("data: "))
    assert json.loads(text)[0]["data"] == {"host": "box"}


def test_a_large_period_comes_as_several_batches() -> None:
    events = [
        Encoded.of(
            Event("box", "cpu", json.dumps({"n": n, "x": "x" * (n % 7 * 9000)}), EventId(n, 0))
        )
        for n in range(1, 60)
    ]
    found = batches_of(Filter(batch=True).wire(events))
    assert [item["data"] for _, items in found for item in items] == [
        json.loads(each.event.data) for each in events
    ]
    assert all(len(json.dumps(items)) < (64 << 10) + 2000 for _, items in found)
    assert all(last == items[-1]["id"] for last, items in found)
    assert 10 < len(found) < 40


def test_streams_with_batches_and_without_have_feeds_of_their_own() -> None:
    fields = frozenset({"cpu.percent"})
    play = Play(Filter(fields=fields, batch=True, every=5), Filter(fields=fields, every=5))
    event = logged(0)
    play.take(event)
    play.until(100)
    batch, single = sorted((frame.raw for _, frame in play.frames), key=len, reverse=True)
    assert single == event.projected(fields)
    ((last, items),) = batches_of(batch)
    assert last == str(event.event.id)
    assert json.loads(single.decode().partition("data: ")[2]) == items[0]["data"]


def test_a_frame_has_what_the_filter_wants_in_order() -> None:
    play = Play(Filter(names=frozenset({"cpu"})))
    batch = [logged(0), logged(0, 1, name="load"), logged(0, 2)]
    play.take(*batch)
    ((_, frame),) = play.frames
    assert frame.raw == batch[0].wire + batch[2].wire


def test_a_batch_that_the_filter_does_not_want_makes_no_frame() -> None:
    play = Play(Filter(names=frozenset({"load"})))
    play.now = 5
    play.take(logged(0))
    assert play.frames == []
    assert play.feed.frame_count == 0
    assert play.feed.last_frame_at == 0, "silence goes on"


# Conflation.


class Play:
    """FeedRegistry on a clock of the test's; collects their frames and when they came."""

    def __init__(self, *filters: Filter) -> None:
        self.now = 0.0
        self.buffer = ReplayBuffer(retention=1e9, clock=self.clock)
        nothing: Any = None  # these tests stay in memory
        log: Any = SimpleNamespace(time_of=lambda event_id: event_id.time)
        self.replay = Replay(log, self.buffer, nothing, monotonic=lambda: self.now)
        self.feeds = FeedRegistry(self.buffer, heartbeat=1e9, clock=self.clock)
        self.frames: list[tuple[float, Frame]] = []
        for filter in filters:
            self.feed = self.feeds.join(filter, 0, 0)

    def clock(self) -> float:
        return START + self.now

    def until(self, now: float) -> None:
        """Let time pass, as the hub does it: what is due goes out."""
        while (due := self.feeds.next_due()) <= now:
            self.now = max(self.now, due)
            self._keep(self.feeds.due(self.now))
        self.now = now

    def take(self, *batch: Encoded) -> None:
        self._keep(self.feeds.take(list(batch), self.now))

    def _keep(self, made: Deliveries) -> None:
        self.frames += [(self.now, frame) for _, frame in made]
        self.feeds.merge(lambda pending, steady: None)


def test_of_each_host_and_name_the_newest_of_a_period_is_sent() -> None:
    play = Play(Filter(every=10))
    events = [logged(t / 10, name=name) for t, name in enumerate(["cpu", "load", "cpu", "cpu"], 1)]
    other = logged(0.45, host="b")
    play.take(*events[:2])
    play.take(*events[2:], other)
    assert play.frames == []
    play.until(9.9)
    assert play.frames == [], "before the period's end"
    play.until(10.2)
    ((_, frame),) = play.frames
    assert ids(frame) == ids_of(events[1], events[3], other)


def test_nothing_is_pending_after_a_flush() -> None:
    play = Play(Filter(every=10))
    play.take(logged(1))
    play.until(100)
    assert len(play.frames) == 1
    assert play.feed.due is None
    assert play.feeds.end_windows([play.feed], 101) == []


def test_an_event_of_the_next_period_sends_the_one_before() -> None:
    play = Play(Filter(every=10))
    first, second = logged(9.9), logged(10.1)
    play.take(first)
    play.take(second)  # before the timer of the first period was looked at
    assert ids(*(frame for _, frame in play.frames)) == ids_of(first)
    play.until(30)
    assert ids(*(frame for _, frame in play.frames)) == ids_of(first, second)


def test_what_comes_late_is_sent_in_the_next_period_and_not_by_itself() -> None:
    play = Play(Filter(every=10))
    play.take(logged(1))
    play.until(10.2)
    late, newer = logged(9.9), logged(10.3, name="load")
    play.take(late)
    play.until(15)
    play.take(newer)
    play.until(30)
    _, (at, second) = play.frames
    assert ids(second) == ids_of(late, newer)
    assert at >= 20


def test_one_batch_over_several_periods_keeps_one_of_each() -> None:
    play = Play(Filter(every=1))
    batch = [logged(t / 4) for t in range(12)]
    play.take(*batch)
    play.until(10)
    assert ids(*(frame for _, frame in play.frames)) == ids_of(batch[3], batch[7], batch[11])


@pytest.mark.parametrize("step", [0.0, -60.0, -3600.0])
def test_a_clock_that_stands_still_or_steps_back_stalls_nothing(step: float) -> None:
    play = Play(Filter(every=5))
    play.take(logged(0.5))
    play.until(5.2)
    assert len(play.frames) == 1
    # The log keeps the last millisecond and raises the sequence, for as long as the step takes.
    for second in range(6, 66):
        play.until(float(second))
        play.take(logged(0.5, second))
    play.until(70)
    times = [time for time, _ in play.frames]
    gaps = [b - a for a, b in pairwise(times)]
    assert len(play.frames) >= 10
    assert max(gaps) <= 6.2
    found = ids(*(frame for _, frame in play.frames))
    assert found == sorted(set(found))
    assert found[-1] == logged(0.5, 65).event.id


def test_an_event_that_was_not_logged_is_conflated_and_sent_too() -> None:
    play = Play(Filter(every=5))
    unlogged = Encoded.of(Event("box", "cpu", '{"percent":1}'))
    play.take(unlogged)
    play.until(5.2)
    ((_, frame),) = play.frames
    assert frame.raw == unlogged.wire


@given(
    st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=3), st.sampled_from("ab"), st.sampled_from("xyz")
        ),
        max_size=60,
    )
)
def test_whatever_comes_ids_grow_and_each_period_has_the_newest_of_each_kind(
    steps: list[tuple[float, str, str]],
) -> None:
    play = Play(Filter(every=2))
    sent = []
    time = 0.0
    for number, (step, host, name) in enumerate(steps):
        time += step
        play.until(time)
        sent.append(logged(time, number, host=host, name=name))
        play.take(sent[-1])
    play.until(time + 10)
    found = ids(*(frame for _, frame in play.frames))
    assert found == sorted(set(found))
    newest = {
        (int((e.event.id.time - START) / 2), e.event.host, e.event.name): e.event.id
        for e in sent
        if e.event.id is not None
    }
    assert found == sorted(newest.values()), "one of each kind and period, the newest"
    for at, frame in play.frames:
        for event_id in ids(frame):
            assert at - (event_id.time - START) <= 2.11, "kept for longer than a period"


@given(st.floats(min_value=0, max_value=100), st.sampled_from([0.1, 1.0, 7.5, 60.0]))
@example(now=0.05, every=8.0)
def test_a_streams_first_period_ends_no_sooner_than_it_asked_for_and_soon_after_that(
    now: float, every: float
) -> None:
    _, ends = first_window(every, START + now)
    assert every - 1e-5 <= ends - (START + now) <= every * 9 / 8 + 1e-5
    play = Play()
    play.now = now
    feed = play.feeds.join(Filter(every=every), 0, now)
    play.take(logged(now + every / 100))
    assert play.frames == []
    assert feed.due is not None
    assert feed.due >= now + every - 0.0011, "told at the start, and again soon after"


def start(play: Play, filter: Filter, after: EventId | None = None) -> tuple[list[Frame], int]:
    """Return the frames that a stream starts with, and the seq up to which that is all."""
    frames, seq = [], 0
    if after is not None:
        chunk = play.replay.conflated(filter, after)
        frames, seq = [chunk.frame], chunk.reached
        if chunk.is_last:
            return frames, seq
    while True:
        chunk = play.replay.snapshot_chunk(filter, seq)
        frames.append(chunk.frame)
        seq = chunk.reached
        if chunk.is_last and (filter.every is not None or play.replay.is_even(chunk)):
            return frames, seq


class Client:
    """A stream of a `Play`: what it was told as it came, and since; by event, in order."""

    def __init__(self, play: Play, filter: Filter, after: EventId | None = None) -> None:
        self.came_at = play.now
        self.play = play
        frames, seq = start(play, filter, after)
        self.ids = ids(*frames)
        self.heard_at: list[float] = []
        self.follower = Subscriber(play.feeds.join(filter, seq, play.now))

    def listen(self) -> None:
        if not self.follower.is_even:
            self.heard_at.append(self.play.now)
            self.ids += ids(Frame(self.follower.frames(0)))


@pytest.mark.parametrize("every", [0.3, 2.0, 5.0, 40.0])
@pytest.mark.parametrize("step", [0.01, 0.2, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_whoever_comes_whenever_is_told_all_and_nothing_twice(
    every: float, step: float, seed: int
) -> None:
    rng = random.Random(seed)
    play, filter = Play(), Filter(every=every)
    clients: list[Client] = []
    events: list[Encoded] = []
    for number in range(120):
        play.until(play.now + step * rng.random())
        count = rng.choice([0, 1, 1, 4])
        batch = [logged(play.now, number * 10 + n, name=rng.choice("abc")) for n in range(count)]
        play.take(*batch)
        events += batch
        if rng.random() < 0.5:
            after = rng.choice([None, *(e.event.id for e in events[-20:])])
            clients.append(Client(play, filter, after))
            if after is not None:
                clients[-1].ids.insert(0, after)
        for client in clients:
            if rng.random() < 0.8:
                client.listen()
    play.until(play.now + 3 * every)
    newest = [encoded.event.id for encoded in play.buffer.latest(Filter())]
    for client in clients:
        client.listen()
        assert client.ids == sorted(set(client.ids)), "twice, or out of order"
        assert client.ids[-1:] == newest[-1:]
        first = client.ids[0] if client.ids else EventId(0, 0)
        assert {i for i in newest if i is not None and i > first} <= set(client.ids), "missed"
        if client.heard_at:
            assert client.heard_at[0] - client.came_at >= every - 0.002
    assert len(play.feeds) <= 8, "all have grown"


@pytest.mark.parametrize("every", [1.0, 5.0, 30.0])
def test_a_thousand_streams_at_a_thousand_moments_share_few_feeds(every: float) -> None:
    play, filter = Play(), Filter(every=every)
    most = 0
    for number in range(1000):
        play.until(number * every / 400)
        play.take(logged(play.now, number, name="abcdef"[number % 6]))
        Client(play, filter, logged(play.now - every).event.id if number % 2 else None)
        most = max(most, len(play.feeds))
    play.until(play.now + 3 * every)
    assert most <= 80, "those that have been told the same, of each mark and grid, and the grown"
    assert len(play.feeds) <= 8


def test_streams_that_come_together_share_a_feed_and_a_frame() -> None:
    play, filter = Play(), Filter(every=8.0)
    play.take(*(logged(0, n, host=f"host-{n}") for n in range(300)))
    play.now = 0.05
    first = Client(play, filter)
    play.take(logged(0.1, 1000))
    play.now = 0.2
    second = Client(play, filter)
    assert second.ids == first.ids
    assert second.follower.feed is first.follower.feed
    assert start(play, filter)[0][0] is start(play, filter)[0][0]
    plain, _ = start(play, Filter())
    assert ids(*plain)[-1] == EventId(round((START + 0.1) * 1000), 1000)


def test_many_who_come_at_once_to_a_plain_stream_share_what_they_are_told() -> None:
    play, filter = Play(), Filter()
    batch = [logged(0, n, host=f"host-{n}") for n in range(300)]
    play.take(*batch)
    first, _ = start(play, filter)
    later = logged(0.1, 1000, host="host-7")
    play.take(later)
    second, _ = start(play, filter)
    assert second[0] is first[0]
    assert ids(*second) == ids_of(*batch, later)
    play.now = 1
    assert ids(*start(play, filter)[0]) == ids_of(*batch[:7], *batch[8:], later)


def replayed(play: Play, filter: Filter, after: EventId) -> Iterator[Chunk[EventId]]:
    """Yield the chunks of a replay up to the last one."""
    is_last = False
    while not is_last:
        chunk = play.replay.next_chunk(filter, after)
        assert play.replay.next_chunk(filter, after) is chunk, "shared"
        after, is_last = chunk.reached, chunk.is_last
        yield chunk


@pytest.mark.parametrize("filter", [Filter(), Filter(names=frozenset({"cpu"}))])
def test_a_replay_comes_in_chunks_that_others_share(filter: Filter) -> None:
    play = Play()
    data = json.dumps({"message": "x" * 1000})
    batch = [
        Encoded.of(Event("box", name, data, EventId(round(START * 1000), n)))
        for n, name in enumerate(["cpu", "log"] * 500)
    ]
    play.take(*batch)
    assert batch[0].event.id is not None
    chunks = list(replayed(play, filter, batch[0].event.id))
    assert len(chunks) > 3
    assert all(len(chunk.frame.raw) < CHUNK + 100 * len(chunk.events) for chunk in chunks)
    assert ids(*(chunk.frame for chunk in chunks)) == ids_of(*filter.pick(batch[1:]))


def test_a_single_event_may_be_larger_than_a_chunk() -> None:
    play, filter = Play(), Filter()
    data = json.dumps({"message": "x" * (200 << 10)})
    batch = [
        Encoded.of(Event("box", f"log{n}", data, EventId(round(START * 1000), n))) for n in range(4)
    ]
    play.take(*batch)
    assert batch[0].event.id is not None
    chunks = list(replayed(play, filter, batch[0].event.id))
    assert [ids(chunk.frame) for chunk in chunks] == [ids_of(one) for one in batch[1:]]
    frames, _ = start(play, filter)
    assert [ids(frame) for frame in frames] == [ids_of(one) for one in batch]


@pytest.mark.parametrize("every", [None, 5.0])
def test_what_comes_while_a_snapshot_is_sent_is_neither_lost_nor_doubled(
    every: float | None,
) -> None:
    play, filter = Play(), Filter(every=every)
    data = json.dumps({"message": "x" * (CHUNK // 3)})

    def take(number: int, host: int) -> None:
        event_id = EventId(round((START + play.now) * 1000), number)
        play.take(Encoded.of(Event(f"h{host}", "log", data, event_id)))

    for host in range(20):
        take(host, host)
    found: list[EventId] = []
    seq, number = 0, 20
    while True:
        chunk = play.replay.snapshot_chunk(filter, seq)
        found += ids(chunk.frame)
        seq = chunk.reached
        if chunk.is_last and (every is not None or play.replay.is_even(chunk)):
            break
        if number < 50:
            take(number, number % 7)
            number += 1
        play.now += 0.1
    subscriber = Subscriber(play.feeds.join(filter, seq, play.now))
    play.until(play.now + 60)
    if not subscriber.is_even:
        found += ids(Frame(subscriber.frames(0)))
    assert found == sorted(set(found))
    assert set(ids_of(*play.buffer.latest(Filter()))) <= set(found)


def test_what_was_not_logged_is_told_to_whoever_comes_after_it() -> None:
    play = Play()
    play.take(*(logged(0, n, host=f"host-{n}") for n in range(300)))
    start(play, Filter())
    play.take(Encoded.of(Event("box", "cpu", '{"unlogged":1}')))
    told = b"".join(frame.raw for frame in start(play, Filter())[0])
    assert told.count(b"unlogged") == 1


def test_thinning_the_past_gives_what_the_feed_gave_live() -> None:
    play = Play(Filter(every=3))
    events = [logged(t * 0.7, name="xyz"[t % 3]) for t in range(60)]
    for encoded in events:
        play.take(encoded)
    play.until(1000)
    live = ids(*(frame for _, frame in play.frames))
    assert ids_of(*conflate(events, 3, lambda event_id: event_id.time)) == live


# The ring.


def frame_of(feed: Feed, number: int) -> None:
    feed.send(Frame(b"%d\n" % number), float(number))


def test_a_follower_gets_every_frame_once_from_where_it_came() -> None:
    feed = Feed(Filter(), 0)
    frame_of(feed, 0)
    follower = Subscriber(feed)
    assert follower.is_even
    frame_of(feed, 1)
    frame_of(feed, 2)
    assert not follower.is_even
    assert follower.frames(0) == b"1\n2\n"
    frame_of(feed, 3)
    assert follower.frames(0) == b"3\n"


def test_a_follower_that_is_as_late_as_the_ring_is_long_misses_nothing() -> None:
    feed = Feed(Filter(), 0)
    follower = Subscriber(feed)
    for number in range(RING):
        frame_of(feed, number)
    assert feed.slow_consumers() == []
    assert follower.frames(0) == b"".join(b"%d\n" % number for number in range(RING))


def test_a_follower_that_is_later_is_told_instead_of_missing_a_frame() -> None:
    feed = Feed(Filter(), 0)
    slow, quick = Subscriber(feed), Subscriber(feed)
    for number in range(RING + 1):
        frame_of(feed, number)
        assert quick.frames(0) == b"%d\n" % number
    assert feed.slow_consumers() == [slow]
    with pytest.raises(Lagging):
        slow.frames(0)


def test_the_ring_bounds_what_a_feed_keeps() -> None:
    feed = Feed(Filter(), 0)
    late = Subscriber(feed)
    for number in range(1000):
        frame_of(feed, number)
    late.cursor = feed.frame_count - RING
    assert late.frames(0).count(b"\n") == RING


def test_large_frames_are_kept_in_fewer_bytes_but_two_always() -> None:
    feed = Feed(Filter(), 0)
    follower = Subscriber(feed)
    for number in range(4):
        feed.send(Frame(b"x" * (RING_BYTES // 2)), number)
        assert feed.keeps(follower.cursor) == (number < 2)
    follower.cursor = feed.frame_count
    for _ in range(2):
        feed.send(Frame(b"x" * RING_BYTES * 2), 0)
    assert len(follower.frames(0)) == RING_BYTES * 4


def test_many_feeds_keep_less_each() -> None:
    feeds = FeedRegistry(ReplayBuffer(retention=3600.0), heartbeat=15.0, clock=lambda: START)
    count = 2 * RINGS_BYTES // RING_BYTES
    many = [feeds.join(Filter(names=frozenset({f"e{n}"})), 0, 0.0) for n in range(count)]
    piece = Frame(b"x" * (RING_BYTES // 4))
    for _ in range(4):
        feeds.send(piece, 0.0)
    assert all(feed.keeps(feed.frame_count - 2) for feed in many)
    assert not any(feed.keeps(feed.frame_count - 3) for feed in many)


def test_a_follower_that_is_moved_gets_what_is_left_and_goes_on() -> None:
    young, grown = Feed(Filter(), 0), Feed(Filter(), 0)
    late, even = Subscriber(young), Subscriber(young)
    frame_of(young, 1)
    assert even.frames(0) == b"1\n"
    waiting = gevent.spawn(even.frames, 0)
    gevent.sleep(0.01)
    for follower in (late, even):
        follower.switch_feed(grown)
    assert waiting.get(timeout=30) == b""
    frame_of(grown, 2)
    assert even.frames(0) == b"2\n"
    assert late.frames(0) == b"1\n2\n"
    assert young.subscribers == set()
    lost = Subscriber(young)
    for number in range(RING + 1):
        frame_of(young, number)
    lost.switch_feed(grown)
    assert grown.slow_consumers() == [lost]


def test_frames_wake_all_that_wait_and_a_wake_without_a_frame_is_empty() -> None:
    feed = Feed(Filter(), 0)
    waiting = [gevent.spawn(Subscriber(feed).frames, 0) for _ in range(3)]
    gevent.sleep(0.01)
    assert not any(greenlet.ready() for greenlet in waiting)
    frame_of(feed, 1)
    assert [greenlet.get(timeout=30) for greenlet in waiting] == [b"1\n"] * 3
    waiting = [gevent.spawn(Subscriber(feed).frames, 0) for _ in range(3)]
    gevent.sleep(0.01)
    feed.wake()
    assert [greenlet.get(timeout=30) for greenlet in waiting] == [b""] * 3


def test_a_follower_that_hangs_is_cut_with_a_broken_pipe() -> None:
    feed = Feed(Filter(), 0)
    seen = Counter[str]()

    def hang() -> None:
        Subscriber(feed)
        try:
            gevent.sleep(3600)
        except BrokenPipeError:
            seen["cut"] += 1

    greenlet = gevent.spawn(hang)
    gevent.sleep(0.01)
    (follower,) = feed.subscribers
    follower.abort()
    greenlet.join(30)
    assert seen["cut"] == 1
