"""The log: everything is an event in one ordered log, and a stream is a position in it.

`EventLog` is the contract; every engine passes tests/support/log_contract.py. Engines are
plain blocking code for native threads and scripts; `ThreadedLog` puts one behind gevent.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from dashboard.events.event import Event, EventId, Unlogged
from dashboard.settings import APPEND_ONLY, Settings

__all__ = [
    "FOR_EVER",
    "AppendLog",
    "EventLog",
    "KeyTaken",
    "LogUnavailable",
    "LooksBack",
    "Past",
    "Refused",
    "SampleLog",
    "log_url",
    "open_log",
    "open_log_for_greenlets",
    "open_to_append",
    "run_directory",
]


T = TypeVar("T")


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


class KeyTaken(Exception):
    """Another batch was logged under this key."""


class Past(Protocol):
    """The half of a log that whoever goes on from it reads; as in `EventLog`."""

    def latest(self) -> list[Event]: ...

    def newest(self) -> EventId | None: ...

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]: ...


class LooksBack(Protocol):
    """Whoever lets others read the past where that holds up nothing; as in `EventLog`."""

    def look_back(self, read: Callable[[Past], T]) -> T: ...


class SampleLog(Protocol):
    """What a sampler needs of a log; as in `EventLog`."""

    def append_once(self, key: str, fingerprint: str, events: Sequence[Event]) -> list[EventId]: ...

    def announce(self, unlogged: Unlogged) -> None: ...


class AppendLog(Protocol):
    """The half of a log that whoever only reports needs; as in `EventLog`."""

    def append(self, events: Sequence[Event]) -> list[EventId]: ...

    def append_once(self, key: str, fingerprint: str, events: Sequence[Event]) -> list[EventId]: ...

    def close(self) -> None: ...


class EventLog(Protocol):
    """An ordered log of events, shared by processes.

    Every method but `wait`, `announce` and `close` raises `LogUnavailable` while the engine
    cannot do its work, and does it again, without being reopened, as soon as it can.
    """

    def append(self, events: Sequence[Event]) -> list[EventId]:
        """Log one batch, all or nothing; return the ids, in the order of the events.

        Ids are higher than any that this log ever gave, also after the clock stepped back, after
        a kill -9 and after everything was trimmed. Whoever waits is woken once it is readable.
        """

    def append_once(self, key: str, fingerprint: str, events: Sequence[Event]) -> list[EventId]:
        """`append`, unless this was done already: then log nothing and return those ids.

        Whoever doesn't know whether his batch was logged may so send it again, to any process of
        this log. `fingerprint` is of what was sent; raises KeyTaken if it differs from the one
        with which the key came first. A key is kept for as long as its events are.
        """

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        """At most `limit` events with an id above `after`, in id order."""

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

    def oldest(self) -> EventId | None:
        """The lowest id in the log; None when it is empty."""

    def newest(self) -> EventId | None:
        """The highest id in the log; None when it is empty."""

    def look_back(self, read: Callable[["EventLog"], T]) -> T:
        """Return `read(log)`, run where a long read holds up neither appends nor the tail."""

    def wait(self, timeout: float) -> list[Unlogged]:
        """Return when another append may have happened, or after `timeout` seconds.

        Returns what was announced meanwhile. May return early for no reason, and one wake-up may
        stand for many appends: the caller reads after its position, whatever woke it.
        """

    def announce(self, unlogged: Unlogged) -> None:
        """Hand events that could not be logged to everyone who waits now. Never raises."""

    def size(self) -> int:
        """Bytes that the log takes in its store."""

    def close(self) -> None:
        """Free everything; a second call does nothing."""


_INSTANCE = Path(__file__).parents[2] / "instance"
# Seconds; the retention of a log that is opened by whoever leaves it to others what is kept: only
# the service, which knows what its operator wants, deletes what is old.
FOR_EVER = 1e11


def log_url(settings: Settings) -> str:
    """The URL of the log that the settings name, or of the one in the instance folder."""
    return settings.log or f"sqlite:///{Path(settings.instance or _INSTANCE) / 'events.db'}"


def run_directory(url: str, *, instance: str = "") -> Path:
    """The folder in which the processes of one log on one machine meet (locks, wake-ups).

    `instance` is the setting; there it is where the log is not a file of this machine.
    """
    folder = Path(instance or _INSTANCE)
    if _is_redis(url):
        from dashboard.log.redis.server import redis_run_directory

        return redis_run_directory(url, folder)
    from dashboard.log.sqlite.engine import run_directory, sqlite_path

    if url.startswith("sqlite:"):
        return run_directory(sqlite_path(url))
    digest = hashlib.sha256(url.encode()).hexdigest()[:12]
    return folder / f"log-{digest}-run"


def open_log(url: str, *, retention: float, instance: str = "") -> EventLog:
    """Open the log that a URL names, for scripts and threads. `retention` is in seconds.

    `instance` is the setting, as for `run_directory`.

    Raises LogUnavailable where the log's folder can't be made.
    """
    if _is_redis(url):
        from dashboard.log.redis.engine import RedisLog

        return RedisLog(url, run_directory(url, instance=instance), retention=retention)
    from dashboard.log.sqlite.engine import SQLiteLog, sqlite_path

    return SQLiteLog(sqlite_path(url), retention=retention)


def open_log_for_greenlets(url: str, *, retention: float, instance: str = "") -> EventLog:
    """The same for a gevent worker: no call blocks the event loop."""
    if _is_redis(url):
        return open_log(
            url, retention=retention, instance=instance
        )  # on sockets that gevent has patched
    from dashboard.log.sqlite.engine import SQLiteLog, sqlite_path
    from dashboard.log.threaded import ThreadedLog

    return ThreadedLog(lambda: SQLiteLog(sqlite_path(url), retention=retention))


def open_to_append(settings: Settings, *, for_greenlets: bool = False) -> AppendLog:
    """Open the log that the settings name for whoever only reports: scripts, threads, greenlets.

    Raises LogUnavailable where the log's folder can't be made.
    """
    url = log_url(settings)
    if url.startswith(APPEND_ONLY):
        from dashboard.log.http import HTTPLog

        return HTTPLog(url, settings.publish_token)
    open_it = open_log_for_greenlets if for_greenlets else open_log
    return open_it(url, retention=FOR_EVER, instance=settings.instance)


def _is_redis(url: str) -> bool:
    return url.startswith(("redis:", "rediss:", "unix:"))
