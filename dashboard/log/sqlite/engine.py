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
from dashboard.log.contract import UNBOUNDED, EventLog, IdempotencyConflict, LogUnavailable
from dashboard.log.entry_check import EntryCheck
from dashboard.log.id_times import IdTimes
from dashboard.log.sqlite.connection import Database
from dashboard.log.sqlite.event_table import (
    SCHEMA,
    SEQUENCE_BITS,
    EventTable,
    id_of_number,
    number_of_id,
)
from dashboard.log.sqlite.trimming import Trimmer
from dashboard.log.steady_clock import SteadyClock
from dashboard.log.wakeup import WakeupChannel

T = TypeVar("T")


def sqlite_path(url: str) -> Path:
    """The file that `sqlite:///PATH` names; `sqlite:////PATH` is absolute."""
    return Path(url.removeprefix("sqlite:///")).absolute()


def run_directory(path: Path) -> Path:
    """Beside the file, so that whoever can write the log can also wake its readers."""
    return path.with_name(path.name + "-run")


class SQLiteLog:
    """`EventLog` on SQLite in WAL mode. Calls from several threads take turns."""

    def __init__(
        self,
        path: Path,
        *,
        retention: float,
        most_bytes: int = UNBOUNDED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the file when it is needed. Raises LogUnavailable where its folder can't be made.

        `retention` is in seconds; `most_bytes` is what the events may take in the file.
        """
        self._path = path
        self._database = Database(path, run_directory(path) / "open.lock", schema=SCHEMA)
        self._retention = retention
        self._clock = clock
        self._steady_clock = SteadyClock(clock)
        self._last_given = 0
        self._trimmer = Trimmer(most_bytes=most_bytes, clock=clock)
        self._table = EventTable(self._database, IdTimes(clock), EntryCheck(str(path)))
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._wakeups = WakeupChannel(run_directory(path))
        except OSError as error:
            raise LogUnavailable(f"{path.parent}: {error.strerror}") from None

    @property
    def skipped(self) -> int:
        """Entries that were no events, by this instance and its siblings."""
        return self._table.check.skipped

    def sibling(self) -> "SQLiteLog":
        """Open one more instance on the file, for reading; it shares what is known of its ids."""
        other = SQLiteLog(self._path, retention=self._retention, clock=self._clock)
        other._table.times, other._table.check = self._table.times, self._table.check
        return other

    def append(self, events: Sequence[Event]) -> list[EventId]:
        return self._append(events, None)

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._append(events, (key, body_digest))

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        return self._table.read_after(number_of_id(after), limit)

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        where = ""
        values: list[Any] = []
        for column, wanted in (("name", names), ("host", hosts)):
            if wanted is not None:
                wanted = [item or "" for item in wanted]
                where += f" AND {column} IN ({','.join('?' * len(wanted))})"
                values.extend(wanted)
        return self._table.read_range(number_of_id(first), number_of_id(last), limit, where, values)

    def latest(self) -> list[Event]:
        return self._table.latest()

    def oldest(self) -> EventId | None:
        return self._table.end("min")

    def newest(self) -> EventId | None:
        return self._table.end("max")

    def time_of(self, event_id: EventId) -> float:
        return self._table.times.time_of(event_id)

    def id_at(self, seconds: float) -> EventId:
        return self._table.times.id_at(seconds)

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
                return [id_of_number(number) for number in given]
            numbers = self._write(connection, events)
            if once and numbers:
                row = numbers[0], len(numbers), *once
                connection.execute("INSERT OR REPLACE INTO once VALUES (?, ?, ?, ?)", row)
            connection.execute("COMMIT")
            self._table.read_marks(connection)
            if numbers:
                self._last_given = numbers[-1]
            self._trimmer.note(events)
            self._trimmer.trim_if_due(connection, self._kept_from())
        return [id_of_number(number) for number in numbers]

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
        last = max(row[0] if row else 0, self._last_given, self._table.highest)
        now = self._clock()
        first = max(int(now * 1000) << SEQUENCE_BITS, last + 1)
        numbers = list(range(first, first + len(events)))
        if numbers:
            self._mark(connection, id_of_number(first), id_of_number(numbers[-1]), now)
        rows = [(n, e.host, e.name or "", e.data) for n, e in zip(numbers, events, strict=True)]
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", rows)
        connection.executemany(
            "INSERT OR REPLACE INTO latest (id, host, name) VALUES (?, ?, ?)",
            [row[:3] for row in rows],
        )
        if numbers:
            connection.execute("INSERT OR REPLACE INTO last_given VALUES (1, ?)", numbers[-1:])
        return numbers

    def _mark(
        self, connection: sqlite3.Connection, first: EventId, last: EventId, now: float
    ) -> None:
        """Note when a batch is appended, if its ids do not say so."""
        self._table.times.note(last)
        self._table.read_marks(connection)
        mark = self._table.times.mark_for(first, now)
        if mark is not None:
            row = number_of_id(mark.id), mark.time
            connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", row)

    def _kept_from(self) -> int:
        first = self._table.times.id_at(self._steady_clock() - self._retention)
        self._table.times.drop_before(first)
        return number_of_id(first)
