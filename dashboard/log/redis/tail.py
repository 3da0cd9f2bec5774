"""The end of a Redis stream, followed with one question that is always open.

The question is an XREAD that the server holds until there is an answer, so a worker needs one
connection and no thread, and each answer already has the events that are read next. After an
answer the next question waits a moment: with a thousand hosts the tail then brings what came in
that moment together, in place of waking its worker for each.
"""

import time
from typing import Any

import redis

from dashboard.events.event import Event, EventId
from dashboard.log.contract import LogUnavailable
from dashboard.log.entry_check import EntryCheck
from dashboard.log.redis.entries import decode, id_of_entry
from dashboard.log.redis.server import Server

_TIMEOUT = 2.0  # seconds that the rest of an answer may take
_HELD = 10.0  # seconds that the server holds a question
_LATE = 2.0  # seconds more, and the connection counts as dead
_LINGER = 0.02
_MOST = 1000


class Tail:
    """What comes after a position."""

    def __init__(self, server: Server, check: EntryCheck) -> None:
        self._server = server
        self._check = check
        self._connection: Any = None
        self._asked_at: float | None = None
        self._asked_after = EventId(0, 0)
        self._ask_again_at = 0.0
        self._from: EventId | None = None  # where the caller stands
        self._buffered: list[Event] = []
        self._buffered_after = EventId(0, 0)
        self._is_suspect = False

    @property
    def hold_off(self) -> float:
        """Seconds until the next question may be asked."""
        return max(0.0, self._ask_again_at - time.monotonic())

    def start_at(self, position: EventId) -> None:
        """Begin after an id, unless it has begun."""
        if self._from is None:
            self._from = position

    def read_to(self, position: EventId) -> None:
        """The caller has everything up to the id of an event."""
        self._from = position

    def mark_suspect(self) -> None:
        """Another connection to this server has failed: let go of this one at the next look."""
        self._is_suspect = True

    def forget(self) -> None:
        """What was brought is no longer all that there is."""
        self._buffered = []

    def buffered(self, after: EventId, limit: int) -> list[Event]:
        """What came right after an id, as far as it is known here."""
        if not self._buffered or after < self._buffered_after:
            return []
        return [event for event in self._buffered if event.id is not None and event.id > after][
            :limit
        ]

    def poll_fd(self) -> int | None:
        """The descriptor that becomes readable with an answer, once the question is open.

        None while there is none: after an answer, and while the server is away.
        """
        now = time.monotonic()
        is_late = self._asked_at is not None and now > self._asked_at + _HELD + _LATE
        if self._is_suspect or is_late:
            self.close()
        if not self._server.is_up or now < self._ask_again_at:
            return None
        try:
            with self._server.guarded():
                if self._asked_at is None:
                    self._ask()
                return int(self._connection._sock.fileno())
        except LogUnavailable:
            self.close()
            return None

    def read_reply(self) -> bool:
        """Read the answer. Returns whether it says that there is something new."""
        try:
            with self._server.guarded():
                answer = self._connection.read_response()
        except LogUnavailable:
            self.close()
            return True  # who reads next finds out why
        self._asked_at = None
        if answer is None:
            return False
        entries = answer[0][1]
        events = decode(entries, self._check)
        self._ask_again_at = time.monotonic() + _LINGER
        last = id_of_entry(entries[-1])
        if self._from is not None and last <= self._from:
            return False
        # Behind entries that are no events, too: else they would be the answer for ever.
        self._from = last
        if events:
            self._buffered, self._buffered_after = events, self._asked_after
        return bool(events)

    def close(self) -> None:
        """Let go of the connection; the next look makes a new one."""
        connection, self._connection = self._connection, None
        self._asked_at = None
        self._is_suspect = False
        self._buffered = []
        if connection is not None:
            connection.disconnect()

    def _ask(self) -> None:
        if self._connection is None:
            connection = self._server.connection(_TIMEOUT)
            with self._server.connecting():
                connection.connect()
            self._connection = connection
            end = self._end()
            # A log that was begun anew ends below where the caller stands.
            self._from = end if self._from is None else min(self._from, end)
        assert self._from is not None
        self._asked_after = self._from
        key = self._server.key("events")
        self._connection.send_command(
            *("XREAD", "COUNT", _MOST, "BLOCK", round(_HELD * 1000), "STREAMS", key),
            str(self._from),
        )
        self._asked_at = time.monotonic()

    def _end(self) -> EventId:
        self._connection.send_command("XINFO", "STREAM", self._server.key("events"))
        try:
            about = self._connection.read_response()
        except redis.ResponseError as error:
            if "no such key" not in str(error):
                raise
            return EventId(0, 0)
        found = dict(zip(about[::2], about[1::2], strict=True))
        return EventId.parse(found[b"last-generated-id"].decode())
