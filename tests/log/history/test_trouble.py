"""A history whose file is deleted or damaged, or whose machine's clock is set."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.events.event import Event, EventId
from dashboard.log.contract import LogUnavailable
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.downsample import joined
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import MINUTES, TIERS

DAY = 86_400.0
START = 1_801_440_000
LIMITS = Limits(seconds=2 * DAY, minutes=60 * DAY, hours=90 * DAY, size=1 << 30)
HOUR, STEP = 3600, 10


class Clock:
    """A clock that tests set."""

    now = float(START)

    def __call__(self) -> float:
        return self.now


class Kept:
    """A log, and the history that is built of it as a leader does: once a minute, from its end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.db"
        self.store = HistoryStore(self.path, folder / "lock")
        self.clock = Clock()
        self.builder = Builder(self.store, LIMITS, self.clock)
        self.log: list[Event] = []
        self.failures = 0

    def log_until(self, first: float, end: float) -> None:
        """Sample until a time, by a clock that may have been set."""
        for at in range(int(first), int(end), STEP):
            text = f'{{"host":"box","time":{at},"percent":{at % 97}}}'
            # Ids go on, whatever the clock says.
            ms = self.log[-1].id.ms + 1 if self.log and self.log[-1].id else 0
            self.log.append(Event("box", "cpu", text, EventId(max(at * 1000, ms), 0)))
            self.clock.now = at
            if at % 60 == 50:
                self.minute()

    def minute(self) -> None:
        try:
            position = self.builder.position()
            self.builder.add([event for event in self.log if event.id and event.id > position])
            self.builder.finish()
            self.builder.trim()
        except LogUnavailable:
            self.failures += 1  # it is tried again

    def times(self) -> dict[str, list[float]]:
        """Return the times of each tier's rows, after all windows have ended."""
        self.clock.now += 40 * DAY
        self.builder.finish()
        (series,) = self.store.series()
        return {
            tier.name: joined(list(self.store.read(tier, series, 0, 1e10))).times for tier in TIERS
        }


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.store.close()


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


@pytest.mark.parametrize("harm", [delete, empty, damage])
def test_a_file_that_is_harmed_is_built_anew_from_what_the_log_has(
    kept: Kept, harm: Callable[[Path], None]
) -> None:
    kept.log_until(START, START + HOUR)
    with kept.store._database.connected() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    harm(kept.path)
    if harm is damage:
        kept.store.close()  # what is in memory is whole
    kept.log_until(START + HOUR, START + 2 * HOUR)
    assert kept.failures <= 2
    assert kept.path.with_name("history.db.damaged").exists() == (harm is not delete)
    there = range(START, START + 2 * HOUR, STEP)
    assert kept.times() == {
        "seconds": [*there],
        "minutes": sorted({at // 60 * 60 for at in there}),
        "hours": [START, START + HOUR],
    }


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_that_is_set_and_set_back_leaves_each_span_once(kept: Kept, step: int) -> None:
    middle = START + 2 * HOUR
    kept.log_until(START, middle)
    kept.log_until(middle + step, middle + step + 1800)
    kept.log_until(middle + 1800, middle + 2 * HOUR)
    there = {*range(START, middle, STEP), *range(middle + 1800, middle + 2 * HOUR, STEP)}
    there |= {*range(middle + step, middle + step + 1800, STEP)}
    times = kept.times()
    assert times["seconds"] == sorted(there)
    assert times["minutes"] == sorted({at // 60 * 60 for at in there})
    assert times["hours"] == sorted({at // HOUR * HOUR for at in there})
    (series,) = kept.store.series()
    rows = joined(list(kept.store.read(MINUTES, series, 0, 1e10)))
    counts = Counter(at // 60 * 60 for at in there)
    assert rows.columns["percent"].count == [counts[int(time)] for time in rows.times]
