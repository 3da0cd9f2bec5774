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
from dashboard.log.contract import FOR_EVER, EventLog, IdempotencyConflict, LogUnavailable
from dashboard.log.redis.entries import decode_in_turns, first_id, id_of_entry
from dashboard.log.redis.server import Full, Script, Server
from dashboard.log.redis.tail import Tail
from dashboard.log.redis.waiting import Waiter

T = TypeVar("T")

_TIMEOUT = 1.5  # seconds of silence after which a server counts as away
_LONG_TIMEOUT = 10.0  # the same for a look back
_CONNECTIONS = 4  # of each kind
_PIECE = 1000  # events in one answer
_NOWHERE = EventId(0, 0)

_FOLDER = Path(__file__).parent
_APPEND = Script((_FOLDER / "append.lua").read_text("utf-8"))
_PICK = Script((_FOLDER / "pick.lua").read_text("utf-8"))
_FORGET = Script((_FOLDER / "forget.lua").read_text("utf-8"))


class RedisLog:
    """`EventLog` on Redis 7 or Valkey. Any number of threads or greenlets; one of them waits."""

    def __init__(
        self, url: str, folder: Path, *, retention: float, clock: Callable[[], float] | None = None
    ) -> None:
        """`folder` is where the processes of this machine meet. The server is asked when needed.

        Without a `clock` (for tests) ids are of the server's.
        """
        self._server = Server(url)
        self._retention = retention
        self._clock = clock
        self._live = self._server.calls(_CONNECTIONS, _TIMEOUT)
        self._past = self._server.calls(_CONNECTIONS, _LONG_TIMEOUT)
        self._events = self._server.key("events")
        self._latest = self._server.key("latest")
        self._of = self._server.key("of:")  # lists of the ids of each host and name
        tail = Tail(self._server)
        self._tail: Tail | None = tail
        self._waiter = Waiter(tail, folder)
        self._highest = _NOWHERE  # of all ids that are known here

    def append(self, events: Sequence[Event]) -> list[EventId]:
        return self._append(events, [], "")

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._append(events, [self._server.key(f"once:{key}")], body_digest)

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        tail = self._tail
        if tail is not None and (brought := tail.buffered(after, limit)):
            self._note(brought)
            return brought
        try:
            found = self._walk(after.following, None, limit)
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
        if names is None and hosts is None:
            return self._walk(first, last, limit)
        if names is not None and hosts is not None:
            asked = [(host, name or "") for host in set(hosts) for name in set(names)]
            return self._pick(asked, first, last, limit)
        wanted_names = None if names is None else {name or "" for name in names}
        wanted_hosts = None if hosts is None else set(hosts)
        known = [field.decode().split("\0") for field in self._live.call("HKEYS", self._latest)]
        wanted = [
            (host, name)
            for host, name in known
            if wanted_hosts is None or host in wanted_hosts
            if wanted_names is None or name in wanted_names
        ]
        if 2 * len(wanted) < len(known):
            return self._pick(wanted, first, last, limit)
        return self._walk(first, last, limit, frozenset(wanted))

    def latest(self) -> list[Event]:
        answer = self._live.call("HGETALL", self._latest)
        kept_from = self._kept_from()
        found, expired = [], []
        for at in range(0, len(answer), 2):
            if at % 400 == 0:
                time.sleep(0)
            host, _, name = answer[at].decode().partition("\0")
            id_text, _, data = answer[at + 1].decode().partition("\0")
            event_id = EventId.parse(id_text)
            if event_id >= kept_from:
                found.append(Event(host, name or None, data, event_id))
            else:
                expired += [answer[at], id_text]
        if expired and self._retention < FOR_EVER:
            self._live.run(_FORGET, [self._latest], expired[: 2 * _PIECE])
        return sorted(found, key=lambda event: event.id or _NOWHERE)

    def oldest(self) -> EventId | None:
        return first_id(
            self._live.call("XRANGE", self._events, str(self._kept_from()), "+", "COUNT", 1)
        )

    def newest(self) -> EventId | None:
        return first_id(
            self._live.call("XREVRANGE", self._events, "+", str(self._kept_from()), "COUNT", 1)
        )

    def with_reader(self, read: Callable[[EventLog], T]) -> T:
        if not self._server.is_up:
            self._live.call("TIME")  # finds out in less time than a look back may take
        past = copy.copy(self)
        past._live, past._tail = self._past, None
        return read(past)

    def wait(self, timeout: float) -> list[Unpersisted]:
        assert self._tail is not None
        return self._waiter.wait(timeout)

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        self._waiter.broadcast_unpersisted(unpersisted)

    def size(self) -> int:
        used = [self._live.call("MEMORY", "USAGE", key) for key in (self._events, self._latest)]
        return sum(number or 0 for number in used)

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
            self._of,
        ]
        for event in events:
            arguments += event.host.encode(), (event.name or "").encode(), event.data.encode()
        retention = self._server.key("retention")
        try:
            answer = self._live.run(
                _APPEND, [self._events, self._latest, retention, *keys], arguments
            )
        except Full:
            # What is too old goes with each append, and there is none: so it goes now.
            self._live.call("XTRIM", self._events, "MINID", "~", str(self._kept_from()))
            raise
        if not answer:
            raise IdempotencyConflict(*keys)
        first = EventId.parse(answer[0].decode())
        ids = [EventId(first.ms, first.sequence + n) for n in range(answer[1])]
        self._highest = max(self._highest, ids[-1])
        return ids

    def _walk(
        self,
        first: EventId,
        last: EventId | None,
        limit: int,
        wanted: frozenset[tuple[str, str]] | None = None,
    ) -> list[Event]:
        """At most `limit` events from one id to another (to the end), of these hosts and names."""
        first = max(first, self._kept_from())
        end = "+" if last is None else str(last)
        found: list[Event] = []
        while len(found) < limit and (last is None or first <= last):
            count = _PIECE if wanted is not None else min(_PIECE, limit)
            entries = self._live.call("XRANGE", self._events, str(first), end, "COUNT", count)
            for event in decode_in_turns(entries):
                if wanted is None or (event.host, event.name or "") in wanted:
                    found.append(event)
            if len(entries) < count:
                break
            first = id_of_entry(entries[-1]).following
        return found[:limit]

    def _pick(
        self, wanted: Sequence[tuple[str, str]], first: EventId, last: EventId, limit: int
    ) -> list[Event]:
        """The same for few of many: by the lists of their ids, without a look at the others."""
        lists = [f"{self._of}{host}:{name}" for host, name in wanted]
        first = max(first, self._kept_from())
        found: list[Event] = []
        while lists and len(found) < limit and first <= last:
            count = min(_PIECE, limit - len(found))
            arguments = [str(first), str(last), count]
            cut, entries = self._live.run(_PICK, [self._events, *lists], arguments)
            found += decode_in_turns(entries)
            if len(entries) == count:
                first = id_of_entry(entries[-1]).following
            elif cut:
                first = EventId.parse(cut.decode()).following
            else:
                break
        return found

    def _kept_from(self) -> EventId:
        return EventId.at((self._clock or time.time)() - self._retention)

    def _note(self, events: Sequence[Event]) -> None:
        if events and events[-1].id is not None:
            self._highest = max(self._highest, events[-1].id)
