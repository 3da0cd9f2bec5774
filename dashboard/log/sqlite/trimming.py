"""Deleting the oldest events of a SQLite log: those past their age, and what is too much.

It goes in steps beside the appends, each of which has to be short for the stream to stay live.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence

from dashboard.events.event import Event
from dashboard.log.sqlite.connection import roll_back

_EVERY = 5.0  # seconds between two steps
_STEP = 500  # rows in a step, over twice what came in since the last one
_STEP_SECONDS = 0.1  # that a step may take for a log that is too large
_PART = 16  # of the size: so much may come in before the next step is due

_OLDEST = "SELECT max(id), count(*) FROM (SELECT id FROM event ORDER BY id LIMIT ?)"


class Trimmer:
    """Trims one log, a step at a time; for whoever holds its connection."""

    def __init__(self, *, most_bytes: int, clock: Callable[[], float]) -> None:
        """`most_bytes` is what the events may take in the file."""
        self._most_bytes = most_bytes
        self._clock = clock
        self._trimmed_at = 0.0
        self._rows = 0  # that were appended since then
        self._bytes = 0

    def note(self, events: Sequence[Event]) -> None:
        """Note what was appended."""
        self._rows += len(events)
        self._bytes += sum(len(event.data) for event in events)

    def trim_if_due(self, connection: sqlite3.Connection, kept_from: int) -> None:
        """Take a step if it is time for one; `kept_from` is the lowest id that is young enough."""
        now = self._clock()
        is_time = abs(now - self._trimmed_at) >= _EVERY
        if not is_time and self._bytes < self._most_bytes // _PART:
            return
        step = _STEP + 2 * self._rows
        free = _pragma(connection, "freelist_count")
        try:
            _delete_old(connection, kept_from, step)
            self._delete_too_much(connection, step)
            # executescript() because execute() steps this statement once: one page a time.
            freed = _pragma(connection, "freelist_count") - free
            connection.executescript(f"PRAGMA incremental_vacuum({max(step, freed)})")
        except sqlite3.Error:
            # Another writer, or no space: the next step tries again. The batch is logged already.
            roll_back(connection)
        self._trimmed_at, self._rows, self._bytes = now, 0, 0

    def _delete_too_much(self, connection: sqlite3.Connection, step: int) -> None:
        until = time.monotonic() + _STEP_SECONDS
        while _used(connection) > self._most_bytes and time.monotonic() < until:
            last, count = connection.execute(_OLDEST, (step,)).fetchone()
            if count < step:
                step = count // 2
                last, count = connection.execute(_OLDEST, (step,)).fetchone()
            if not count:
                return
            _delete_old(connection, last + 1, step)


def _delete_old(connection: sqlite3.Connection, end: int, step: int) -> None:
    """Delete what belongs to ids below `end`; of events and keys at most `step`."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ? LIMIT ?)", (end, step)
    )
    connection.execute("DELETE FROM latest WHERE id < ?", (end,))
    # The last one stays: it says that what is before it is too old.
    connection.execute(
        "DELETE FROM mark WHERE id < (SELECT max(id) FROM mark WHERE id < ?)", (end,)
    )
    connection.execute(
        "DELETE FROM once WHERE first IN (SELECT first FROM once WHERE first < ? LIMIT ?)",
        (end, step),
    )
    connection.execute("COMMIT")


def _used(connection: sqlite3.Connection) -> int:
    pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return pages * _pragma(connection, "page_size")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
