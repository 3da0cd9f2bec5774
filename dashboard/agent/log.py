"""What an agent's sampler and alerts have for a log, whatever `LOG` names.

All that blocks runs in native threads, one for appending and one for looking back, because an
agent's process is not patched by gevent: it has no sockets but these.
"""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from dashboard.agent.alert_journal import AlertJournal
from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import FOR_EVER, UNBOUNDED, LogReader, LogUnavailable, Refused
from dashboard.log.native_calls import run_log_call
from dashboard.log.opening import log_url, open_log
from dashboard.posix.native_thread import NativeThread
from dashboard.settings import APPEND_ONLY, Settings
from dashboard.telemetry.systemd import ServiceManager

logger = logging.getLogger(__name__)

MOST_CLOCK_OFFSET = 60.0  # seconds

T = TypeVar("T")


class _Store(Protocol):
    """A log, of which two threads may use different halves."""

    def append_idempotent(self, key: str, events: Sequence[Event]) -> list[EventId]: ...

    def with_reader(self, read: Callable[[LogReader], T]) -> T: ...

    def close(self) -> None: ...


class AgentLog:
    """The log of one agent's settings, for greenlets."""

    def __init__(self, settings: Settings, *, folder: Path) -> None:
        """`folder` is for notes. Raises LogUnavailable where a log's folder can't be made."""
        is_remote = log_url(settings).startswith(APPEND_ONLY)
        self._store: _Store = _Remote(settings, folder) if is_remote else _Shared(settings)
        self._appending = NativeThread()
        self._looking_back = NativeThread()

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        """As in `EventLog`."""
        return run_log_call(self._appending, lambda: self._store.append_idempotent(key, events))

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        """Nobody watches an agent."""

    def with_reader(self, read: Callable[[LogReader], T]) -> T:
        """As in `EventLog`."""
        return run_log_call(self._looking_back, lambda: self._store.with_reader(read))

    def close(self) -> None:
        """Let go, once the call that is under way has ended."""
        self._appending.close(self._store.close)
        self._looking_back.close()


class _Shared:
    """A log that others read, too: a file or Redis."""

    def __init__(self, settings: Settings) -> None:
        url = log_url(settings)
        # Dashboards share a Redis, and say how long it keeps; a file may have none.
        is_ours = url.startswith("sqlite:")
        retention = settings.retention if is_ours else FOR_EVER
        self._log = open_log(
            url,
            retention=retention,
            most_bytes=settings.log_size if is_ours else UNBOUNDED,
            instance=settings.instance,
        )
        self._past = open_log(url, retention=retention, instance=settings.instance)

    def append_idempotent(self, key: str, events: Sequence[Event]) -> list[EventId]:
        return self._log.append_idempotent(key, "", events)

    def with_reader(self, read: Callable[[LogReader], T]) -> T:
        return read(self._past)

    def close(self) -> None:
        self._log.close()
        self._past.close()


class _Remote:
    """Another Vitals, which takes events and shows none; what is known of alerts is noted here."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        from dashboard.log.http import HTTPLog  # and with it Python's HTTP client

        self._url = settings.log
        self._log = HTTPLog(settings.log, settings.publish_token, agent=settings.host_name)
        host = settings.host_name
        self._notes = AlertJournal(folder / f"alerts-{host}.json", host=host)
        self._clock = ClockWatch(settings.log)
        self._host, self._is_accepted = host, False
        self._manager = ServiceManager.taken_from(os.environ)

    def append_idempotent(self, key: str, events: Sequence[Event]) -> list[EventId]:
        if self._notes.left is not None:
            self._send_left(*self._notes.left)
        self._notes.begin(key, events)
        return self._send(key, events)

    def with_reader(self, read: Callable[[LogReader], T]) -> T:
        if self._notes.left is not None:
            raise LogUnavailable(f"{self._url} did not answer the process before this one")
        return read(self._notes)

    def close(self) -> None:
        self._log.close()

    def _send_left(self, key: str, events: Sequence[Event]) -> None:
        try:
            self._send(key, events)
        except Refused as error:
            if not error.is_content:
                raise
            logger.warning("%s; %d events of before are dropped", error, len(events))
        self._notes.begin("", ())

    def _send(self, key: str, events: Sequence[Event]) -> list[EventId]:
        try:
            ids = self._log.append_idempotent(key, "", events)
        finally:
            self._clock.look(self._log.clock_offset)
        self._notes.taken(events, ids)
        if not self._is_accepted:
            self._is_accepted = True
            logger.info("%s is on the wall: %s accepts its samples", self._host, self._url)
            if self._manager is not None:
                self._manager.tell("READY=1")
        return ids


class ClockWatch:
    """Says once when this machine's clock differs from another's, and when it does no more."""

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._said: float | None = None

    def look(self, offset: float | None) -> None:
        """`offset` is the seconds that the other clock is ahead; None if that isn't known."""
        if offset is None:
            return
        if abs(offset) <= MOST_CLOCK_OFFSET:
            if self._said is not None:
                logger.info("this machine's clock agrees with that of %s again", self._whose)
            self._said = None
        elif self._said is None or abs(offset - self._said) > MOST_CLOCK_OFFSET:
            self._said = offset
            logger.warning(
                "this machine's clock is %.0f s %s that of %s: its figures are at the wrong time",
                abs(offset),
                "behind" if offset > 0 else "ahead of",
                self._whose,
            )
