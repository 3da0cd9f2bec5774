"""The log in one SQLite file that the workers of a machine share.

An id is kept as one integer, milliseconds shifted left by 20 bits plus the sequence, and is the
table's row id: reading after a position is a walk along the primary key. The last id given
outlives the events themselves in a table of its own, so that no id is ever given twice.

A call blocks on the disk: use it from a native thread (`ThreadedLog`) or a script.
"""

import select
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import EventLog, IdempotencyConflict, LogUnavailable
from dashboard.log.sqlite.connection import Database, roll_back
from dashboard.log.wakeup import WakeupChannel

T = TypeVar("T")

_SEQUENCE_BITS = 20
_HIGHEST = (1 << 63) - 1
_TRIM_EVERY = 5.0  # seconds between two steps of trimming
_TRIM_STEP = 500  # rows in a step, over twice what came in since the last one

_SCHEMA = """
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
"""


def sqlite_path(url: str) -> Path:
    """The file that `sqlite:///PATH` names; `sqlite:////PATH` is absolute."""
    return Path(url.removeprefix("sqlite:///")).absolute()


def run_directory(path: Path) -> Path:
    """Beside the file, so that whoever can write the log can also wake its readers."""
    return path.with_name(path.name + "-run")


class SQLiteLog:
    """`EventLog` on SQLite in WAL mode. Calls from several threads take turns."""

    def __init__(
        self, path: Path, *, retention: float, clock: Callable[[], float] = time.time
    ) -> None:
        """Raises LogUnavailable where the folder can't be made. The file is opened when needed."""
        self._path = path
        self._database = Database(path, run_directory(path) / "open.lock", schema=_SCHEMA)
        self._retention = retention
        self._clock = clock
        self._last_given = 0
        self._trimmed_at = 0.0
        self._appended_since_trim = 0
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._wakeups = WakeupChannel(run_directory(path))
        except OSError as error:
            raise LogUnavailable(f"{path.parent}: {error.strerror}") from None

    def append(self, events: Sequence[Event]) -> list[EventId]:
        return self._append(events, None)

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._append(events, (key, body_digest))

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        return self._select("id > ? ORDER BY id LIMIT ?", (_number(after), limit))

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        where = "id BETWEEN ? AND ?"
        values: list[Any] = [_number(first), _number(last)]
        for column, wanted in (("name", names), ("host", hosts)):
            if wanted is not None:
                wanted = [item or "" for item in wanted]
                where += f" AND {column} IN ({','.join('?' * len(wanted))})"
                values.extend(wanted)
        return self._select(f"{where} ORDER BY id LIMIT ?", (*values, limit))

    def latest(self) -> list[Event]:
        return self._select("id IN (SELECT id FROM latest) ORDER BY id", ())

    def oldest(self) -> EventId | None:
        with self._database.connected() as connection:
            row = connection.execute("SELECT min(id) FROM event").fetchone()
        return None if row[0] is None else _id(row[0])

    def newest(self) -> EventId | None:
        with self._database.connected() as connection:
            row = connection.execute("SELECT max(id) FROM event").fetchone()
        return None if row[0] is None else _id(row[0])

    def with_reader(self, read: Callable[[EventLog], T]) -> T:
        return read(self)

    def wait(self, timeout: float) -> list[Unpersisted]:
        try:
            select.select([self._wakeups.listen()], [], [], timeout)
        except OSError:
            time.sleep(timeout)
        return self._wakeups.receive()

    def fileno(self) -> int:
        """The descriptor that becomes readable with a wake-up, for an event loop."""
        return self._wakeups.listen()

    def receive(self) -> list[Unpersisted]:
        """What was announced, without waiting; for an event loop after `fileno`."""
        return self._wakeups.receive()

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        self._wakeups.notify_all(unpersisted)

    def size(self) -> int:
        total = 0
        for suffix in ("", "-wal"):
            try:
                total += Path(f"{self._path}{suffix}").stat().st_size
            except OSError:
                continue  # not made yet, or gone
        return total

    def close(self) -> None:
        self._database.close()
        self._wakeups.close()

    def _select(self, condition: str, values: Sequence[Any]) -> list[Event]:
        with self._database.connected() as connection:
            rows = connection.execute(
                f"SELECT id, host, name, data FROM event WHERE {condition}", values
            ).fetchall()
        if rows:
            self._last_given = max(self._last_given, rows[-1][0])
        return [Event(host, name or None, data, _id(number)) for number, host, name, data in rows]

    def _append(self, events: Sequence[Event], once: tuple[str, str] | None) -> list[EventId]:
        ids = self._append_to_file(events, once)
        # Where that file was taken away meanwhile, the batch is to be in the one that comes next.
        if not self._database.is_current():
            ids = self._append_to_file(events, once)
        self._wakeups.notify_all()
        return ids

    def _append_to_file(
        self, events: Sequence[Event], once: tuple[str, str] | None
    ) -> list[EventId]:
        with self._database.connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            given = once and self._given(connection, *once)
            if given:
                return [_id(number) for number in given]
            numbers = self._write(connection, events)
            if once and numbers:
                row = numbers[0], len(numbers), *once
                connection.execute("INSERT OR REPLACE INTO once VALUES (?, ?, ?, ?)", row)
            connection.execute("COMMIT")
            if numbers:
                self._last_given = numbers[-1]
            self._appended_since_trim += len(numbers)
            self._trim_if_due(connection)
        return [_id(number) for number in numbers]

    def _given(self, connection: sqlite3.Connection, key: str, body_digest: str) -> range | None:
        """The numbers of the batch that was logged under a key, while they are kept."""
        row = connection.execute(
            "SELECT first, count, fingerprint FROM once WHERE key = ?", (key,)
        ).fetchone()
        if row is None or row[0] < self._kept_from():
            return None
        if row[2] != body_digest:
            raise IdempotencyConflict(key)
        return range(row[0], row[0] + row[1])

    def _write(self, connection: sqlite3.Connection, events: Sequence[Event]) -> list[int]:
        row = connection.execute("SELECT id FROM last_given").fetchone()
        # What this process gave or saw counts too: the file may have been replaced by an empty one.
        last = max(row[0] if row else 0, self._last_given)
        first = max(int(self._clock() * 1000) << _SEQUENCE_BITS, last + 1)
        numbers = list(range(first, first + len(events)))
        rows = [(n, e.host, e.name or "", e.data) for n, e in zip(numbers, events, strict=True)]
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", rows)
        connection.executemany(
            "INSERT OR REPLACE INTO latest (id, host, name) VALUES (?, ?, ?)",
            [row[:3] for row in rows],
        )
        if numbers:
            connection.execute("INSERT OR REPLACE INTO last_given VALUES (1, ?)", numbers[-1:])
        return numbers

    def _kept_from(self) -> int:
        return _number(EventId.at(self._clock() - self._retention))

    def _trim_if_due(self, connection: sqlite3.Connection) -> None:
        now = self._clock()
        if abs(now - self._trimmed_at) < _TRIM_EVERY:
            return
        step = _TRIM_STEP + 2 * self._appended_since_trim
        end = self._kept_from()
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ? LIMIT ?)",
                (end, step),
            )
            connection.execute("DELETE FROM latest WHERE id < ?", (end,))
            connection.execute(
                "DELETE FROM once WHERE first IN (SELECT first FROM once WHERE first < ? LIMIT ?)",
                (end, step),
            )
            connection.execute("COMMIT")
            # executescript() because execute() steps this statement once: one page a time.
            connection.executescript(f"PRAGMA incremental_vacuum({step})")
        except sqlite3.Error:
            # Another writer, or no space: the next step tries again. The batch is logged already.
            roll_back(connection)
        self._trimmed_at, self._appended_since_trim = now, 0


def _number(event_id: EventId) -> int:
    sequence = min(event_id.sequence, (1 << _SEQUENCE_BITS) - 1)
    return min((event_id.ms << _SEQUENCE_BITS) | sequence, _HIGHEST)


def _id(number: int) -> EventId:
    return EventId(number >> _SEQUENCE_BITS, number & ((1 << _SEQUENCE_BITS) - 1))
