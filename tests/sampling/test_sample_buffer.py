"""What is held for a log that is away: in order, once, bounded, and counted where it had to go."""

import json
from collections.abc import Callable, Iterator, Sequence

import gevent
import pytest

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import LogUnavailable, Refused
from dashboard.sampling import sample_buffer as holding_module
from dashboard.sampling.sample_buffer import SampleBuffer
from dashboard.telemetry.counters import Instruments
from tests.support.log_contract import event, number_of

pytestmark = pytest.mark.usefixtures("no_leaks")


class Away:
    """A log that fails as the test wants, and may have taken what it says it has not."""

    def __init__(self) -> None:
        self.taken: dict[str, list[Event]] = {}
        self.failure: Exception | None = None
        self.loses_answers = False
        self.announced: list[Unpersisted] = []
        self.attempts = 0

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        self.attempts += 1
        gevent.sleep(0)
        if self.loses_answers:
            self.taken.setdefault(key, list(events))
        if self.failure is not None:
            raise self.failure
        self.taken.setdefault(key, list(events))
        return []

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        self.announced.append(unpersisted)

    def numbers(self) -> list[int]:
        return [number_of(event) for batch in self.taken.values() for event in batch]

    def told(self) -> list[int]:
        return [number_of(event) for unpersisted in self.announced for event in unpersisted.events]


class Rig:
    def __init__(self) -> None:
        self.log = Away()
        self.instruments = Instruments()
        self.logged: list[int] = []
        self._buffers: list[SampleBuffer] = []

    def start(self, **bounds: int) -> SampleBuffer:
        buffer = SampleBuffer(
            self.log,
            self.instruments,
            on_logged=lambda events: self.logged.extend(map(number_of, events)),
            **bounds,
        )
        buffer.start()
        self._buffers.append(buffer)
        return buffer

    def value(self, name: str) -> float:
        return self.instruments.registry.get_sample_value(name) or 0.0

    def wait_until(self, condition: Callable[[], object]) -> None:
        with gevent.Timeout(30):
            while not condition():
                gevent.sleep(0.01)

    def stop(self) -> None:
        for buffer in self._buffers:
            buffer.stop(0.1)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.stop()


def test_what_is_put_in_is_logged_in_its_order(rig: Rig) -> None:
    buffer = rig.start()
    for number in range(10):
        buffer.add([event(2 * number), event(2 * number + 1)])
    rig.wait_until(lambda: len(rig.logged) == 20)
    assert rig.log.numbers() == rig.logged == list(range(20))
    assert rig.log.announced == []
    assert rig.value("vitals_events_held") == 0


def test_while_the_log_is_away_each_batch_is_announced_once_and_logged_later(rig: Rig) -> None:
    rig.log.failure = LogUnavailable("gone")
    buffer = rig.start()
    for number in range(50):
        buffer.add([event(number)])
        gevent.sleep(0.005)
    rig.wait_until(lambda: rig.log.attempts > 2)
    assert rig.log.told() == list(range(50))
    assert {unpersisted.reason for unpersisted in rig.log.announced} == {"gone"}
    assert rig.log.numbers() == rig.logged == []
    rig.log.failure = None
    rig.wait_until(lambda: len(rig.logged) == 50)
    assert rig.log.numbers() == rig.logged == list(range(50))
    buffer.add([event(50)])
    rig.wait_until(lambda: len(rig.logged) == 51)
    assert rig.log.told() == list(range(50)), "it is back"
    assert rig.value("vitals_append_failures_total") >= 3


def test_a_batch_whose_answer_is_lost_is_logged_once(rig: Rig) -> None:
    rig.log.failure, rig.log.loses_answers = LogUnavailable("no answer"), True
    buffer = rig.start()
    buffer.add([event(0)])
    rig.wait_until(lambda: rig.log.attempts > 2)
    buffer.add([event(1)])
    rig.log.failure = None
    rig.wait_until(lambda: len(rig.logged) == 2)
    assert rig.log.numbers() == [0, 1]


@pytest.mark.parametrize(
    "bounds", [{"most_events": 100}, {"most_bytes": 100 * len('{"number":999}')}]
)
def test_without_room_a_stretch_of_the_oldest_goes_and_is_counted(
    rig: Rig, bounds: dict[str, int]
) -> None:
    rig.log.failure = LogUnavailable("gone")
    buffer = rig.start(**bounds)
    buffer.add([event(100)])
    rig.wait_until(lambda: rig.log.attempts)
    for number in range(101, 501):
        buffer.add([event(number)])
        assert rig.value("vitals_events_held") <= 100
    rig.log.failure = None
    rig.wait_until(lambda: rig.log.numbers()[-1:] == [500])
    kept = rig.log.numbers()
    assert kept[0] == 100, "what is under way stays"
    assert kept[1:] == list(range(kept[1], 501)), "more than one gap"
    assert 90 <= len(kept) <= 101
    assert rig.value("vitals_events_held_dropped_total") == 401 - len(kept)


