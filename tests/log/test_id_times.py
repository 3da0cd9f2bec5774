"""Times of ids and a clock that does not believe jumps: pure."""

from dashboard.events.event import EventId
from dashboard.log.id_times import IdTimes, Mark
from dashboard.log.steady_clock import JUMP, PATIENCE, SteadyClock
from tests.support.log_contract import Clock

AHEAD = 3000


def marked(clock: Clock, *seconds: float) -> tuple[IdTimes, list[EventId]]:
    """Ids that are `AHEAD` of the clock, with a mark each at so many seconds from now."""
    times = IdTimes(clock)
    ids = [EventId(int(clock.now + AHEAD) * 1000, number) for number in range(len(seconds))]
    times.note(ids[-1])
    times.add(Mark(event_id, clock.now + at) for event_id, at in zip(ids, seconds, strict=True))
    return times, ids


def test_an_old_mark_hides_nothing_before_it() -> None:
    """A clock that went back for a moment (1970) makes nothing older than it is."""
    clock = Clock()
    times, ids = marked(clock, -60, -1e9, -30, -10)
    assert times.id_at(clock.now - 100) == EventId.at(clock.now - 100)
    assert times.id_at(clock.now - 50) == ids[2]


def test_marks_of_the_future_are_not_believed() -> None:
    clock = Clock()
    times, ids = marked(clock, -60, 1e8, -30)
    assert times.time_of(ids[1]) == clock.now - 30
    assert times.id_at(clock.now - 50) == ids[2]


def test_once_the_clock_is_there_ids_are_times_again() -> None:
    clock = Clock()
    times, ids = marked(clock, -60, -30)
    clock.now += AHEAD
    assert not times.is_ahead
    assert times.time_of(ids[0]) == ids[0].time
    assert times.id_at(clock.now - 10) == EventId.at(clock.now - 10)


def test_what_comes_after_the_marks_that_were_read_is_not_taken_for_old() -> None:
    clock = Clock()
    times, ids = marked(clock, -60)
    clock.now += 100
    times.note(EventId(ids[0].ms, 50))
    assert times.id_at(clock.now - 5) <= EventId(ids[0].ms, 1)


def test_a_clock_that_jumps_ahead_is_believed_after_a_minute() -> None:
    wall, ticks = Clock(), Clock(100.0)
    steady = SteadyClock(wall, ticks)
    start = wall.now

    def after(seconds: float, jump: float = 0.0) -> float:
        wall.now += seconds + jump
        ticks.now += seconds
        return steady() - start

    assert after(10) == 10
    assert after(10, jump=JUMP / 2) == 20 + JUMP / 2, "a small one is"
    assert after(5, jump=1e8) == 25 + JUMP / 2
    assert after(5, jump=-1e8) == 30 + JUMP / 2, "it was for a moment only"
    assert after(5, jump=1e8) == 35 + JUMP / 2
    assert after(PATIENCE - 1) == 34 + PATIENCE + JUMP / 2
    assert after(2) == 36 + PATIENCE + JUMP / 2 + 1e8
    assert after(0, jump=-1e8) == 36 + PATIENCE + JUMP / 2, "back is believed at once"
