"""A past for `./bench/run history`: this machine's figures, recorded, varied and built in.

The log gets hours of it, event by event, and the builder makes the history of them as it does in a
service. What is longer ago than that is written to the history's tiers at once.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from dashboard.events.event import Event, EventId
from dashboard.events.paths import figures_of
from dashboard.log.contract import FOR_EVER
from dashboard.log.history.block import Column, Rows, Value, pack, samples, short
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.downsample import joined
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import HOURS, MINUTES, SECONDS, Tier
from dashboard.log.history.transaction import Series
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.metrics import FAMILIES

DAY = 86_400.0
HOST = "box"
FOUR = ("cpu", "disk", "memory", "network")  # families that have a month and a year
_NOISE = 0.03  # by which a figure that moves is varied
_LAST = EventId(10**15 - 1, 0)
_PIECE = 2000  # events, as the service reads them


@dataclass(frozen=True)
class Tiered:
    """What one machine takes in a tier; a value is a figure of a sample or of a span."""

    tier: str
    rows_a_day: int
    figures: int
    bytes_per_value: float
    bytes_a_day: float


@dataclass(frozen=True)
class Past:
    """A history that was made: its end, what it takes, and seconds of CPU for a minute of it.

    `recorded` are the bytes of a value of the recording, packed as it was read.
    """

    end: float
    recorded: float
    tiers: list[Tiered]
    cpu_per_minute: float
    events_per_minute: float


class Recording:
    """Readings of this machine, a second apart, and samples made of them."""

    def __init__(self, seconds: int) -> None:
        families = [family() for family in FAMILIES]
        self._cadences = {family.name: max(1, int(family.cadence)) for family in families}
        self._read: dict[str, list[dict[str, Any]]] = {family.name: [] for family in families}
        self._random = random.Random(1)
        self._level, self._offset = 1.0, 0
        for _ in range(seconds):
            time.sleep(1 - time.time() % 1)
            for family in families:
                reading = family.read()
                if reading is not None:
                    self._read[family.name].append(reading)

    def size_of_a_value(self) -> float:
        """Return the bytes that a value takes, if the readings are packed as they are."""
        size = values = 0
        for name, readings in self._read.items():
            cadence = self._cadences[name]
            times = [at for at in range(len(readings)) if at % cadence == 0]
            texts = [msgspec.json.encode({**readings[at], "time": float(at)}) for at in times]
            found = [figures_of(Event(HOST, name, text.decode())) for text in texts]
            rows = samples(row for row in found if row is not None)
            size += len(pack(rows))
            columns = rows.columns.values()
            values += sum(value is not None for column in columns for value in column.mean)
        return size / values

    def batch(self, at: int) -> list[Event]:
        """Return the samples that are due at a second since 1970.

        Each minute begins elsewhere in the recording, and its numbers are at another level: else
        all minutes were alike, and would take no room.
        """
        if at % 60 == 0:
            self._level, self._offset = self._random.uniform(0.6, 1.4), self._random.randrange(999)
        events = []
        for name, readings in self._read.items():
            cadence = self._cadences[name]
            if not readings or at % cadence:
                continue
            turn = (at // cadence + self._offset) % len(readings)
            data = self._varied(readings[turn - 1], readings[turn])
            text = msgspec.json.encode({"host": HOST, "time": float(at), **data}).decode()
            events.append(Event(HOST, name, text))
        return events

    def _varied(self, before: Any, now: Any) -> Any:
        """Return a reading in which each number that moved is another one, as long as it was."""
        if isinstance(now, dict):
            old = before if isinstance(before, dict) else {}
            return {key: self._varied(old.get(key), value) for key, value in now.items()}
        if isinstance(now, list):
            is_alike = isinstance(before, list) and len(before) == len(now)
            items = zip(before if is_alike else [None] * len(now), now, strict=True)
            return [self._varied(a, b) for a, b in items]
        if isinstance(now, bool) or not isinstance(now, int | float) or before in (None, now):
            return now
        other = now * self._level * (1 + self._random.gauss(0, _NOISE))
        return int(other) if isinstance(now, int) else round(other, 2)


def make(folder: Path, *, hours: int, record: int, say: Callable[[str], None]) -> Past:
    """Make log and history in a folder."""
    say(f"recording this machine for {record} s")
    recording = Recording(record)
    end = int(time.time()) // 60 * 60
    say(f"writing {hours} hours to the log, and building them in")
    (folder / "events.db-run").mkdir()
    path = folder / "events-history.db"
    store = HistoryStore(path, folder / "events.db-run" / "history-files.lock")
    spent, events = _build(recording, store, folder, end - 3600 * hours, end)
    tiers = [_tiered(path, store, SECONDS, hours / 24)]
    _copy_machines(path)
    say("writing a month of minutes and a year of hours")
    tiers += _months(path, store, end, hours)
    store.close()
    minutes = 60 * hours
    return Past(float(end), recording.size_of_a_value(), tiers, spent / minutes, events / minutes)


def _build(
    recording: Recording, store: HistoryStore, folder: Path, first: int, end: int
) -> tuple[float, int]:
    """Log and build in, a minute at a time; return seconds of CPU of the building, and events."""
    now = float(first)
    log = SQLiteLog(folder / "events.db", retention=FOR_EVER, clock=lambda: now)
    limits = Limits(DAY, 30 * DAY, 3 * 365 * DAY, 1 << 33)
    builder = Builder(store, limits, lambda: now)
    spent, events, position = 0.0, 0, EventId(0, 0)
    for at in range(first, end):
        now = float(at)
        log.append(recording.batch(at))
        if at % 60 == 59:
            began = time.process_time()
            while found := log.read_range(position.following, _LAST, limit=_PIECE):
                builder.add(found)
                events += len(found)
                position = found[-1].id or position
            builder.finish()
            builder.trim()
            spent += time.process_time() - began
    now += 2 * SECONDS.window  # so that the last windows are over, too
    builder.finish()
    log.close()
    return spent, events


def _tiered(path: Path, store: HistoryStore, tier: Tier, days: float) -> Tiered:
    values = rows = figures = 0
    for series in store.series():
        for part in store.read(tier, series, 0, 1e10):
            rows += len(part.times)
            figures += len(part.columns)
            values += sum(
                value is not None for column in part.columns.values() for value in column.mean
            )
    with sqlite3.connect(path) as connection:
        query = "SELECT sum(length(data)), count(*) FROM part WHERE tier = ?"
        size, parts = connection.execute(query, (tier.number,)).fetchone()
    windows = max(1, parts // max(1, len(store.series())))
    return Tiered(
        tier.name, int(rows / days), figures // windows, size / values, float(size) / days
    )


def _months(path: Path, store: HistoryStore, end: int, hours: int) -> list[Tiered]:
    """Fill minutes and hours with what was built in; return what a day of each takes."""
    sizes: dict[Tier, list[int]] = {MINUTES: [], HOURS: []}
    values = dict.fromkeys(sizes, 0)
    figures = dict.fromkeys(sizes, 0)
    for series in [each for each in store.series() if each.host == HOST]:
        built = joined(list(store.read(MINUTES, series, end - 3600 * hours, end)))
        for tier, age in ((MINUTES, 30), (HOURS, 365)):
            count = int(tier.window / tier.span)
            whole = _tiled(built, tier, count)
            shown = built if tier is MINUTES else whole  # minutes are as they were built
            sizes[tier].append(len(pack(shown)) * count // len(shown.times))
            values[tier] += count * len(whole.columns)
            figures[tier] += len(whole.columns)
            if series.event in FOUR:
                _repeat(store, tier, series, whole, end, age)
    found = []
    for tier, each in sizes.items():
        total = sum(each)
        day = DAY / tier.window
        rows = int(DAY / tier.span) * len(each)
        found.append(Tiered(tier.name, rows, figures[tier], total / values[tier], total * day))
    return found


def _tiled(built: Rows, tier: Tier, count: int) -> Rows:
    """Return a window of rows: those that are there again and again, each number varied."""
    noise = random.Random(2)
    out = Rows(tier.span, [tier.span * number for number in range(count)])
    for path, column in built.columns.items():
        target = out.columns[path] = Column()
        for to, values in zip(target.lists(), column.lists(), strict=True):
            moves = len(set(values)) > 1
            to += [_near(values[row % len(values)], noise, moves) for row in range(count)]
        if tier is HOURS:
            target.count[:] = [value and value * 60 for value in target.count]
    return out


def _near(value: Value, noise: random.Random, moves: bool) -> Value:
    return short(value * (1 + noise.gauss(0, _NOISE))) if moves and value else value


def _repeat(
    store: HistoryStore, tier: Tier, series: Series, rows: Rows, end: int, days: int
) -> None:
    first, last = int((end - days * DAY) // tier.window), int(end // tier.window)
    with store.writing() as writing:
        for window in range(first, last + 1):
            times = [window * tier.window + at for at in rows.times]
            whole = Rows(tier.span, times, rows.columns)
            writing.replace(tier, window, series, whole.within(0, end))


def _copy_machines(path: Path) -> None:
    """Give nine more machines the samples of the first."""
    with sqlite3.connect(path) as connection:
        for number in range(1, 10):
            host = f"machine-{number}"
            connection.execute(
                "INSERT INTO series (host, event) SELECT ?, event FROM series WHERE host = ?",
                (host, HOST),
            )
            connection.execute(
                """INSERT INTO part SELECT part.tier, window, copy.id, part.number, data FROM part
                   JOIN series ON series.id = part.series AND series.host = ?
                   JOIN series copy ON copy.event = series.event AND copy.host = ?
                   WHERE part.tier < 2""",
                (HOST, host),
            )
