"""Columns: no spike is lost, no gap is bridged, nothing is longer than asked for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.web.history.columns import columns, numbers

POINTS = 600
SIX_HOURS = 21_600


def rows(values: list[Any], *, start: float = 1_800_000_000.0, step: float = 1.0) -> list[Any]:
    """Rows with one path, `percent`, at equal distances."""
    return [{"time": start + n * step, "percent": value} for n, value in enumerate(values)]


# Paths.


def test_each_number_has_its_path() -> None:
    data = {
        "host": "box",
        "time": 1.5,
        "percent": 12,
        "cores": [1.5, None, 3],
        "devices": {"sda": {"busy_percent": 0.5, "model": "disk"}},
        "mounts": [{"mountpoint": "/home", "percent": 4}, {"mountpoint": "/", "percent": None}],
        "temperatures": [{"label": "Core 0", "celsius": 50.5}],
        "top": [{"pid": 1, "cpu_percent": 3.0}],
        "on": True,
        "flags": [True, False],
        "nothing": None,
    }
    assert dict(numbers(data)) == {
        "percent": 12,
        "cores.0": 1.5,
        "cores.1": None,
        "cores.2": 3,
        "devices.sda.busy_percent": 0.5,
        "mounts./home.percent": 4,
        "mounts./.percent": None,
        "temperatures.Core 0.celsius": 50.5,
        "nothing": None,
    }


def test_only_the_time_of_the_event_itself_is_left_out() -> None:
    assert dict(numbers({"time": 1, "run": {"time": 2}})) == {"run.time": 2}


# Rows as they are.


def test_few_rows_stay_as_they_are() -> None:
    assert columns(rows([1, 2.5, None, 4], start=100), POINTS) == {
        "time": [100, 101, 102, 103],
        "percent": [1, 2.5, None, 4],
    }


def test_no_rows_are_no_columns() -> None:
    assert columns([], POINTS) == {"time": []}


def test_a_path_that_some_rows_lack_is_none_there() -> None:
    found = columns([{"time": 1, "a": 1}, {"time": 2, "b": 2}, {"time": 3, "a": 3}], POINTS)
    assert found == {"time": [1, 2, 3], "a": [1, None, 3], "b": [None, 2, None]}


def test_two_numbers_of_one_path_shift_no_row() -> None:
    found = columns([{"time": 1, "a.b": 1, "a": {"b": 2}}, {"time": 2, "a.b": 3}], POINTS)
    assert found == {"time": [1, 2], "a.b": [2, 3]}


def test_a_path_that_never_had_a_number_is_no_column() -> None:
    assert columns([{"time": 1, "a": None, "b": 0}], POINTS) == {"time": [1], "b": [0]}


def test_rows_come_in_the_order_of_time_whatever_the_logs_order() -> None:
    shuffled = [{"time": t, "a": t} for t in (5, 1, 4, 2, 3)]
    assert columns(shuffled, POINTS) == {"time": [1, 2, 3, 4, 5], "a": [1, 2, 3, 4, 5]}


# Reduction.


@pytest.mark.parametrize("at", [0, 1, 7, 9_999, 21_598, 21_599])
@pytest.mark.parametrize("spike", [100.0, -5.0])
def test_a_spike_of_one_second_stays_visible_in_six_hours(at: int, spike: float) -> None:
    values = [10.0 + n % 3 for n in range(SIX_HOURS)]
    values[at] = spike
    found = columns(rows(values), POINTS)
    assert spike in found["percent"]
    place = found["percent"].index(spike)
    time = found["time"][place]
    assert time is not None
    assert abs(time - (1_800_000_000 + at)) <= SIX_HOURS / POINTS * 2 + 1, "it moved away"


def test_every_column_keeps_its_own_extremes() -> None:
    data = [
        {"time": n, "a": float(n == 5000), "b": 1 - float(n == 12_000), "c": float(n % 2)}
        for n in range(SIX_HOURS)
    ]
    found = columns(data, POINTS)
    assert [(min(known(found[key])), max(known(found[key]))) for key in "abc"] == [(0, 1)] * 3
    assert found["a"].count(1) == 1
    assert found["b"].count(0) == 1


def test_extremes_come_in_the_order_in_which_they_happened() -> None:
    rising, falling = [float(n) for n in range(1000)], [float(-n) for n in range(1000)]
    found = columns(
        [{"time": n, "a": a, "b": b} for n, (a, b) in enumerate(zip(rising, falling, strict=True))],
        100,
    )
    assert known(found["a"]) == sorted(known(found["a"]))
    assert known(found["b"]) == sorted(known(found["b"]), reverse=True)


def test_a_reduced_span_with_nothing_in_it_is_none() -> None:
    values = [1.0] * 400 + [None] * 400 + [1.0] * 400
    found = columns(rows(values), 120)
    assert None in found["percent"]
    assert set(known(found["percent"])) == {1.0}


@given(
    distances=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.0, 1.0, 2.9, 3.5, 50.0]), max_size=300),
    points=st.integers(min_value=10, max_value=200),
    data=st.data(),
)
def test_whatever_comes_extremes_stay_time_grows_and_there_are_few_enough_rows(
    distances: list[float], points: int, data: st.DataObject
) -> None:
    time = 1_800_000_000.0
    made = []
    for distance in distances:
        time += distance
        value = data.draw(st.one_of(st.none(), st.integers(-1000, 1000)))
        made.append({"time": time, "a": value, "b": -1})
    found = columns(made, points)
    assert len(found["time"]) <= points
    assert all(len(column) == len(found["time"]) for column in found.values())
    times = known(found["time"])
    assert times == sorted(times)
    values = [row["a"] for row in made if row["a"] is not None]
    if values:
        assert min(known(found["a"])) == min(values)
        assert max(known(found["a"])) == max(values)
        assert set(known(found["a"])) <= set(values), "a figure that never was"
    else:
        assert "a" not in found


# Gaps.


def test_a_gap_breaks_the_line_with_one_row_of_nothing() -> None:
    made = rows([1.0] * 10, start=100) + rows([2.0] * 10, start=200)
    found = columns(made, POINTS)
    assert len(found["time"]) == 21
    assert found["percent"][9:12] == [1.0, None, 2.0]
    time = found["time"][10]
    assert time is not None
    assert 109 < time < 200


def test_a_few_missing_samples_are_no_gap() -> None:
    made = [row for n, row in enumerate(rows([1.0] * 30)) if n not in (10, 11)]
    assert None not in columns(made, POINTS)["percent"]


@pytest.mark.parametrize("points", [POINTS, 200])
@pytest.mark.parametrize(("first", "then"), [(1.0, 10.0), (10.0, 1.0), (0.1, 60.0)])
def test_another_interval_is_no_gap_and_hides_none(first: float, then: float, points: int) -> None:
    made = []
    time = 1000.0
    for step in (first, then):
        made += rows([1.0] * 100, start=time, step=step)
        made += rows([1.0] * 100, start=time + 100 * step + 8 * step, step=step)
        time += 208 * step
    found = columns(made, points)
    gaps = [n for n, value in enumerate(found["percent"]) if value is None]
    assert len(gaps) == 2, "one in each half, none between them"
    for place, step in zip(gaps, (first, then), strict=True):
        before, after = found["time"][place - 1], found["time"][place + 1]
        assert before is not None
        assert after is not None
        assert after - before == pytest.approx(9 * step)


@pytest.mark.parametrize(
    ("times", "gaps"),
    [
        ([*range(60), 159, 209], 2),
        ([*range(60), 119, 179, 239], 3),
        ([0, 300, *range(600, 660)], 2),
        ([*range(60), *range(160, 162), *range(260, 320)], 2),
    ],
    ids=["one alone", "dying again and again", "at the start", "two between"],
)
def test_silences_next_to_each_other_are_gaps(times: list[int], gaps: int) -> None:
    found = columns([{"time": 1_800_000_000 + time, "percent": 1.0} for time in times], POINTS)
    assert found["percent"].count(None) == gaps


def test_the_first_samples_of_a_machine_are_no_gap() -> None:
    # One comes at once, the next at a multiple of the interval.
    for count in range(3, 6):
        times = [100.2, *(101.0 + 10 * number for number in range(count - 1))]
        found = columns([{"time": time, "percent": 1.0} for time in times], POINTS)
        assert None not in found["percent"]


def test_a_gap_survives_reduction_and_is_never_bridged() -> None:
    made = rows([1.0] * 7000, start=0) + rows([2.0] * 7000, start=10_000)
    found = columns(made, POINTS)
    assert len(found["time"]) <= POINTS
    (place,) = [n for n, value in enumerate(found["percent"]) if value is None]
    assert set(found["percent"][:place]) == {1.0}
    assert set(found["percent"][place + 1 :]) == {2.0}
    times = known(found["time"])
    assert times[place - 1] == 6999
    assert times[place + 1] == 10_000


def test_more_gaps_than_rows_leave_the_widest() -> None:
    made = []
    start = 0.0
    for number in range(200):
        made += rows([1.0] * 20, start=start)
        start += 20 + 10 + number
    found = columns(made, 100)
    assert len(found["time"]) <= 100
    gaps = [n for n, value in enumerate(found["percent"]) if value is None]
    assert len(gaps) == 25
    widest = max(row["time"] for row in made) - 400 - 25 * 260
    assert all((found["time"][n] or 0) > widest / 2 for n in gaps), "not the widest"


def known(column: list[float | None]) -> list[float]:
    """A column's figures without the missing ones."""
    return [value for value in column if value is not None]
