"""The history: what goes in comes out of every tier, once, whatever happens in between."""

import math
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.events.event import Event, EventId
from dashboard.log.contract import LogUnavailable
from dashboard.log.history.answer import as_bands, as_columns
from dashboard.log.history.block import Column, Rows, Value, pack, samples, short, shortened, unpack
from dashboard.log.history.builder import GRACE, Builder, Limits
from dashboard.log.history.downsample import Reduced, Reducer, joined
from dashboard.log.history.query import HistoryReader, Stretch, tier_for
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import HOURS, MINUTES, SECONDS, TIERS, Tier
from dashboard.log.history.transaction import Series, Writing
from tests.log.history import killed_builder
from tests.log.history.conftest import START, Clock
from tests.support.service import ROOT

DAY = 86_400.0
FOR_LONG = Limits(seconds=2 * DAY, minutes=60 * DAY, hours=3650 * DAY, size=1 << 31)


@pytest.fixture
def builder(store: HistoryStore, clock: Clock) -> Builder:
    return Builder(store, FOR_LONG, clock)


def event(time: float, data: dict[str, object], name: str = "cpu", host: str = "box") -> Event:
    text = msgspec.json.encode({"host": host, "time": time, **data}).decode()
    return Event(host, name, text, EventId(int(time * 1000), 0))


def build(builder: Builder, clock: Clock, events: list[Event], now: float | None = None) -> None:
    """Build events in as the leader does: a minute's at a time."""
    for start in range(0, len(events), 60):
        piece = events[start : start + 60]
        assert piece[-1].id is not None
        clock.now = max(clock.now, piece[-1].id.time)
        builder.add(piece)
        builder.finish()
    clock.now = now or clock.now
    builder.finish()


def series_of(store: HistoryStore, name: str = "cpu") -> Series:
    return next(each for each in store.series() if each.event == name)


def read(
    store: HistoryStore,
    first: float,
    end: float,
    points: int,
    kept: Callable[[Tier], float] | None = None,
) -> Reduced:
    reader = HistoryReader(store, kept or (lambda tier: 0.0))
    return reader.read(series_of(store), Stretch(first, end, points))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10_000_000),
            st.dictionaries(
                st.sampled_from(["a", "b.c", "d.0"]),
                st.none() | st.floats(allow_nan=True) | st.integers(-(2**70), 2**70),
            ),
        ),
        max_size=40,
    )
)
def test_a_part_unpacks_to_the_rows_that_were_packed(
    rows: list[tuple[int, dict[str, float | None]]],
) -> None:
    made = samples((tick / 1000, figures) for tick, figures in rows)
    again = unpack(pack(made))
    assert again.times == made.times
    for path, column in again.columns.items():
        assert column.mean == [short(value) for value in made.columns[path].mean]
    assert [round(time * 1000) for time in made.times] == sorted(tick for tick, _ in rows)


@given(st.floats(-1e12, 1e12))
def test_a_packed_number_has_five_significant_digits(value: float) -> None:
    kept = short(value)
    assert kept is not None
    assert abs(kept - value) <= 5.1e-5 * abs(value)


@given(
    st.lists(
        st.none()
        | st.floats(allow_nan=True)
        | st.floats(-1e5, 1e5)
        | st.integers(-(10**8), 10**8)
        | st.integers(-(10**400), 10**400)
    )
)
def test_numbers_are_made_short_together_as_one_by_one(values: list[float | None]) -> None:
    assert shortened(values) == [short(value) for value in values]


@pytest.mark.parametrize("data", [b"", b"no zlib", pack(Rows(0.0))[:-3]])
def test_bytes_that_are_no_part_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no part of a history"):
        unpack(data)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=300), st.integers(1, 97), st.integers(1, 400)
)
def test_spans_have_the_extremes_their_times_and_the_mean(
    values: list[float], span: int, seed: int
) -> None:
    rows = samples((START + second, {"x": value}) for second, value in enumerate(values))
    known = rows.columns["x"].mean
    whole = Reducer(START, span)
    cuts = sorted(random.Random(seed).sample(range(len(values) + 1), min(3, len(values))))
    for first, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        whole.add(rows, START + first, START + end)  # in pieces, as it is read
    spans = whole.spans()
    column = spans.columns["x"]
    for index, start in enumerate(spans.times):
        offset = round(start - START)
        here = [value for value in known[offset : offset + span] if value is not None]
        assert column.low[index] == short(min(here))
        assert column.high[index] == short(max(here))
        assert known[offset + round(column.high_at[index] or 0)] == max(here)
        assert known[offset + round(column.low_at[index] or 0)] == min(here)
        assert column.mean[index] == pytest.approx(sum(here) / len(here), rel=1e-4)
        assert column.count[index] == len(here)


