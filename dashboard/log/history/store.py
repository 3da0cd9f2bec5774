"""The SQLite file of the history: parts of windows, and how far the log has been read.

Blocking; each instance is for one thread. Raises LogUnavailable where the file can't be used.
"""

import logging
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.events.event import Event, EventId
from dashboard.log.contract import LogUnavailable
from dashboard.log.history import past_alerts, past_programs
from dashboard.log.history.block import Rows
from dashboard.log.history.downsample import joined
from dashboard.log.history.past_alerts import PastAlert
from dashboard.log.history.tiers import Tier
from dashboard.log.history.transaction import Series, Writing, unpacked
from dashboard.log.sqlite.connection import Database

logger = logging.getLogger(__name__)

_VERSION = 1
_VERSION_AT = 60  # bytes into the file: the user version (sqlite.org/fileformat.html, 1.3)
_NEWER = ".newer"
_PARTS = 256  # that are read at once, where a window has not more
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, event TEXT NOT NULL, UNIQUE (host, event)
);
CREATE TABLE IF NOT EXISTS part (
    tier INTEGER NOT NULL, window INTEGER NOT NULL, series INTEGER NOT NULL,
    number INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (tier, series, window, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS open_window (
    tier INTEGER NOT NULL, window INTEGER NOT NULL, series INTEGER NOT NULL,
    PRIMARY KEY (tier, window, series)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS part_by_age ON part (tier, window);
CREATE TABLE IF NOT EXISTS position (ms INTEGER NOT NULL, sequence INTEGER NOT NULL);
{past_alerts.SCHEMA}{past_programs.SCHEMA}
"""


class HistoryStore:
    """One thread's view of the file; what it writes, it writes in one transaction."""

    def __init__(self, path: Path, lock: Path) -> None:
        """`lock` is a file that all processes of this history share. Nothing is opened yet."""
        self._path = path
        _set_newer_aside(path)
        self._database = Database(path, lock, schema=_SCHEMA, version=_VERSION)
        self._ids: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._database.close()

    def size(self) -> int:
        """Return the bytes in use in the file, without free pages."""
        with self._database.connected() as connection:
            count, free, page = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((count - free) * page)

    def position(self) -> EventId:
        """Return the id of the last event that was built in; the lowest id without any."""
        with self._database.connected() as connection:
            row = connection.execute("SELECT ms, sequence FROM position").fetchone()
        return EventId(*row) if row else EventId(0, 0)

    def past_alerts(self, since: float, newest: Iterable[Event]) -> list[PastAlert]:
        """Return the alerts that were open after a time, with `newest` events of the log."""
        with self._database.connected() as connection:
            return past_alerts.read(connection, since, newest)

    def past_programs(self, at: float) -> list[Event]:
        """Return an event `processes` of each host for the minute of a time."""
        with self._database.connected() as connection:
            return past_programs.read(connection, at)

    def series(self) -> list[Series]:
        """Return all series."""
        with self._database.connected() as connection:
            rows = connection.execute("SELECT id, host, event FROM series").fetchall()
        return [Series(*row) for row in rows]

    def oldest(self, tier: Tier) -> float | None:
        """Return the start of a tier's oldest window, seconds since 1970; None for an empty one."""
        with self._database.connected() as connection:
            row = connection.execute(
                "SELECT min(window) FROM part WHERE tier = ?", (tier.number,)
            ).fetchone()
        return None if row[0] is None else float(row[0] * tier.window)

    def read(
        self,
        tier: Tier,
        series: Series,
        first: float,
        end: float,
        paths: Callable[[str], bool] | None = None,
    ) -> Iterator[Rows]:
        """Yield the rows of a series, a window at a time, from that of `first` to that of `end`."""
        window, last = int(first // tier.window), int(end // tier.window)
        sql = """SELECT window, data FROM part WHERE tier = ? AND series = ?
                 AND window BETWEEN ? AND ? ORDER BY window, number"""
        while window <= last:
            with self._database.connected() as connection:
                key = (tier.number, series.id, window)
                found = connection.execute(f"{sql} LIMIT {_PARTS}", (*key, last)).fetchall()
                if len(found) == _PARTS:  # the last window may go on in the next piece
                    whole = [row for row in found if row[0] != found[-1][0]]
                    key = (tier.number, series.id, found[0][0])
                    found = whole or connection.execute(sql, (*key, found[0][0])).fetchall()
            if not found:
                return
            for number in dict.fromkeys(row[0] for row in found):
                parts = [unpacked(data, paths) for each, data in found if each == number]
                rows = [part for part in parts if part is not None]
                if rows:
                    yield joined(rows)
            window = found[-1][0] + 1

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open a transaction, which is committed at the end of the block."""
        with self._database.connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Writing(connection, self._ids)
            connection.execute("COMMIT")

    def open_windows(self, tier: Tier, before: float) -> list[tuple[int, Series]]:
        """Return (window, series) of the windows with new parts that ended before a time."""
        with self._database.connected() as connection:
            rows = connection.execute(
                """SELECT window, series.id, host, event FROM open_window
                   JOIN series ON series.id = open_window.series
                   WHERE tier = ? AND window < ? ORDER BY window""",
                (tier.number, int(before // tier.window)),
            ).fetchall()
        return [(window, Series(*series)) for window, *series in rows]


def _set_newer_aside(path: Path) -> None:
    """Rename a file that a newer version of this program wrote."""
    try:
        with path.open("rb") as file:
            file.seek(_VERSION_AT)
            header = file.read(4)
        version = struct.unpack(">I", header)[0] if len(header) == 4 else 0
        if version > _VERSION:
            aside = path.with_name(path.name + _NEWER)
            path.rename(aside)
            logger.error("%s is of a newer version: set aside as %s", path, aside.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise LogUnavailable(f"{path}: {error.strerror or error}") from None
