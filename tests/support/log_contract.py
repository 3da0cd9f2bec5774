"""The contract of `EventLog`, as tests: each engine's module runs this class on its engine.

An engine's module makes a subclass named Test... with two fixtures: `url`, a store of the test's
own, and `open_log`, which opens one more instance on that store and closes all after the test.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import UNBOUNDED, EventLog, IdempotencyConflict, digest_of
from tests.support.service import ROOT, wait_for

LOG_START = EventId(0, 0)
END = EventId(999_999_999_999_999, 0)
ALL = 1_000_000


class OpenLog(Protocol):
    """Opens one more instance on the store of the test."""

    def __call__(
        self,
        *,
        retention: float = 3600.0,
        clock: Callable[[], float] = time.time,
        most_bytes: int = UNBOUNDED,
    ) -> EventLog: ...


class Put(Protocol):
    """Puts an entry into the store, past the engine."""

    def __call__(self, host: str, name: str, data: str | bytes) -> None: ...


YEARS = 9 * 366 * 86400.0
# Hosts, names and data that another program may have logged.
NO_EVENTS: list[tuple[str, str, str | bytes]] = [
    ("box", "cpu", "no JSON"),
    ("box", "cpu", '{"number":1'),
    ("box", "cpu", '["number"]'),
    ("box", "cpu", '{"number":NaN}'),
    ("box", "cpu", '{"number":' + "[" * 100_000 + "]" * 100_000 + "}"),
    ("box", "cpu", b'{"text":"\xff\xfe"}'),
    ("box", "cpu", ""),
    ("box", "cpu", '{"text":"' + "x" * (1 << 20) + '"}'),
    ("box", "a\ndata: {}", "{}"),
    ("box", "gap", "{}"),
    ("box", "Name", "{}"),
    ("box", "n" * 65, "{}"),
    ("../box", "cpu", "{}"),
    ("a\nb", "cpu", "{}"),
    ("", "cpu", "{}"),
    ("h" * 254, "cpu", "{}"),
]


class Clock:
    """A clock that stands still until a test moves it. Starts at a time like today's."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def event(number: int, *, host: str = "box", name: str | None = "cpu") -> Event:
    """An event that can be told from others by its number."""
    return Event(host, name, f'{{"number":{number}}}')


def number_of(event: Event) -> int:
    """The number that `event` gave it."""
    number = json.loads(event.data)["number"]
    assert isinstance(number, int)
    return number


def numbers(events: list[Event]) -> list[int]:
    """The numbers of events, in their order."""
    return [number_of(event) for event in events]


# What another process does with the log: python -c _PROCESS URL TASK ARGUMENTS.
_PROCESS = """
import json, sys
from dashboard.events.event import Event
from dashboard.log.contract import LogUnavailable
from dashboard.log.opening import open_log

url, task, *arguments = sys.argv[1:]
log = open_log(url, retention=3600)
if task == "append":  # batches of three, numbered from `first` on; the ids, a line for each batch
    first, batches = map(int, arguments)
    number = first
    while number < first + 3 * batches:
        batch = [Event("box", "cpu", json.dumps({"number": n})) for n in range(number, number + 3)]
        try:
            ids = log.append(batch)
        except LogUnavailable:  # the other writers were too many; nothing of the batch is logged
            continue
        print(*ids, flush=True)
        number += 3
elif task == "once":  # batches of one, each under a key of its own; the ids
    for n in range(int(arguments[0])):
        while True:
            try:
                batch = [Event("box", "cpu", json.dumps({"number": n}))]
                ids = log.append_idempotent(f"key {n}", "print", batch)
                break
            except LogUnavailable:
                continue
        print(*ids, flush=True)
elif task == "announce":
    from dashboard.events.event import Unpersisted
    log.broadcast_unpersisted(Unpersisted(arguments[0], [Event("box", "cpu", "{}")]))
elif task == "hear":  # what is announced, until something was
    log.wait(0)
    print("listening", flush=True)
    while True:
        for unlogged in log.wait(30):
            print(unlogged.reason, flush=True)
            sys.exit()
log.close()
"""


