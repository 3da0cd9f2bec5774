"""Counters to rates: what a difference may and may not say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.rates import HIGHEST_RATE, Counters, Rates, percent, total

from .conftest import Watch

COUNTER = st.integers(min_value=0, max_value=2**64)
READINGS = st.lists(
    st.tuples(
        st.floats(min_value=-100, max_value=100),
        st.dictionaries(st.sampled_from("abc"), st.tuples(COUNTER, COUNTER)),
    ),
    max_size=8,
)


def after(
    watch: Watch, first: dict[str, Counters], seconds: float, second: dict[str, Counters]
) -> dict[str, Counters]:
    rates: Rates[str] = Rates(watch)
    assert rates.update(first) == {}
    watch.forward(seconds)
    return rates.update(second)


def test_increase_over_the_time_between(watch: Watch) -> None:
    assert after(watch, {"sda": (100, 7)}, 2, {"sda": (110, 7)}) == {"sda": (5.0, 0.0)}


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({"sda": (99, 50)}, id="one counter went down"),
        pytest.param({"sda": (0, 0)}, id="all were reset"),
        pytest.param({"sdb": (9000, 9000)}, id="another took its place"),
        pytest.param({"sda": (110, 7, 3)}, id="it counts other things now"),
        pytest.param({}, id="it vanished"),
    ],
)
def test_no_rate_where_the_difference_would_lie(watch: Watch, second: dict[str, Counters]) -> None:
    assert after(watch, {"sda": (100, 7)}, 1, second) == {}


def test_one_that_was_reset_leaves_the_others_alone(watch: Watch) -> None:
    first: dict[str, Counters] = {"sda": (100,), "sdb": (100,)}
    assert after(watch, first, 1, {"sda": (5,), "sdb": (101,)}) == {"sdb": (1.0,)}


def test_one_that_came_back_starts_afresh(watch: Watch) -> None:
    rates: Rates[str] = Rates(watch)
    seen = []
    for counters in ({"usb": (10,)}, {}, {"usb": (5000,)}, {"usb": (5004,)}):
        seen.append(rates.update(counters))
        watch.forward(1)
    assert seen == [{}, {}, {}, {"usb": (4.0,)}]


@pytest.mark.parametrize("step", [0, -1, -3600])
def test_a_clock_that_does_not_go_forward_measures_nothing(watch: Watch, step: float) -> None:
    rates: Rates[str] = Rates(watch)
    rates.update({"sda": (100,)})
    watch.forward(step)
    assert rates.update({"sda": (200,)}) == {}
    watch.forward(1)
    assert rates.update({"sda": (203,)}) == {"sda": (3.0,)}


def test_a_step_too_short_is_measured_with_the_next(watch: Watch) -> None:
    rates: Rates[str] = Rates(watch)
    rates.update({"sda": (100,)})
    watch.forward(0.005)
    assert rates.update({"sda": (101,)}) == {}
    watch.forward(0.995)
    assert rates.update({"sda": (150,)})["sda"] == pytest.approx((50,))


def test_jitter_is_one_counter_and_more_is_a_reset(watch: Watch) -> None:
    rates: Rates[str] = Rates(watch, jitter=2)
    rates.update({"cpu0": (100, 50), "cpu1": (100, 50)})
    watch.forward(1)
    assert rates.update({"cpu0": (110, 48), "cpu1": (110, 47)}) == {"cpu0": (10.0, -2.0)}


def test_a_counter_that_dips_has_no_past_to_make_up_for(watch: Watch) -> None:
    rates: Rates[str] = Rates(watch)
    rates.update({"sda": (1000,)})
    found = []
    for counter in (1010, 0, 0, 1040, 1050):
        watch.forward(1)
        found.append(rates.update({"sda": (counter,)}))
    assert found == [{"sda": (10.0,)}, {}, {}, {"sda": (10.0,)}, {"sda": (10.0,)}]


def test_a_counter_that_was_reset_goes_on_from_there(watch: Watch) -> None:
    rates: Rates[str] = Rates(watch)
    rates.update({"sda": (1000,)})
    found = []
    for counter in (5, 10, 2000):
        watch.forward(1)
        found.append(rates.update({"sda": (counter,)}))
    assert found == [{}, {"sda": (5.0,)}, {"sda": (1990.0,)}]


def test_a_counter_that_stays_low_stands_still_after_a_while(watch: Watch) -> None:
    rates: Rates[str] = Rates(watch)
    rates.update({"sda": (1000,)})
    found = []
    for _ in range(15):
        watch.forward(1)
        found.append(rates.update({"sda": (0,)}))
    assert found[0] == {}
    assert found[-1] == {"sda": (0.0,)}


def test_a_leap_that_no_machine_makes_is_no_rate(watch: Watch) -> None:
    assert after(watch, {"sda": (0, 0)}, 1, {"sda": (2**60, 0)}) == {}


@given(READINGS, st.integers(min_value=0, max_value=5))
def test_no_reading_gives_a_rate_that_was_not(
    readings: list[tuple[float, dict[str, tuple[int, int]]]], jitter: int
) -> None:
    watch = Watch()
    rates: Rates[str] = Rates(watch, jitter=jitter)
    for step, counters in readings:
        watch.forward(step)
        for key, figures in rates.update(counters).items():
            for rate, counter in zip(figures, counters[key], strict=True):
                assert -jitter / 0.009 <= rate <= min(counter / 0.009, HIGHEST_RATE)


@pytest.mark.parametrize(
    ("part", "whole", "figure"),
    [
        (1, 3, 33.3),
        (0, 5, 0.0),
        (7, 5, 100.0),
        (-1, 5, 0.0),
        (1, 0, None),
        (0, 0, None),
        (1, -5, None),
    ],
)
def test_percent_stays_within_its_ends(part: float, whole: float, figure: float | None) -> None:
    assert percent(part, whole) == figure


def test_total_of_nothing_is_not_zero() -> None:
    assert total([]) is None
    assert total([0.0, 0.0]) == 0
    assert total([0.25, 1.5]) == 1.8
