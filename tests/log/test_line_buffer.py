"""Events on their way to a log that may be away: bounds, order, what is missing is marked."""

import threading
from collections.abc import Sequence

import pytest

from dashboard.events.event import Event
from dashboard.log.contract import LogUnavailable, Refused
from dashboard.log.line_buffer import LineBuffer
from tests.support.service import wait_for

pytestmark = pytest.mark.usefixtures("no_leaks")


class Sink:
    """A log that is away for as long as a test wants."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.is_away = threading.Event()
        self.refusal: Refused | None = None
        self.attempts = 0
        self.said: list[str] = []

    def send(self, events: Sequence[Event], key: str) -> None:
        self.attempts += 1
        if self.refusal is not None:
            raise self.refusal
        if self.is_away.is_set():
            raise LogUnavailable("it is away")
        self.events += events

    def backlog(self, *, most_events: int = 50_000, most_bytes: int = 1 << 24) -> LineBuffer:
        return LineBuffer(
            self.send,
            lost=lost,
            say=self.said.append,
            room_seconds=0.05,
            most_events=most_events,
            most_bytes=most_bytes,
        )


def lost(number: int) -> Event:
    return Event("box", "lost", str(number))


def numbered(numbers: Sequence[int], size: int = 1) -> list[Event]:
    return [Event("box", "log", str(number).rjust(size)) for number in numbers]


def test_what_waits_is_bounded_and_a_gap_is_marked_where_it_is() -> None:
    sink = Sink()
    sink.is_away.set()
    backlog = sink.backlog(most_events=10)
    events = numbered(range(30))
    for event in events[:20]:
        backlog.put(event)
    wait_for(lambda: sink.said, "a word about it")
    sink.is_away.clear()
    wait_for(lambda: len(sink.events) == 11, "the log to be back")
    for event in events[20:]:
        backlog.put(event)
    assert backlog.close(30) == 0
    assert sink.events == [*events[:10], lost(10), *events[20:]]
    assert len(sink.said) == 2
    assert "it is away" in sink.said[0]


def test_what_waits_is_bounded_in_bytes_too() -> None:
    sink = Sink()
    sink.is_away.set()
    backlog = sink.backlog(most_bytes=950)
    large, small = numbered(range(12), 100), numbered([12])
    for event in large + small:
        backlog.put(event)
    sink.is_away.clear()
    assert backlog.close(30) == 0
    # The small one would have fitted, but its place is after what is missing.
    assert sink.events == [*large[:9], lost(4)]


def test_what_could_not_be_sent_in_time_is_counted() -> None:
    sink = Sink()
    sink.is_away.set()
    backlog = sink.backlog(most_events=10)
    for event in numbered(range(15)):
        backlog.put(event)
    assert backlog.close(0.1) == 15
    assert sink.events == []


def test_a_first_batch_that_is_refused_ends_it() -> None:
    sink = Sink()
    sink.refusal = Refused("no")
    backlog = sink.backlog()
    backlog.put(numbered([1])[0])
    wait_for(lambda: backlog.failure, "it to be refused")
    for end in (backlog.check, lambda: backlog.put(numbered([2])[0]), lambda: backlog.close(30)):
        with pytest.raises(Refused):
            end()
    assert sink.attempts == 1


def test_a_refusal_later_on_is_waited_for_but_not_that_of_the_events_themselves() -> None:
    sink = Sink()
    backlog = sink.backlog()
    first, second, third = numbered(range(3))
    backlog.put(first)
    wait_for(lambda: sink.events, "the first")
    sink.refusal = Refused("the token")
    backlog.put(second)
    wait_for(lambda: sink.attempts > 2, "some attempts")
    sink.refusal = None
    wait_for(lambda: len(sink.events) == 2, "the second")
    sink.refusal = Refused("the event", is_content=True)
    backlog.put(third)
    wait_for(lambda: len(sink.said) == 3, "a word about it")
    sink.refusal = None
    assert backlog.close(30) == 0
    assert sink.events == [first, second, lost(1)]


def test_what_is_newest_takes_the_place_of_what_waits() -> None:
    sink = Sink()
    sink.is_away.set()
    backlog = LineBuffer(sink.send, say=sink.said.append, while_away="so be it")
    first, *others = numbered(range(30))
    backlog.put_newest(first)
    wait_for(lambda: sink.said, "a word about it")
    for event in others:
        backlog.put_newest(event)
    sink.is_away.clear()
    assert backlog.close(30) == 0
    assert sink.events == [first, others[-1]]
    assert sink.said == ["it is away; so be it", "going on"]