@example(0.2, 3, 140722156.0)
@given(st.floats(0.01, 1e5), st.integers(1, 400), st.integers(0, 10**9))
def test_rows_at_the_edges_of_spans_count_once(span: float, count: int, start: float) -> None:
    """Whatever floats make of the edges."""
    times = sorted({start + number * span for number in range(count)})
    reducer = Reducer(start, span)
    reducer.add(samples((time, {"x": 1.0}) for time in times))
    spans = reducer.spans()
    assert spans.times == sorted(set(spans.times))
    assert sum(value or 0 for value in spans.columns["x"].count) <= count
    assert len(spans.columns["x"].mean) == len(spans.times)


def test_a_later_part_replaces_rows_of_the_same_time() -> None:
    first = samples([(START, {"x": 1.0, "y": 2}), (START + 1, {"x": 3.0})])
    second = samples([(START + 1, {"x": 5.0}), (START + 2, {"x": 7.0})])
    rows = joined([first, second])
    assert rows.times == [START, START + 1, START + 2]
    assert rows.columns["x"].mean == [1, 5, 7]
    assert rows.columns["y"].mean == [2, None, None]


def test_one_sample_of_a_month_is_at_its_height_and_time_in_every_tier(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    spike = START + 3 * DAY + 4321.0
    events = [event(START + 20.0 * n, {"percent": 3.0}) for n in range(int(7 * DAY / 20))]
    events.append(event(spike, {"percent": 100.0}))
    events.sort(key=lambda each: each.id or EventId(0, 0))
    build(builder, clock, events, START + 32 * DAY)
    for tier in (MINUTES, HOURS):
        rows = joined(list(store.read(tier, series_of(store), START, START + 8 * DAY)))
        column = rows.columns["percent"]
        assert max(value or 0 for value in column.high) == 100
        place = column.high.index(100)
        assert rows.times[place] + (column.high_at[place] or 0) == pytest.approx(spike, abs=0.1)
    year = read(store, START - 360 * DAY, START + 8 * DAY, 600).rows
    assert max(value or 0 for value in year.columns["percent"].high) == 100
    assert tier_for(Stretch(START - 360 * DAY, START + 8 * DAY, 600).span) is HOURS
    assert min(value or 0 for value in year.columns["percent"].low) == 3


def test_a_short_stretch_has_each_sample_at_its_own_time(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    values = {START + n: float(n % 7) for n in range(300)}
    build(builder, clock, [event(time, {"percent": value}) for time, value in values.items()])
    columns = as_columns(read(store, START, START + 300, 600))
    assert dict(zip(columns["time"], columns["percent"], strict=True)) == values


def test_a_silence_is_a_row_of_nulls(store: HistoryStore, builder: Builder, clock: Clock) -> None:
    seconds = [*range(100), *range(150, 250)]
    build(builder, clock, [event(START + n, {"percent": 1.0}) for n in seconds])
    found = read(store, START, START + 250, 600)
    columns = as_columns(found)
    assert columns["percent"].count(None) == 1
    silence = columns["time"][columns["percent"].index(None)]
    assert START + 99 < (silence or 0) < START + 150
    bands = msgspec.convert(msgspec.to_builtins(as_bands(found)), dict)
    assert bands["mean"]["percent"].count(None) == 1
    assert len(bands["time"]) == len(bands["mean"]["percent"]) == 201


def test_tiers_meet_without_a_gap_or_a_double(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    """Hours from the beginning, then minutes, then samples, then what only the log has."""
    step = 30.0
    count = int(35 * DAY / step)
    events = [event(START + step * n, {"percent": 1.0}) for n in range(count)]
    build(builder, clock, events[:-10])
    newest = [samples([(START + step * n, {"percent": 1.0})]) for n in range(count - 10, count)]
    end = START + step * count
    limits = {SECONDS: end - DAY, MINUTES: end - 5 * DAY, HOURS: 0.0}
    for days in (0.5, 2, 34, 35):
        stretch = Stretch(end - days * DAY, end, 60)
        reader = HistoryReader(store, lambda tier: limits[tier])
        rows = reader.read(series_of(store), stretch, newest=newest).rows
        counted = sum(int(value or 0) for value in rows.columns["percent"].count)
        # A coarser tier's spans at the very beginning may reach back before it.
        assert counted == pytest.approx(days * DAY / step, abs=2 * 3600 / step)
        assert len(rows.times) == 28


def test_late_events_find_their_span_in_every_tier(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    build(builder, clock, [event(START + n, {"percent": 1.0}) for n in range(3000)])
    late = [event(START + 700.5 + n, {"percent": 50.0}) for n in range(10)]
    builder.add(late)
    clock.now = START + 2 * DAY
    builder.finish()
    for tier in TIERS:
        rows = joined(list(store.read(tier, series_of(store), START, START + 3600)))
        column = rows.columns["percent"]
        assert max(v or 0 for v in (column.high or column.mean)) == 50, tier.name
        if tier is not SECONDS:
            assert sum(int(value or 0) for value in column.count) == 3010


def test_an_event_without_time_or_sense_or_from_the_far_future_is_left_out(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    deep = '{"time":1,"a":' + '{"a":' * 5000 + "1" + "}" * 5001
    texts = ["no json", "[1]", '{"x": 1}', '{"time": "now", "x": 1}', deep, '{"time": 1e400}']
    events = [Event("box", "odd", text, EventId(1, n)) for n, text in enumerate(texts)]
    builder.add([*events, event(START + 10 * DAY, {"percent": 1.0})])
    assert store.series() == []
    assert builder.position() == EventId(int((START + 10 * DAY) * 1000), 0)


def test_each_tier_is_kept_for_its_time_and_the_size_takes_the_finest_first(
    store: HistoryStore, clock: Clock
) -> None:
    builder = Builder(store, FOR_LONG, clock)
    noise = random.Random(1)
    build(
        builder,
        clock,
        [event(START + n, {str(k): noise.random() for k in range(20)}) for n in range(20_000)],
    )
    size = store.size()
    small = Builder(store, Limits(2 * DAY, 60 * DAY, 3650 * DAY, size // 2), clock)
    small.trim()
    assert store.size() <= size // 2
    assert (store.oldest(SECONDS) or 0) > START
    assert store.oldest(MINUTES) == START
    clock.now += 3 * DAY
    small.finish()
    small.trim()
    assert store.oldest(SECONDS) is None
    assert store.oldest(MINUTES) == START
    clock.now += 61 * DAY
    small.trim()
    assert store.oldest(MINUTES) is None
    assert store.oldest(HOURS) == START


def test_who_opens_the_file_does_not_wait_for_who_writes(
    builder: Builder, store: HistoryStore, tmp_path: Path, clock: Clock
) -> None:
    """The builder may write for longer than a reader would wait, as after a long absence."""
    builder.add([event(START, {"percent": 1.0})])
    with store.writing():
        reader = HistoryStore(tmp_path / "history.db", tmp_path / "lock")
        assert reader.position() == EventId(int(START * 1000), 0)
        assert [each.event for each in reader.series()] == ["cpu"]
        assert reader.past_alerts(0.0, []) == []
        assert reader.size() > 0
        reader.close()


def test_a_damaged_and_a_newer_file_are_set_aside(tmp_path: Path, clock: Clock) -> None:
    path, lock = tmp_path / "history.db", tmp_path / "lock"
    store = HistoryStore(path, lock)
    build(Builder(store, FOR_LONG, clock), clock, [event(START, {"percent": 1.0})])
    with store._database.connected() as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    assert HistoryStore(path, lock).series() == []
    assert path.with_name("history.db.newer").exists()


def test_a_file_that_cannot_be_written_raises_and_is_used_again_later(
    tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "gone"
    store = HistoryStore(folder / "history.db", folder / "lock")
    folder.touch()  # a file where the folder should be
    with pytest.raises(LogUnavailable):
        store.position()
    folder.unlink()
    folder.mkdir()
    assert store.position() == EventId(0, 0)


def test_a_builder_killed_at_random_moments_counts_each_sample_once(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each kill comes after a random share of the work; the log has four more hours each time."""
    kills = 50 if request.config.getoption("--full") else 12
    seed = int(os.environ.get("VITALS_SEED") or random.randrange(10**6))
    print(f"VITALS_SEED={seed}")  # shown where the test fails
    rng = random.Random(seed)

    def run(folder: Path, seconds: int, steps: int | str) -> tuple[int, str]:
        arguments = [sys.executable, "-m", "tests.log.history.killed_builder", str(folder)]
        command = [*arguments, str(seconds), str(steps)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
        return done.returncode, done.stdout

    slice_ = 4 * 3600
    (tmp_path / "whole").mkdir()
    steps = int(run(tmp_path / "whole", slice_, 0)[1])
    for kill in range(1, kills + 1):
        status, _ = run(tmp_path, kill * slice_, rng.randrange(1, steps // 2))
        assert status == -signal.SIGKILL
    seconds = kills * slice_
    assert run(tmp_path, seconds, "last")[0] == 0

    store = HistoryStore(tmp_path / "history.db", tmp_path / "lock")
    for host in ("box", "other"):
        series = next(each for each in store.series() if each.host == host)
        there = [
            START + at
            for at in range(0, seconds, killed_builder.STEP)
            if host == "other" or at not in killed_builder.SILENT
        ]
        for tier in TIERS:
            rows = joined(list(store.read(tier, series, START, START + seconds)))
            span = tier.span or 1
            counts = Counter(time // span * span for time in there)
            assert rows.times == sorted(counts), f"{tier.name} of {host}"
            if tier is not SECONDS:
                assert rows.columns["percent"].count == [counts[time] for time in rows.times]
        stretch = Stretch(START, START + seconds, 2000)
        found = HistoryReader(store, lambda tier: 0.0).read(series, stretch)
        assert len(found.after_silence) == (host == "box"), "what is missing is said to be"
    store.close()


def test_one_that_is_interrupted_goes_on_where_it_was(
    store: HistoryStore, builder: Builder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [event(START + n, {"x": 1.0}, name) for n in range(60) for name in ("a", "b", "c")]
    written: list[str] = []
    add = Writing.add

    def one_and_no_more(self: Writing, tier: Tier, series: Series, rows: Rows) -> None:
        add(self, tier, series, rows)
        written.append(series.event)
        builder.interrupt()

    monkeypatch.setattr(Writing, "add", one_and_no_more)
    builder.add(events)
    assert written == ["a"]
    assert builder.position() == EventId(0, 0)
    monkeypatch.undo()
    builder.close()
    build(builder, clock, events, START + DAY)
    for name in ("a", "b", "c"):
        rows = joined(list(store.read(MINUTES, series_of(store, name), START, START + DAY)))
        assert rows.columns["x"].count == [60], name


def test_windows_end_only_after_the_grace(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    clock.now = START + 599
    builder.add([event(START + n, {"percent": 1.0}) for n in range(600)])
    clock.now = START + 600 + GRACE - 1
    builder.finish()
    assert store.oldest(MINUTES) is None
    clock.now = START + 1200 + GRACE
    builder.finish()
    assert store.oldest(MINUTES) == START


def test_a_window_of_many_parts_is_read_whole(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    first = START - START % SECONDS.window
    clock.now = first + 300
    for second in range(300):
        builder.add([event(first + second, {"percent": float(second)})])
    found = list(store.read(SECONDS, series_of(store), first, first + 300))
    assert sum(len(rows.times) for rows in found) == 300


def test_a_day_that_is_not_over_is_a_few_parts(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    """It has the rows of all its windows of ten minutes, and is still open for more."""
    half_a_day = [event(START + 30.0 * n, {"percent": float(n % 7)}) for n in range(1440)]
    build(builder, clock, half_a_day, START + DAY / 2 + GRACE)
    parts = "SELECT count(*) FROM part WHERE tier = ?"
    with store._database.connected() as connection:
        assert connection.execute(parts, (MINUTES.number,)).fetchone()[0] < 24
    assert [window for window, _ in store.open_windows(MINUTES, START + DAY)] == [START // DAY]
    rows = joined(list(store.read(MINUTES, series_of(store), START, START + DAY)))
    assert rows.times == [START + 60 * n for n in range(720)]
    assert rows.columns["percent"].count == [2] * 720


def test_numbers_without_an_end_are_missing_in_every_answer() -> None:
    odd = [math.inf, -math.inf, math.nan, 10**400, -1e305, 2.0]
    rows = samples((START + n, {"x": value}) for n, value in enumerate(odd))
    reducer = Reducer(START, 60.0)
    reducer.add(rows)
    column = reducer.spans().columns["x"]
    assert (column.low, column.mean, column.high, column.count) == ([2], [2], [2], [1])


def test_spans_are_whole_minutes_where_there_are_few_enough(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    events = [event(START + 5.0 * n, {"percent": float(n % 50)}) for n in range(6 * 720)]
    build(builder, clock, events, START + DAY)
    first, end = START + 30, START + 6 * 3600 - 30
    stretch = Stretch(first, end, 600, is_paired=False)
    spans = HistoryReader(store, lambda tier: 0.0).read(series_of(store), stretch).rows
    assert spans.span == 60
    assert spans.times == [START + 60 * n for n in range(1, 360)]
    kept = joined(list(store.read(MINUTES, series_of(store), START, end)))
    for path, column in kept.within(first, end).columns.items():
        assert spans.columns[path] == column
    assert read(store, first, end, 600).rows.span > 60, "two rows a span are too many"


def test_rows_of_a_finer_tier_after_an_hour_are_no_silence() -> None:
    def rows(span: float, first: float, count: int) -> Rows:
        ones, zeros = ([value] * count for value in (1.0, 0.0))
        column = Column(*(list[Value](each) for each in (ones, ones, ones, zeros, zeros, ones)))
        return Rows(span, [first + span * number for number in range(count)], {"a": column})

    reducer = Reducer(0.0, 7200.0, most_silences=5)
    reducer.add(rows(3600.0, 0.0, 2))
    reducer.add(rows(60.0, 2 * 3600.0, 90))
    assert reducer.reduced().after_silence == frozenset()
    reducer.add(rows(60.0, 6 * 3600.0, 90))
    assert len(reducer.reduced().after_silence) == 1


MINUTES_SHOWN = (5, 15, 60, 360, 24 * 60, 7 * 24 * 60, 30 * 24 * 60, 365 * 24 * 60)


def test_two_spikes_20_s_apart_stand_at_their_own_second_in_every_window(
    store: HistoryStore, builder: Builder, clock: Clock
) -> None:
    spike = START + 3 * 3600 + 1234.0
    figures = {START + n: {"percent": 5.0, "iowait": 0.0} for n in range(6 * 3600)}
    figures[spike]["percent"] = 97.0
    figures[spike - 20]["iowait"] = 60.0
    build(builder, clock, [event(at, {**each}) for at, each in figures.items()], START + 3 * DAY)
    for finest in TIERS:
        kept = {tier: 0.0 if tier.number >= finest.number else math.inf for tier in TIERS}
        for minutes in MINUTES_SHOWN:
            if 60 * minutes < 2 * finest.span:
                continue
            end = spike + 0.4 * 60 * minutes
            found = read(store, end - 60 * minutes, end, 600, lambda tier: kept[tier])  # noqa: B023
            rows, where = found.rows, f"{finest.name}, {minutes} minutes"
            for path, at, value in (("percent", spike, 97), ("iowait", spike - 20, 60)):
                column = rows.columns[path]
                tops = column.high if rows.span else column.mean
                place = tops.index(value)
                assert tops.count(value) == 1, where
                assert max(top or 0 for top in tops) == value, where
                offset = (column.high_at[place] or 0) if rows.span else 0
                assert rows.times[place] + offset == pytest.approx(at, abs=0.05), where
                assert rows.times[place] <= at < rows.times[place] + (rows.span or 0.1), where
            mean = rows.columns["percent"].mean
            counts = rows.columns["percent"].count or [1.0] * len(mean)
            count = sum(each or 0 for each in counts)
            whole = sum((a or 0) * (b or 0) for a, b in zip(mean, counts, strict=True))
            assert whole / count == pytest.approx(5 + 92 / count, rel=1e-3), where
