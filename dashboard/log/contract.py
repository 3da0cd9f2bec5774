"""The contract of a log, which every engine fulfils (tests/support/log_contract.py).

Engines are plain blocking code for native threads and scripts; `ThreadedLog` puts one behind
gevent.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, TypeVar

from dashboard.events.event import Event, EventId, Unpersisted

T = TypeVar("T")
# Seconds; the retention of a log that is opened by whoever leaves it to others what is kept: only
# the service, which knows what its operator wants, deletes what is old.
FOR_EVER = 1e11
UNBOUNDED = 1 << 62  # bytes; the size of such a log


class LogUnavailable(Exception):
    """The log can't be read or written now; the text says why, for an operator."""


class Refused(LogUnavailable):
    """The other side says no; asking again is of no use until somebody changes something.

    `is_content`: it is these very events that are refused, whoever sends them; `index` is the place
    of the one that is, if it is said.
    """

    def __init__(self, reason: str, *, is_content: bool = False, index: int | None = None) -> None:
        super().__init__(reason)
        self.is_content = is_content
        self.index = index


class IdempotencyConflict(Exception):
    """An idempotency key was used for another batch."""


class Batch(NamedTuple):
    """What one append logs, all or nothing; with a key once, as `append_idempotent` says."""

    events: Sequence[Event]
    key: str | None = None
    body_digest: str = ""


def digest_of(kept: bytes) -> str:
    """Return what tells one thing that is kept from another; "" where nothing is."""
    return sha256(kept).hexdigest() if kept else ""


class LogReader(Protocol):
    """What readers of the past use. Every method but `id_at` raises `LogUnavailable`."""

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        """At most `limit` events with `first <= id <= last`, of these names and hosts, in order."""

    def latest(self) -> list[Event]:
        """The newest event of each host and name that is still in the log, in id order."""

    def newest(self) -> EventId | None:
        """The highest id in the log; None when it is empty."""

    def id_at(self, seconds: float) -> EventId:
        """Return the lowest id that an event may have that was appended at this time or later.

        It is the id of that time but where the clock was ahead once: ids then say nothing of age.
        Never blocks and never raises: it goes by what was read of the log last.
        """


class HistoryAccess(Protocol):
    """Lets others read the past."""

    def with_reader(self, read: Callable[[LogReader], T]) -> T:
        """Return `read(log)`, run where a long read holds up neither appends nor the tail."""


class _Appending(Protocol):
    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        """Log one batch once per key; for a known key, log nothing and return the first ids.

        A batch whose outcome is unknown can be sent again, to any process of this log.
        `body_digest` is a digest of the request. Raises IdempotencyConflict if the key was used
        with another digest. A key is kept for as long as its events are.
        """


class SampleLog(_Appending, Protocol):
    """What a sampler needs of a log."""

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        """Hand events that could not be logged to everyone who waits now. Never raises."""


class AppendLog(_Appending, Protocol):
    """What a reporter needs of a log."""

    def append(self, events: Sequence[Event]) -> list[EventId]:
        """Log one batch, all or nothing; return the ids, in the order of the events.

        Ids are higher than any that this log ever gave, also after the clock stepped back, after
        a kill -9 and after everything was trimmed. Whoever waits is woken once it is readable.
        """

    def close(self) -> None:
        """Free everything; a second call does nothing."""


class EventLog(LogReader, SampleLog, AppendLog, Protocol):
    """An ordered log of events, shared by processes.

    Every method that asks the engine raises `LogUnavailable` while that cannot do its work, and
    does it again, without being reopened, as soon as it can. What another program has put into the
    log and is no event is skipped by all readers (log/entry_check.py).
    """

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        """At most `limit` events with an id above `after`, in id order."""

    def oldest(self) -> EventId | None:
        """The lowest id in the log; None when it is empty."""

    def time_of(self, event_id: EventId) -> float:
        """Return when an event was appended, in seconds since 1970; like `id_at`."""

    def with_reader(self, read: Callable[["EventLog"], T]) -> T:
        """Return `read(log)`; as in `HistoryAccess`, but with the whole log."""

    def kept(self, name: str, known: str | None) -> bytes | None:
        """What all who share the log keep under a name, b"" for nothing; None if `known` is it.

        `known` is its `digest_of`, or None. It is no event, and outlives them.
        """

    def keep(self, name: str, before: str, kept: bytes) -> bool:
        """Keep something in place of what has the digest `before`, or of nothing.

        Returns False, and changes nothing, where another was faster.
        """

    def wait(self, timeout: float) -> list[Unpersisted]:
        """Return when another append may have happened, or after `timeout` seconds.

        Returns what was announced meanwhile. May return early for no reason, and one wake-up may
        stand for many appends: the caller reads after its position, whatever woke it.
        """

    @property
    def skipped(self) -> int:
        """Entries that readers of this process have found to be no events."""

    def size(self) -> int:
        """Bytes that the log takes in its store."""
