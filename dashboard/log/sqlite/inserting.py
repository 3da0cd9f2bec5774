"""The statements that put batches into a SQLite log; each belongs into an open transaction."""

import sqlite3
from collections.abc import Sequence
from itertools import chain

from dashboard.events.event import Event
from dashboard.log.contract import Batch, IdempotencyConflict

# Statements that insert so many rows; SQLite keeps each, prepared.
_INSERTS = {
    count: f"INSERT INTO event VALUES {', '.join(['(?, ?, ?, ?)'] * count)}"
    for count in (64, 16, 4, 1)
}


def given_numbers(
    connection: sqlite3.Connection, batch: Batch, kept_from: int
) -> range | IdempotencyConflict | None:
    """Return the row ids that a batch got before under its key; None if it is new.

    A key is kept as long as its events, whose row ids are `kept_from` or higher.
    """
    if batch.key is None:
        return None
    row = connection.execute(
        "SELECT first, count, fingerprint FROM once WHERE key = ?", (batch.key,)
    ).fetchone()
    if row is None or row[0] < kept_from:
        return None
    if row[2] != batch.body_digest:
        return IdempotencyConflict(batch.key)
    return range(row[0], row[0] + row[1])


def note_key(connection: sqlite3.Connection, batch: Batch, numbers: range) -> None:
    """Keep the key of a batch, if it has one, with the row ids that it gets."""
    if batch.key is not None and numbers:
        row = numbers[0], len(numbers), batch.key, batch.body_digest
        connection.execute("INSERT OR REPLACE INTO once VALUES (?, ?, ?, ?)", row)


def insert_events(connection: sqlite3.Connection, first: int, events: Sequence[Event]) -> None:
    """Insert events with row ids from `first` on, and note the newest of each host and name."""
    numbered = enumerate(events, first)
    rows = [(number, each.host, each.name or "", each.data) for number, each in numbered]
    _insert_rows(connection, rows)
    newest = {row[1:3]: row[:3] for row in rows}
    connection.executemany(
        "INSERT OR REPLACE INTO latest (id, host, name) VALUES (?, ?, ?)", newest.values()
    )
    last = first + len(events) - 1
    connection.execute("INSERT OR REPLACE INTO last_given VALUES (1, ?)", (last,))


def _insert_rows(connection: sqlite3.Connection, rows: list[tuple[int, str, str, str]]) -> None:
    """Insert many rows a statement, which takes half the time of one each."""
    start = 0
    for count, statement in _INSERTS.items():
        while len(rows) - start >= count:
            values = [*chain.from_iterable(rows[start : start + count])]
            connection.execute(statement, values)
            start += count