def run_elsewhere(url: str, *task: object) -> "subprocess.Popen[str]":
    """Start a task of `_PROCESS` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", _PROCESS, url, *map(str, task)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def elsewhere(url: str, *task: object) -> Iterator["subprocess.Popen[str]"]:
    """The same for the length of a `with`."""
    process = run_elsewhere(url, *task)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def finish(process: "subprocess.Popen[str]") -> str:
    """Wait for the end of a task; return its output."""
    try:
        output, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 0
    return output


def ids_of(output: str) -> list[EventId]:
    """The ids that a task `append` has printed."""
    return [EventId.parse(word) for word in output.split()]


class LogContract:
    """What every engine has to do."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        raise NotImplementedError

    @pytest.fixture
    def open_log(self, url: str) -> Iterator[OpenLog]:
        raise NotImplementedError

    @pytest.fixture
    def put(self, url: str) -> Put:
        raise NotImplementedError

    @pytest.fixture
    def log(self, open_log: OpenLog) -> EventLog:
        """An instance with the real clock."""
        return open_log()

    # Ids.

    def test_ids_are_of_the_contracts_form_and_of_the_time_of_the_append(
        self, open_log: OpenLog
    ) -> None:
        clock = Clock(1_785_000_000.123)
        ids = open_log(clock=clock).append([event(1), event(2)])
        assert ids[0] == EventId(1_785_000_000_123, ids[0].sequence)
        assert ids == [EventId.parse(str(event_id)) for event_id in ids]

    def test_ids_only_grow_within_and_between_batches(self, log: EventLog) -> None:
        ids = [event_id for size in (1, 5, 2, 1) for event_id in log.append([event(0)] * size)]
        assert len(ids) == 9
        assert ids == sorted(set(ids))

    def test_ids_come_in_the_order_of_the_events(self, log: EventLog) -> None:
        ids = log.append([event(n) for n in range(5)])
        assert [(e.id, number_of(e)) for e in log.read_after(LOG_START, ALL)] == list(
            zip(ids, range(5), strict=True)
        )

    def test_ids_go_on_after_the_clock_steps_back(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(clock=clock)
        ids = log.append([event(1)])
        clock.now -= 60
        ids += log.append([event(2), event(3)])
        clock.now += 30
        ids += log.append([event(4)])
        clock.now += 31
        ids += log.append([event(5)])
        assert ids == sorted(set(ids))
        assert ids[-1] == EventId(int(clock.now * 1000), ids[-1].sequence), "the clock leads again"
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 2, 3, 4, 5]

    def test_ids_go_on_after_a_restart_with_the_clock_set_back(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(clock=clock)
        before = log.append([event(1)])
        log.close()
        clock.now -= 3000
        after = open_log(clock=clock).append([event(2)])
        assert after > before

    def test_ids_go_on_after_everything_was_trimmed(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        given = log.append([event(n) for n in range(50)])
        clock.now += 1000
        given += log.append([event(50)])
        clock.now += 1000
        given += log.append([event(51)])
        assert numbers(log.read_after(LOG_START, ALL)) == [51]
        log.close()
        clock.now -= 1_000_000  # nothing that is left in the log is as new as what was given
        given += open_log(retention=10, clock=clock).append([event(52)])
        assert given == sorted(set(given))

    def test_an_empty_batch_is_nothing(self, log: EventLog) -> None:
        assert log.append([]) == []
        assert log.oldest() is None
        assert log.append([event(1)])

    # Reading.

    def test_an_empty_log_has_nothing(self, log: EventLog) -> None:
        assert log.read_after(LOG_START, ALL) == []
        assert log.read_range(LOG_START, END) == []
        assert log.latest() == []
        assert log.oldest() is None

    def test_events_come_back_as_they_were(self, log: EventLog) -> None:
        events = [
            Event("box", "cpu", '{"percent":1.5}'),
            Event("Other.Host-1", None, '{"text":"é\u2028\x85\U0001f600"}'),
            Event("box", "a.b-c_9", '{"escaped":"\\n\\u0000\\"", "spaces" : [ ] }'),
        ]
        ids = log.append(events)
        wanted = [
            Event(e.host, e.name, e.data, event_id) for e, event_id in zip(events, ids, strict=True)
        ]
        assert log.read_after(LOG_START, ALL) == wanted
        assert log.read_range(ids[0], ids[2]) == wanted
        assert log.latest() == wanted

    def test_read_after_goes_on_right_behind_an_id(self, log: EventLog) -> None:
        ids = log.append([event(n) for n in range(6)])
        assert numbers(log.read_after(ids[2], ALL)) == [3, 4, 5]
        assert log.read_after(ids[5], ALL) == []
        assert log.read_after(END, ALL) == []

    def test_read_after_stops_at_its_limit_with_the_lowest(self, log: EventLog) -> None:
        ids = log.append([event(n) for n in range(6)])
        assert numbers(log.read_after(LOG_START, 4)) == [0, 1, 2, 3]
        assert numbers(log.read_after(ids[3], 4)) == [4, 5]

    def test_read_after_takes_an_id_that_was_never_given(self, log: EventLog) -> None:
        (given,) = log.append([event(1)])
        assert numbers(log.read_after(EventId(given.ms - 1, 10**18), ALL)) == [1]
        assert log.read_after(EventId(given.ms, 10**18), ALL) == []

    def test_read_range_has_both_its_ends(self, log: EventLog) -> None:
        ids = log.append([event(n) for n in range(6)])
        assert numbers(log.read_range(ids[1], ids[3])) == [1, 2, 3]
        assert numbers(log.read_range(ids[1], ids[1])) == [1]
        assert log.read_range(ids[3], ids[1]) == []

    def test_read_range_by_time(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(clock=clock)
        start = clock.now
        for second in range(5):
            clock.now = start + second
            log.append([event(second)])
        found = log.read_range(EventId.at(start + 1), EventId.at(start + 3.5))
        assert numbers(found) == [1, 2, 3]

    def test_read_range_stops_at_its_limit(self, log: EventLog) -> None:
        ids = log.append([event(n) for n in range(6)])
        assert numbers(log.read_range(ids[0], ids[5], limit=2)) == [0, 1]

    def test_read_range_of_some_names_and_hosts(self, log: EventLog) -> None:
        kinds = [("a", "cpu"), ("a", None), ("b", "cpu"), ("b", "load"), ("c", None)]
        log.append([event(n, host=host, name=name) for n, (host, name) in enumerate(kinds)])

        def found(
            names: list[str | None] | None, hosts: list[str] | None, limit: int = ALL
        ) -> list[int]:
            return numbers(log.read_range(LOG_START, END, names=names, hosts=hosts, limit=limit))

        assert found(["cpu"], None) == [0, 2]
        assert found([None], None) == [1, 4], "None is the unnamed"
        assert found([None, "load"], None) == [1, 3, 4]
        assert found(None, ["b"]) == [2, 3]
        assert found(["cpu"], ["b", "c"]) == [2]
        assert found(["memory"], None) == []
        assert found([], None) == []
        assert found(None, []) == []
        assert found(None, ["b", "c"], limit=2) == [2, 3], "the limit counts what is wanted"

    def test_latest_is_the_newest_of_each_host_and_name_in_id_order(self, log: EventLog) -> None:
        log.append([event(0), event(1, host="b"), event(2, name=None), event(3, name="load")])
        log.append([event(4, name=None), event(5)])
        assert numbers(log.latest()) == [1, 3, 4, 5]

    def test_latest_and_oldest_survive_a_restart(self, open_log: OpenLog) -> None:
        log = open_log()
        ids = log.append([event(0), event(1)])
        log.close()
        again = open_log()
        assert numbers(again.latest()) == [1]
        assert again.oldest() == ids[0]

    def test_latest_and_oldest_forget_what_is_trimmed(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        log.append([event(0, name="deploy"), event(1)])
        clock.now += 100
        (kept,) = log.append([event(2)])
        assert numbers(log.latest()) == [2]
        assert log.oldest() == kept

    def test_what_is_younger_than_the_retention_stays(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=100, clock=clock)
        for number in range(40):
            log.append([event(number)])
            clock.now += 6
        kept = numbers(log.read_after(LOG_START, ALL))
        # 100 seconds are 16 events of this pace; one trimming step may be due still.
        assert kept[-16:] == list(range(24, 40))
        assert kept == list(range(kept[0], 40))
        assert kept[0] >= 20

    def test_looking_back_reads_the_same_log(self, log: EventLog) -> None:
        log.append([event(1)])
        assert numbers(log.with_reader(lambda past: past.read_after(LOG_START, ALL))) == [1]
        log.append([event(2)])
        assert numbers(log.with_reader(lambda past: past.latest())) == [2]

    def test_the_error_of_a_look_back_reaches_the_caller(self, log: EventLog) -> None:
        def fail(past: EventLog) -> None:
            raise KeyError("a bug of the reader")

        with pytest.raises(KeyError):
            log.with_reader(fail)
        assert log.with_reader(lambda past: past.oldest()) is None

    def test_size_grows_with_the_log(self, log: EventLog) -> None:
        log.append([event(0)])
        small = log.size()
        log.append([Event("box", "log", json.dumps({"text": "x" * 500})) for _ in range(2000)])
        assert log.size() > small + 500 * 2000

    # A clock that was ahead.

    def test_after_a_clock_was_ahead_events_are_kept_by_their_real_age(
        self, open_log: OpenLog
    ) -> None:
        clock = Clock()
        log = open_log(retention=100, clock=clock)
        log.append([event(-1)])
        clock.now += YEARS
        log.append([event(-2)])
        clock.now -= YEARS
        for number in range(60):
            clock.now += 6
            if number == 30:
                log.close()
                log = open_log(retention=100, clock=clock)
            log.append([event(number)])
        self.let_time_pass(log)
        kept = numbers(log.read_after(LOG_START, ALL))
        assert kept == list(range(kept[0], 60)), "in their order"
        assert 60 - 100 / 6 - 5 < kept[0] < 60 - 100 / 6 + 1
        oldest = log.oldest()
        assert oldest is not None
        assert oldest.time > clock.now + YEARS / 2, "ids go on from the highest"
        assert numbers(log.latest()) == [59]

    def test_after_a_clock_was_ahead_ids_are_found_by_the_time_of_their_append(
        self, open_log: OpenLog
    ) -> None:
        clock = Clock()
        log, other = open_log(clock=clock), open_log(clock=clock)
        times: dict[EventId, float] = {}
        for number in range(50):
            ahead = YEARS if 10 <= number < 15 else 0.0
            clock.now += 10 + ahead
            ids = log.append([event(number), event(number)])
            clock.now -= ahead
            times |= dict.fromkeys(ids, clock.now)
        assert [e.id for e in other.read_after(LOG_START, ALL)] == list(times)
        for reader in (log, other):
            self.let_time_pass(reader)
            assert reader.newest() == max(times)
            for event_id, at in times.items():
                assert abs(reader.time_of(event_id) - at) <= 60, "as the first after the clock was"
                assert reader.id_at(at - 61) <= event_id
            for event_id, at in list(times.items())[32:]:
                assert reader.time_of(event_id) == pytest.approx(at, abs=0.01)
                assert event_id < reader.id_at(at + 5)
                assert reader.id_at(at - 5) <= event_id
            since = reader.with_reader(
                lambda past: past.read_range(past.id_at(clock.now - 95), END)
            )
            assert numbers(since) == [n for n in range(40, 50) for _ in range(2)]
            assert reader.id_at(clock.now + 3600) > max(times)

    def test_a_clock_that_goes_right_needs_no_marks(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(clock=clock)
        for number in range(20):
            clock.now += -0.5 if number % 3 == 0 else 1
            (event_id,) = log.append([event(number)])
            assert log.time_of(event_id) == event_id.time
        assert log.id_at(clock.now - 7) == EventId.at(clock.now - 7)

    # What is no event.

    def test_what_is_no_event_is_skipped_by_every_reader_and_counted_once(
        self, log: EventLog, open_log: OpenLog, put: Put, caplog: pytest.LogCaptureFixture
    ) -> None:
        ids = log.append([event(0)])
        for host, name, data in NO_EVENTS:
            put(host, name, data)
        ids += log.append([event(1)])
        for reader in (log, open_log()):
            caplog.clear()
            assert numbers(reader.read_after(LOG_START, ALL)) == [0, 1]
            assert numbers(reader.read_after(LOG_START, 2)) == [0, 1]
            assert numbers(reader.read_after(ids[0], 1)) == [1]
            assert numbers(reader.read_range(LOG_START, END)) == [0, 1]
            assert numbers(reader.read_range(LOG_START, END, limit=2)) == [0, 1]
            assert numbers(reader.read_range(LOG_START, END, names=["cpu"])) == [0, 1]
            assert numbers(reader.read_range(LOG_START, END, hosts=["box"], names=["cpu"])) == [
                0,
                1,
            ]
            assert numbers(reader.with_reader(lambda past: past.latest())) == [1]
            assert reader.skipped == len(NO_EVENTS)
            assert len([m for m in caplog.messages if "is no event" in m]) == (
                reader is not log or 1
            )

    def test_a_tail_gets_past_any_number_of_entries_that_are_no_events(
        self, log: EventLog, put: Put
    ) -> None:
        (position,) = log.append([event(0)])
        for _ in range(250):
            put("box", "cpu", "no JSON")
        assert log.read_after(position, 100) == []
        log.wait(0)
        log.append([event(1)])
        log.wait(1)
        assert numbers(log.read_after(position, 100)) == [1]
        assert log.skipped == 250

    # Its size.

    def test_what_is_too_much_goes_from_the_old_end(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(clock=clock, most_bytes=1 << 20)
        data = json.dumps({"text": "x" * 1000})
        newest: EventId | None = None
        for _ in range(60):
            clock.now += 6
            self.let_time_pass(log)
            newest = log.append([Event("box", "log", data)] * 100)[-1]
        kept = [e.id for e in log.read_after(LOG_START, ALL)]
        assert kept[-1] == newest
        assert 300_000 < 1000 * len(kept) < 1_300_000
        assert log.read_range(
            LOG_START, END, names=["log"], hosts=["box"], limit=3
        ) == log.read_after(LOG_START, 3)

    def let_time_pass(self, log: EventLog) -> None:
        """Let an engine that goes by real time think that its next look is due."""

    # Batches.

    def test_a_batch_that_cannot_be_logged_leaves_nothing(self, log: EventLog) -> None:
        with pytest.raises(UnicodeEncodeError):
            log.append([event(1), Event("box", "log", '"\ud800"'), event(2)])
        assert log.read_after(LOG_START, ALL) == []
        log.append([event(3)])
        assert numbers(log.read_after(LOG_START, ALL)) == [3]

    def test_readers_see_whole_batches_in_order_while_two_processes_append(
        self, url: str, log: EventLog
    ) -> None:
        batches = 150
        total = 2 * 3 * batches
        with (
            elsewhere(url, "append", 0, batches) as one,
            elsewhere(url, "append", 10_000, batches) as other,
        ):
            seen: list[Event] = []

            def tail() -> bool:
                position = seen[-1].id if seen else LOG_START
                assert position is not None
                batch = log.read_after(position, ALL)
                assert len(batch) % 3 == 0, "half a batch was readable"
                seen.extend(batch)
                log.wait(0.05)
                return len(seen) >= total

            wait_for(tail, "all events of two processes", timeout=90)
            given = [ids_of(finish(one)), ids_of(finish(other))]
        assert [ids == sorted(set(ids)) for ids in given] == [True, True]
        assert [e.id for e in seen] == sorted(given[0] + given[1]), "each id once, none lost"
        expected = {*range(3 * batches), *range(10_000, 10_000 + 3 * batches)}
        assert sorted(numbers(seen)) == sorted(expected)
        assert log.read_after(LOG_START, ALL) == seen, (
            "nothing came in behind the reader's position"
        )

    def test_a_process_killed_while_it_appends_leaves_whole_batches_and_higher_ids_follow(
        self, url: str, log: EventLog
    ) -> None:
        with elsewhere(url, "append", 0, 100_000) as process:
            wait_for(lambda: len(log.read_after(LOG_START, ALL)) >= 30, "some batches")
            process.kill()
            output, _ = process.communicate()
        told = ids_of(output[: output.rindex("\n")])
        found = log.read_after(LOG_START, ALL)
        assert numbers(found) == list(range(len(found)))
        assert len(found) % 3 == 0
        found_ids = {e.id for e in found}
        assert found_ids.issuperset(told), "an id was told of an event that is not in the log"
        (after,) = log.append([event(-1)])
        assert after > max(told)
        assert log.read_after(LOG_START, ALL)[-1].id == after

    def test_two_instances_see_each_others_events_at_once(self, open_log: OpenLog) -> None:
        one, other = open_log(), open_log()
        ids = []
        for number in range(10):
            ids += (one if number % 2 else other).append([event(number)])
            assert numbers((other if number % 2 else one).read_after(LOG_START, ALL))[-1] == number
        assert ids == sorted(set(ids))

    def test_two_instances_with_different_clocks_give_increasing_ids(
        self, open_log: OpenLog
    ) -> None:
        ahead, behind = open_log(clock=Clock(1_800_000_100)), open_log(clock=Clock(1_800_000_000))
        ids = [event_id for log in (ahead, behind) * 3 for event_id in log.append([event(0)])]
        assert ids == sorted(set(ids))

    # Once.

    def test_a_batch_with_a_key_is_logged_once(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        ids = log.append_idempotent("k", "print", [event(1), event(2)])
        assert ids == sorted(set(ids))
        log.append([event(3)])
        assert log.append_idempotent("k", "print", [event(1), event(2)]) == ids
        assert other.append_idempotent("k", "print", [event(1), event(2)]) == ids
        log.close()
        assert open_log().append_idempotent("k", "print", [event(1), event(2)]) == ids
        assert numbers(other.read_after(LOG_START, ALL)) == [1, 2, 3]
        assert other.read_after(LOG_START, 2)[1].id == ids[1]

    def test_another_key_is_another_batch(self, log: EventLog) -> None:
        ids = log.append_idempotent("k", "print", [event(1)])
        assert log.append_idempotent("K", "print", [event(1)]) > ids
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 1]

    def test_a_key_that_comes_with_another_batch_is_refused(self, open_log: OpenLog) -> None:
        ids = open_log().append_idempotent("k", "print", [event(1)])
        log = open_log()
        with pytest.raises(IdempotencyConflict):
            log.append_idempotent("k", "another print", [event(2)])
        assert numbers(log.read_after(LOG_START, ALL)) == [1]
        assert log.append_idempotent("k", "print", [event(1)]) == ids

    def test_a_key_is_kept_as_long_as_its_events(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=100, clock=clock)
        ids = log.append_idempotent("k", "print", [event(1)])
        clock.now += 99
        assert log.append_idempotent("k", "print", [event(1)]) == ids
        clock.now += 2
        later = log.append_idempotent("k", "another print", [event(2)])
        assert later > ids
        assert log.append_idempotent("k", "another print", [event(2)]) == later

    def test_a_batch_with_a_key_that_cannot_be_logged_leaves_its_key_free(
        self, log: EventLog
    ) -> None:
        with pytest.raises(UnicodeEncodeError):
            log.append_idempotent("k", "print", [event(1), Event("box", "log", '"\ud800"')])
        assert log.append_idempotent("k", "another print", [event(2)])
        assert numbers(log.read_after(LOG_START, ALL)) == [2]

    def test_an_empty_batch_takes_no_key(self, log: EventLog) -> None:
        assert log.append_idempotent("k", "print", []) == []
        assert log.append_idempotent("k", "another print", [event(1)])

    def test_processes_that_send_the_same_batches_at_once_log_each_once(
        self, url: str, log: EventLog
    ) -> None:
        with elsewhere(url, "once", 50) as one, elsewhere(url, "once", 50) as other:
            outputs = [finish(one), finish(other)]
        assert ids_of(outputs[0]) == ids_of(outputs[1])
        assert numbers(log.read_after(LOG_START, ALL)) == list(range(50))

    def test_a_batch_with_a_key_wakes_who_waits(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        log.wait(0)
        other.append_idempotent("k", "print", [event(1)])
        assert _waited(log) < 10

    # Waking.

    def test_silence_is_waited_out(self, log: EventLog) -> None:
        log.wait(0)
        started = time.monotonic()
        for _ in range(3):
            assert log.wait(0.1) == []
        assert time.monotonic() - started >= 0.29

    def test_an_append_wakes_its_own_instance(self, log: EventLog) -> None:
        log.wait(0)
        log.append([event(1)])
        assert _waited(log) < 10

    def test_an_append_of_another_instance_wakes(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        log.wait(0)
        other.append([event(1)])
        assert _waited(log) < 10
        assert numbers(log.read_after(LOG_START, ALL)) == [1], "woken before it can be read"

    def test_an_append_of_another_process_wakes_who_waits_already(
        self, url: str, log: EventLog
    ) -> None:
        log.wait(0)
        processes: list[subprocess.Popen[str]] = []
        timer = threading.Timer(0.3, lambda: processes.append(run_elsewhere(url, "append", 0, 1)))
        timer.start()
        waited = _waited(log)
        timer.join()
        finish(processes[0])
        assert 0.29 < waited < 25
        assert numbers(log.read_after(LOG_START, ALL)) == [0, 1, 2]

    def test_what_is_announced_reaches_every_instance(self, open_log: OpenLog) -> None:
        logs = [open_log(), open_log()]
        for log in logs:
            log.wait(0)
        unpersisted = Unpersisted("disk full", [event(1), event(2, host="b", name=None)])
        logs[0].broadcast_unpersisted(unpersisted)
        assert [log.wait(30) for log in logs] == [[unpersisted], [unpersisted]]
        assert logs[0].wait(0) == []
        assert logs[0].read_after(LOG_START, ALL) == []

    def test_what_is_announced_before_the_first_wait_reaches_the_announcer(
        self, log: EventLog
    ) -> None:
        unpersisted = Unpersisted("disk full", [event(1)])
        log.broadcast_unpersisted(unpersisted)
        assert log.wait(0) == [unpersisted]
        assert log.wait(0) == []

    def test_what_is_announced_reaches_other_processes(self, url: str, log: EventLog) -> None:
        with elsewhere(url, "hear") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            log.broadcast_unpersisted(Unpersisted("the disk is full", [event(1)]))
            assert finish(process) == "the disk is full\n"
        log.wait(0)
        finish(run_elsewhere(url, "announce", "no space"))
        (heard,) = log.wait(30)
        assert heard == Unpersisted("no space", [Event("box", "cpu", "{}")])

    # What is kept beside the events.

    def test_what_is_kept_is_the_same_for_all_and_one_at_a_time_changes_it(
        self, open_log: OpenLog
    ) -> None:
        log, other = open_log(), open_log()
        assert (log.kept("links", None), log.kept("links", "")) == (b"", None)
        first = bytes(range(256))
        assert log.keep("links", "", first)
        assert other.kept("links", None) == other.kept("links", "") == first
        assert other.kept("links", digest_of(first)) is None
        assert not other.keep("links", "", b"second")
        assert other.keep("links", digest_of(first), b"second")
        assert not log.keep("links", digest_of(first), b"third")
        assert log.kept("links", digest_of(first)) == b"second"
        assert log.kept("machines", None) == b""
        assert log.read_after(LOG_START, ALL) == []

    # The end.

    def test_closing_twice_does_nothing(self, open_log: OpenLog) -> None:
        log = open_log()
        log.append([event(1)])
        log.wait(0)
        log.close()
        log.close()

    def test_an_instance_goes_on_when_another_closes(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        other.append([event(1)])
        other.wait(0)
        other.close()
        log.wait(0)
        log.append([event(2)])
        assert _waited(log) < 10
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 2]


def _waited(log: EventLog) -> float:
    """Seconds that `wait(30)` took."""
    started = time.monotonic()
    log.wait(30)
    return time.monotonic() - started
