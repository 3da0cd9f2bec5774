"""A transaction of the history: adding parts, joining them, and deleting old ones."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dashboard.events.event import Event, EventId
from dashboard.log.history import past_alerts, past_programs
from dashboard.log.history.block import Rows, pack, unpack
from dashboard.log.history.downsample import joined
from dashboard.log.history.tiers import MINUTES, Tier

logger = logging.getLogger(__name__)

_PARTS = 24  # of a window that becomes one before its end: a day of minutes would have 144


@dataclass(frozen=True, slots=True)
class Series:
    """One event name of one host."""

    id: int
    host: str
    event: str


class Writing:
    """A transaction of the history."""

    def __init__(self, connection: Any, ids: dict[tuple[str, str], int]) -> None:
        self._connection = connection
        self._ids = ids

    def series(self, host: str, event: str) -> Series:
        """Return the series of a host and an event name, made if it is new."""
        insert = "INSERT OR IGNORE INTO series (host, event) VALUES (?, ?)"
        self._connection.execute(insert, (host, event))
        query = "SELECT id FROM series WHERE host = ? AND event = ?"
        return Series(self._connection.execute(query, (host, event)).fetchone()[0], host, event)

    def add(self, tier: Tier, series: Series, rows: Rows) -> None:
        """Add rows as a part of each window that they are in."""
        for window, part in _by_window(rows, tier.window):
            key = (tier.number, window, series.id)
            number = self._connection.execute(
                "SELECT max(number) FROM part WHERE tier = ? AND window = ? AND series = ?", key
            ).fetchone()[0]
            if number == _PARTS - 2:
                earlier = self.parts(tier, window, series)
                self.replace(tier, window, series, joined([*earlier, part]))
            else:
                self._insert(key, 0 if number is None else number + 1, part)
            self._connection.execute("INSERT OR IGNORE INTO open_window VALUES (?, ?, ?)", key)

    def replace(self, tier: Tier, window: int, series: Series, rows: Rows) -> None:
        """Put one part in place of all parts of a window, and mark the window as done."""
        key = (tier.number, window, series.id)
        where = "WHERE tier = ? AND window = ? AND series = ?"
        self._connection.execute(f"DELETE FROM part {where}", key)
        self._insert(key, 0, rows)
        self._connection.execute(f"DELETE FROM open_window {where}", key)

    def _insert(self, key: tuple[int, int, int], number: int, rows: Rows) -> None:
        insert = "INSERT INTO part (tier, window, series, number, data) VALUES (?, ?, ?, ?, ?)"
        self._connection.execute(insert, (*key, number, pack(rows)))

    def parts(self, tier: Tier, window: int, series: Series) -> list[Rows]:
        """Return the parts of a window, in the order in which they were written."""
        found = self._connection.execute(
            """SELECT data FROM part WHERE tier = ? AND window = ? AND series = ?
               ORDER BY number""",
            (tier.number, window, series.id),
        ).fetchall()
        parts = [unpacked(data, None) for (data,) in found]
        return [part for part in parts if part is not None]

    def add_alerts(self, events: Iterable[Event]) -> None:
        """Build in what events of the log say of alerts."""
        past_alerts.write(self._connection, events)

    def add_programs(self, events: Iterable[Event]) -> None:
        """Build in which programs took most, by events of the log."""
        past_programs.write(self._connection, events)

    def trim_alerts(self, before: float) -> None:
        """Delete alerts that ended before a time."""
        past_alerts.trim(self._connection, before)

    def set_position(self, position: EventId) -> None:
        """Save the id of the last event that is built in."""
        self._connection.execute("DELETE FROM position")
        self._connection.execute("INSERT INTO position VALUES (?, ?)", tuple(position))

    def trim(self, tier: Tier, before: float, most: int = 20_000) -> int:
        """Delete at most `most` parts of windows that ended before a time; return how many went."""
        window = int(before // tier.window)
        done = self._connection.execute(
            """DELETE FROM part WHERE (tier, series, window, number) IN (
                   SELECT tier, series, window, number FROM part
                   WHERE tier = ? AND window < ? ORDER BY window LIMIT ?)""",
            (tier.number, window, most),
        ).rowcount
        self._connection.execute(
            "DELETE FROM open_window WHERE tier = ? AND window < ?", (tier.number, window)
        )
        if tier is MINUTES:
            done += past_programs.trim(self._connection, before, most)
        return int(done)

    def free_pages(self) -> None:
        """Give free pages back to the file system."""
        self._connection.execute("PRAGMA incremental_vacuum(4096)").fetchall()


def _by_window(rows: Rows, window: float) -> Iterable[tuple[int, Rows]]:
    numbers = [int(time // window) for time in rows.times]
    if len(set(numbers)) == 1:
        return [(numbers[0], rows)]
    return [(number, _selection(rows, number, numbers)) for number in dict.fromkeys(numbers)]


def _selection(rows: Rows, number: int, numbers: list[int]) -> Rows:
    first = numbers.index(number)
    end = first + numbers.count(number)
    out = Rows(rows.span, rows.times[first:end])
    for path, column in rows.columns.items():
        lists = [values[first:end] for values in column.lists()]
        if any(value is not None for value in lists[0]):
            out.columns[path] = type(column)(*lists)
    return out


def unpacked(data: bytes, paths: Callable[[str], bool] | None) -> Rows | None:
    """Unpack a part; None, and a warning, for bytes that are no part."""
    try:
        return unpack(data, paths)
    except ValueError as error:
        logger.warning("a part of the history is left out: %s", error)
        return None
