"""The log in a Redis server, which any number of machines share.

The events are one stream; its ids are those of the log. Beside it a hash has the newest event of
each host and name, a stream each lists the ids of a host and name (so that one machine's figures
are found among a thousand's), and what was given under a key is kept as long as its events. One
script appends to all of them (append.lua), so a batch is there as a whole or not at all.

The stream is trimmed in large steps, as Redis does it cheaply; what is older than the retention is
not read, though it may be there still. How long that is the dashboards say: they note it in the
server, and agents and commands, which open a log for ever, go by it.

Calls block on the network, and in a process that gevent has patched they let others run meanwhile.
"""

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import (
    FOR_EVER,
    UNBOUNDED,
    EventLog,
    IdempotencyConflict,
    LogUnavailable,
    digest_of,
)
from dashboard.log.entry_check import EntryCheck
from dashboard.log.id_times import IdTimes
from dashboard.log.redis.reader import Reader
from dashboard.log.redis.server import CommandPool, Full, Script, Server
from dashboard.log.redis.size import SizeBound
from dashboard.log.redis.tail import Tail
from dashboard.log.redis.waiting import Waiter
from dashboard.log.steady_clock import SteadyClock

T = TypeVar("T")

_TIMEOUT = 1.5  # seconds of silence after which a server counts as away
_LONG_TIMEOUT = 10.0  # the same for a look back
_CONNECTIONS = 4  # of each kind
_KEYS = ("events", "latest", "retention", "marks", "clock")
_LOG_START = EventId(0, 0)
_KEEP = Script("""
local before = redis.call('HGET', KEYS[1], 'digest')
if before and before ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'digest', ARGV[2], 'data', ARGV[3])
return 1
""")
_APPEND = Script((Path(__file__).parent / "append.lua").read_text("utf-8"))


class RedisLog:
    """`EventLog` on Redis 7 or Valkey. Any number of threads or greenlets; one of them waits."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        retention: float,
        most_bytes: int = UNBOUNDED,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`folder` is where the processes of this machine meet. The server is asked when needed.

        `retention` is in seconds; `most_bytes` is what the events may take in the server. Without
        a `clock` (for tests) ids are of the server's.
        """
        self._server = Server(url)
        self._retention = retention
        self._clock = clock
        self._live = self._server.calls(_CONNECTIONS, _TIMEOUT)
        self._past = self._server.calls(_CONNECTIONS, _LONG_TIMEOUT)
        self._steady_clock = SteadyClock(clock or time.time)
        self._times = IdTimes(clock or time.time)
        self._check = EntryCheck(self._server.name)
        self._reader = self._reader_on(self._live)
        self._size = SizeBound(self._server, self._live, most_bytes=most_bytes)
        tail = Tail(self._server, self._check)
        self._tail: Tail | None = tail
        self._waiter = Waiter(tail, folder)
        self._highest = _LOG_START  # of all ids that are known here
        self._run_id = ""  # of the server's process that was read last

    @property
    def skipped(self) -> int:
        return self._check.skipped

    def append(self, events: Sequence[Event]) -> list[EventId]:
        return self._append(events, [], "")

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._append(events, [self._server.key(f"once:{key}")], body_digest)

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        found = self._read_after(after, limit)
        last, self._run_id = self._run_id, self._server.run_id
        if self._tail is not None and last and last != self._run_id:
            # Its connections are made anew without a word, but its data may be gone.
            raise LogUnavailable(f"{self._server.name}: it was started again")
        return found

    def _read_after(self, after: EventId, limit: int) -> list[Event]:
        tail = self._tail
        if tail is not None and (brought := tail.buffered(after, limit)):
            self._note(brought)
            self._reader.read_marks()
            return brought
        try:
            found = self._reader.walk(after.following, None, limit)
        except LogUnavailable:
            if tail is not None:
                tail.mark_suspect()
            raise
        self._note(found)
        if tail is not None:
            tail.start_at(after)
            if found and found[-1].id is not None:
                tail.read_to(found[-1].id)
        return found

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        return self._reader.read_range(first, last, names, hosts, limit)

    def latest(self) -> list[Event]:
        return self._reader.latest()

    def oldest(self) -> EventId | None:
        return self._reader.oldest()

    def newest(self) -> EventId | None:
        return self._reader.newest()

    def time_of(self, event_id: EventId) -> float:
        return self._times.time_of(event_id)

    def id_at(self, seconds: float) -> EventId:
        return self._times.id_at(seconds)

    def with_reader(self, read: Callable[[EventLog], T]) -> T:
        if not self._server.is_up:
            self._live.call("TIME")  # finds out in less time than a look back may take
        past = copy.copy(self)
        past._live, past._tail = self._past, None
        past._reader = self._reader_on(self._past)
        return read(past)

    def kept(self, name: str, known: str | None) -> bytes | None:
        key = self._server.key(f"kept:{name}")
        if known is not None and (self._live.call("HGET", key, "digest") or b"").decode() == known:
            return None
        return self._live.call("HGET", key, "data") or b""

    def keep(self, name: str, before: str, kept: bytes) -> bool:
        arguments = [before, digest_of(kept), kept]
        return bool(self._live.run(_KEEP, [self._server.key(f"kept:{name}")], arguments))

    def wait(self, timeout: float) -> list[Unpersisted]:
        assert self._tail is not None
        return self._waiter.wait(timeout)

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        self._waiter.broadcast_unpersisted(unpersisted)

    def size(self) -> int:
        return self._size.used()

    def close(self) -> None:
        tail = self._tail
        if tail is None:
            return
        self._tail = None
        tail.close()
        self._live.close()
        self._past.close()
        self._waiter.close()

    def _append(self, events: Sequence[Event], keys: list[str], body_digest: str) -> list[EventId]:
        if not events:
            return []
        is_for_ever = self._retention >= FOR_EVER
        arguments: list[Any] = [
            "" if self._clock is None else int(self._clock() * 1000),
            "" if is_for_ever else int(self._retention * 1000),
            *self._highest,
            body_digest.encode(),
            self._server.key("of:"),
        ]
        for event in events:
            arguments += event.host.encode(), (event.name or "").encode(), event.data.encode()
        names = [self._server.key(name) for name in _KEYS]
        try:
            answer = self._live.run(_APPEND, [*names, *keys], arguments)
        except Full:
            # What is too old goes with each append, and there is none: so it goes now.
            self._live.call("XTRIM", names[0], "MINID", "~", str(self._reader.kept_from()))
            raise
        if not answer:
            raise IdempotencyConflict(*keys)
        first = EventId.parse(answer[0].decode())
        ids = [EventId(first.ms, first.sequence + n) for n in range(answer[1])]
        self._highest = max(self._highest, ids[-1])
        self._times.note(ids[-1])
        self._size.trim_if_due()
        return ids

    def _reader_on(self, pool: CommandPool) -> Reader:
        return Reader(
            self._server,
            pool,
            retention=self._retention,
            clock=self._steady_clock,
            times=self._times,
            check=self._check,
        )

    def _note(self, events: Sequence[Event]) -> None:
        if events and events[-1].id is not None:
            self._highest = max(self._highest, events[-1].id)
            self._times.note(events[-1].id)