def test_alerts_stay_when_their_samples_go(rig: Rig) -> None:
    rig.log.failure = LogUnavailable("gone")
    buffer = rig.start(most_events=100)
    buffer.add([event(0)])
    rig.wait_until(lambda: rig.log.attempts)
    buffer.add([event(1), event(2, name="alert")])
    for number in range(3, 300):
        buffer.add([event(number)])
    rig.log.failure = None
    rig.wait_until(lambda: rig.log.numbers()[-1:] == [299])
    assert rig.log.numbers()[:2] == [0, 2]
    assert 1 not in rig.log.numbers()
    assert rig.log.told().count(2) == 1


def test_what_is_refused_for_good_goes_and_the_rest_goes_on(rig: Rig) -> None:
    rig.log.failure = Refused("no such field", is_content=True)
    buffer = rig.start()
    buffer.add([event(0)])
    rig.wait_until(lambda: rig.value("vitals_events_held_dropped_total") == 1)
    rig.log.failure = None
    buffer.add([event(1)])
    rig.wait_until(lambda: rig.logged == [1])


def test_a_failure_of_the_program_ends_nothing(rig: Rig) -> None:
    rig.log.failure = ZeroDivisionError("a bug")
    buffer = rig.start()
    buffer.add([event(0)])
    rig.wait_until(lambda: rig.value("vitals_events_held_dropped_total") == 1)
    rig.log.failure = None
    buffer.add([event(1)])
    rig.wait_until(lambda: rig.logged == [1])


def test_a_stop_lets_what_is_on_its_way_arrive(rig: Rig) -> None:
    buffer = rig.start()
    for number in range(5):
        buffer.add([event(number)])
    buffer.stop(5)
    assert rig.log.numbers() == list(range(5))
    assert json.loads(rig.log.taken.popitem()[1][-1].data) == {"number": 4}


def test_of_a_batch_only_the_event_that_is_refused_goes(rig: Rig) -> None:
    real = rig.log.append_idempotent

    def append_idempotent(key: str, body_digest: str, events: Sequence[Event]) -> list[EventId]:
        for index, each in enumerate(events):
            if number_of(each) % 3 == 1:
                raise Refused(f"event {index}", is_content=True, index=index)
        return real(key, body_digest, events)

    rig.log.append_idempotent = append_idempotent  # type: ignore[method-assign]
    rig.start().add([event(number) for number in range(6)])
    rig.wait_until(lambda: rig.logged == [0, 2, 3, 5])
    assert rig.value("vitals_events_held_dropped_total") == 2


def test_a_batch_that_is_too_much_goes_in_parts_and_what_is_always_refused_is_said_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    real = rig.log.append_idempotent

    def append_idempotent(key: str, body_digest: str, events: Sequence[Event]) -> list[EventId]:
        if len(events) > 2 or any(number_of(each) % 10 == 9 for each in events):
            raise Refused("413 too much", is_content=True)
        return real(key, body_digest, events)

    rig.log.append_idempotent = append_idempotent  # type: ignore[method-assign]
    buffer = rig.start()
    for start in range(0, 40, 10):
        buffer.add([event(start + number) for number in range(10)])
    wanted = [number for number in range(40) if number % 10 != 9]
    rig.wait_until(lambda: rig.logged == wanted)
    assert rig.log.numbers() == wanted
    rig.wait_until(lambda: rig.value("vitals_events_held_dropped_total") == 4)
    assert caplog.messages == ["413 too much; such events are dropped"]


def test_what_somebody_has_to_change_is_asked_for_slowly_and_said_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(holding_module, "REFUSED_PAUSE", 0.02)
    rig.log.failure = LogUnavailable("no route")
    buffer = rig.start(most_events=10)
    buffer.add([event(0)])
    rig.wait_until(lambda: rig.log.attempts > 1)
    rig.log.failure = Refused("401 another token")
    rig.wait_until(lambda: rig.log.attempts > 8)
    for number in range(1, 30):
        buffer.add([event(number)])
    rig.log.failure = None
    rig.wait_until(lambda: rig.logged[-1:] == [29])
    assert [message for message in caplog.messages if "the log is back" not in message] == [
        "no route; samples are held until it takes them",
        "401 another token; samples are held until it takes them",
        "no room for more samples: the oldest are dropped",
        f"{30 - len(rig.logged)} events were dropped meanwhile",
    ]
