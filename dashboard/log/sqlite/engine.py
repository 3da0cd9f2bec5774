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
from dashboard.log.contract import (
    UNBOUNDED,
    Batch,
    EventLog,
    IdempotencyConflict,
    LogUnavailable,
)
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
from dashboard.log.sqlite.inserting import given_numbers, insert_events, note_key
from dashboard.log.sqlite.kept_table import read_kept, write_kept
from dashboard.log.sqlite.trimming import Trimmer
from dashboard.log.steady_clock import SteadyClock
from dashboard.log.wakeup import WakeupChannel
from dashboard.posix.ownership import make_folder

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
            make_folder(path.parent, 0o750)
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
        return self._append(Batch(events))

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._append(Batch(events, key, body_digest))

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

    def kept(self, name: str, known: str | None) -> bytes | None:
        return read_kept(self._database, name, known)

    def keep(self, name: str, before: str, kept: bytes) -> bool:
        return write_kept(self._database, name, before, kept)

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

    def append_all(self, batches: Sequence[Batch]) -> list[list[EventId] | IdempotencyConflict]:
        """Log several batches in one transaction; each has an outcome of its own.

        Raises LogUnavailable, and then none of them is logged.
        """
        outcomes = self._append_to_file(batches)
        # Where that file was taken away meanwhile, they are to be in the one that comes next.
        if not self._database.is_current():
            outcomes = self._append_to_file(batches)
        self._wakeups.notify_all()
        return outcomes

    def _append(self, batch: Batch) -> list[EventId]:
        (outcome,) = self.append_all([batch])
        if isinstance(outcome, IdempotencyConflict):
            raise outcome
        return outcome

    def _append_to_file(
        self, batches: Sequence[Batch]
    ) -> list[list[EventId] | IdempotencyConflict]:
        outcomes: list[Sequence[int] | IdempotencyConflict] = []
        with self._database.connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            next_number = first = self._next_number(connection)
            kept_from = self._kept_from()
            events: list[Event] = []
            for batch in batches:
                outcome = given_numbers(connection, batch, kept_from)
                if outcome is None:
                    outcome = range(next_number, next_number + len(batch.events))
                    next_number = outcome.stop
                    events += batch.events
                    note_key(connection, batch, outcome)
                outcomes.append(outcome)
            if events:
                now = self._clock()
                self._mark(connection, id_of_number(first), id_of_number(next_number - 1), now)
                insert_events(connection, first, events)
            connection.execute("COMMIT")
            self._table.read_marks(connection)
            if events:
                self._last_given = next_number - 1
            self._trimmer.note(events)
            self._trimmer.trim_if_due(connection, kept_from)
        return [
            outcome if isinstance(outcome, IdempotencyConflict) else [*map(id_of_number, outcome)]
            for outcome in outcomes
        ]

    def _next_number(self, connection: sqlite3.Connection) -> int:
        row = connection.execute("SELECT id FROM last_given").fetchone()
        # What this process gave or saw counts too: the file may have been replaced by an empty one.
        last = max(row[0] if row else 0, self._last_given, self._table.highest)
        return max(int(self._clock() * 1000) << SEQUENCE_BITS, last + 1)

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
