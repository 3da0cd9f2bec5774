"""The events in a SQLite file: how ids are numbers, the schema, and reading rows as events."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.events.event import Event, EventId
from dashboard.log.entry_check import EntryCheck
from dashboard.log.id_times import IdTimes, Mark
from dashboard.log.sqlite.connection import Database

SEQUENCE_BITS = 20
HIGHEST = (1 << 63) - 1
_SEQUENCES = (1 << SEQUENCE_BITS) - 1

# `latest` has the newest id of each host and name, `once` what was given under a key, `mark` when
# events were appended whose ids do not tell (log/id_times.py), `kept` what is no event.
SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS latest (
    host TEXT, name TEXT, id INTEGER NOT NULL, PRIMARY KEY (host, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last_given (only INTEGER PRIMARY KEY CHECK (only = 1), id INTEGER);
CREATE TABLE IF NOT EXISTS once (
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY, time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, digest TEXT NOT NULL, data BLOB NOT NULL);
"""


def number_of_id(event_id: EventId) -> int:
    """Return the row id of an event id."""
    sequence = min(event_id.sequence, _SEQUENCES)
    return min((event_id.ms << SEQUENCE_BITS) | sequence, HIGHEST)


def id_of_number(number: int) -> EventId:
    """Return the event id of a row id."""
    # As EventId(ms, sequence) does it, at half the cost: it is made twice for each event.
    return tuple.__new__(EventId, (number >> SEQUENCE_BITS, number & _SEQUENCES))


class EventTable:
    """Reads the events of one file. `times` and `check` may be shared with other connections."""

    def __init__(self, database: Database, times: IdTimes, check: EntryCheck) -> None:
        self.times = times
        self.check = check
        self.highest = 0  # of the row ids that were read here
        self._database = database
        self._passed = (0, 0)  # a position, and the row id up to which no event follows it

    def read_after(self, position: int, limit: int) -> list[Event]:
        """Return at most `limit` events above a row id. Raises LogUnavailable."""
        first = self._passed[1] if position == self._passed[0] else position
        found, last = self._read(first + 1, HIGHEST, limit, "", ())
        # Entries that are no events are not read again by a reader that stays where it was.
        reached = number_of_id(found[-1].id) if found and found[-1].id else position
        self._passed = reached, last
        return found

    def read_range(
        self, first: int, last: int, limit: int, where: str, values: Sequence[Any]
    ) -> list[Event]:
        """Return at most `limit` events from one row id to another. Raises LogUnavailable."""
        return self._read(first, last, limit, where, values)[0]

    def latest(self) -> list[Event]:
        """Return the newest event of each host and name. Raises LogUnavailable."""
        return self._events(self._rows("id IN (SELECT id FROM latest) ORDER BY id", ()))

    def end(self, function: str) -> EventId | None:
        """Return the lowest ("min") or the highest ("max") id. Raises LogUnavailable."""
        with self._database.connected() as connection:
            (number,) = connection.execute(f"SELECT {function}(id) FROM event").fetchone()
            if number is None:
                return None
            self.times.note(id_of_number(number))
            self.read_marks(connection)
        return id_of_number(number)

    def read_marks(self, connection: sqlite3.Connection) -> None:
        """Read the marks that came since the last look, where there may be some."""
        if not self.times.is_ahead:
            return
        last = self.times.last
        rows = connection.execute(
            "SELECT id, time FROM mark WHERE id > ? ORDER BY id",
            (number_of_id(last.id) if last else 0,),
        )
        self.times.add(Mark(id_of_number(number), at) for number, at in rows)

    def _read(
        self, first: int, last: int, limit: int, where: str, values: Sequence[Any]
    ) -> tuple[list[Event], int]:
        """Return events of a range, and the row id up to which these are all."""
        found: list[Event] = []
        while first <= last and len(found) < limit:
            asked = limit - len(found)
            condition = f"id BETWEEN ? AND ?{where} ORDER BY id LIMIT ?"
            rows = self._rows(condition, (first, last, *values, asked))
            found += self._events(rows)
            if rows:
                first = min(rows[-1][0] + 1, HIGHEST)
            if len(rows) < asked:
                break
        return found, first - 1

    def _rows(self, condition: str, values: Sequence[Any]) -> list[Any]:
        select = f"SELECT id, host, name, data FROM event WHERE {condition}"
        with self._database.connected() as connection:
            try:
                rows = connection.execute(select, values).fetchall()
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise
                rows = _rows_of_any_bytes(connection, select, values)
            if rows:
                self.times.note(id_of_number(rows[-1][0]))
            self.read_marks(connection)
        return rows

    def _events(self, rows: Iterable[Any]) -> list[Event]:
        event = self.check.event
        found = [event(host, name, data, id_of_number(n)) for n, host, name, data in rows]
        events = [event for event in found if event is not None]
        if events and events[-1].id is not None:
            self.highest = max(self.highest, number_of_id(events[-1].id))
        return events


def _rows_of_any_bytes(
    connection: sqlite3.Connection, select: str, values: Sequence[Any]
) -> list[Any]:
    """Return rows some of which hold text that is no UTF-8; its bytes come as surrogates."""
    before = connection.text_factory
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        return connection.execute(select, values).fetchall()
    finally:
        connection.text_factory = before
