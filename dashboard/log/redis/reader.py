"""Reading the events of a Redis log: stretches, some hosts and names of many, the newest of each.

What is older than the retention is not read, though it may be there still.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dashboard.events.event import Event, EventId
from dashboard.log.contract import FOR_EVER
from dashboard.log.entry_check import EntryCheck
from dashboard.log.id_times import IdTimes, Mark
from dashboard.log.redis.entries import decode_in_turns, first_id, id_of_entry
from dashboard.log.redis.server import CommandPool, Script, Server

_PIECE = 1000  # events in one answer
_LOG_START = EventId(0, 0)
_MARKS_SECONDS = 1.0  # between two looks at the marks of ids that are ahead of the clock

_FOLDER = Path(__file__).parent
_PICK = Script((_FOLDER / "pick.lua").read_text("utf-8"))
_FORGET = Script((_FOLDER / "forget.lua").read_text("utf-8"))


class Reader:
    """Reads one log over one set of connections. Every method raises LogUnavailable."""

    def __init__(
        self,
        server: Server,
        pool: CommandPool,
        *,
        retention: float,
        clock: Callable[[], float],
        times: IdTimes,
        check: EntryCheck,
    ) -> None:
        """`times` and `check` may be shared with other readers of the log."""
        self.times = times
        self.check = check
        self._pool = pool
        self._retention = retention
        self._clock = clock
        self._events = server.key("events")
        self._latest = server.key("latest")
        self._marks = server.key("marks")
        self._of = server.key("of:")  # lists of the ids of each host and name
        self._marks_read_at = -_MARKS_SECONDS

    def kept_from(self) -> EventId:
        """Return the lowest id that is young enough."""
        self.read_marks()
        first = self.times.id_at(self._clock() - self._retention)
        self.times.drop_before(first)
        return first

    def read_marks(self) -> None:
        """Read the marks that came since the last look, at most once a second, where there are."""
        now = time.monotonic()
        if not self.times.is_ahead or now - self._marks_read_at < _MARKS_SECONDS:
            return
        self._marks_read_at = now
        last = self.times.last
        first = "-" if last is None else str(last.id.following)
        entries = self._pool.call("XRANGE", self._marks, first, "+")
        self.times.add(Mark(id_of_entry(entry), int(entry[1][1]) / 1000) for entry in entries)

    def walk(
        self,
        first: EventId,
        last: EventId | None,
        limit: int,
        wanted: frozenset[tuple[str, str]] | None = None,
    ) -> list[Event]:
        """Return at most `limit` events from one id to another (to the end without one).

        `wanted` are the hosts and names; None means all.
        """
        first = max(first, self.kept_from())
        end = "+" if last is None else str(last)
        found: list[Event] = []
        while len(found) < limit and (last is None or first <= last):
            count = _PIECE if wanted is not None else min(_PIECE, limit)
            entries = self._pool.call("XRANGE", self._events, str(first), end, "COUNT", count)
            for event in decode_in_turns(entries, self.check):
                if wanted is None or (event.host, event.name or "") in wanted:
                    found.append(event)
            if entries:
                first = id_of_entry(entries[-1]).following
                self.times.note(id_of_entry(entries[-1]))
            if len(entries) < count:
                break
        self.read_marks()
        return found[:limit]

    def read_range(
        self,
        first: EventId,
        last: EventId,
        names: Iterable[str | None] | None,
        hosts: Iterable[str] | None,
        limit: int,
    ) -> list[Event]:
        """Return at most `limit` events from one id to another, of these names and hosts."""
        if names is None and hosts is None:
            return self.walk(first, last, limit)
        if names is not None and hosts is not None:
            asked = [(host, name or "") for host in set(hosts) for name in set(names)]
            return self._pick(asked, first, last, limit)
        wanted_names = None if names is None else {name or "" for name in names}
        wanted_hosts = None if hosts is None else set(hosts)
        known = list(self._known())
        wanted = [
            (host, name)
            for host, name in known
            if wanted_hosts is None or host in wanted_hosts
            if wanted_names is None or name in wanted_names
        ]
        if 2 * len(wanted) < len(known):
            return self._pick(wanted, first, last, limit)
        return self.walk(first, last, limit, frozenset(wanted))

    def latest(self) -> list[Event]:
        """Return the newest event of each host and name; takes those that are too old out."""
        answer = self._pool.call("HGETALL", self._latest)
        kept_from = self.kept_from()
        found, expired = [], []
        for at in range(0, len(answer), 2):
            if at % 400 == 0:
                time.sleep(0)
            host, _, name = answer[at].decode("utf-8", "surrogateescape").partition("\0")
            id_text, _, data = answer[at + 1].decode("utf-8", "surrogateescape").partition("\0")
            try:
                event_id = EventId.parse(id_text)
            except ValueError:
                self.check.skip(answer[at], "no id")
                continue
            if event_id < kept_from:
                expired += [answer[at], id_text]
            elif (event := self.check.event(host, name, data, event_id)) is not None:
                found.append(event)
        if expired and self._retention < FOR_EVER:
            self._pool.run(_FORGET, [self._latest], expired[: 2 * _PIECE])
        found.sort(key=lambda event: event.id or _LOG_START)
        if found and found[-1].id is not None:
            self.times.note(found[-1].id)
        return found

    def oldest(self) -> EventId | None:
        """Return the lowest id that is young enough; None in an empty log."""
        first = str(self.kept_from())
        return first_id(self._pool.call("XRANGE", self._events, first, "+", "COUNT", 1))

    def newest(self) -> EventId | None:
        """Return the highest id; None in an empty log."""
        first = str(self.kept_from())
        newest = first_id(self._pool.call("XREVRANGE", self._events, "+", first, "COUNT", 1))
        if newest is not None:
            self.times.note(newest)
        return newest

    def _pick(
        self, wanted: Sequence[tuple[str, str]], first: EventId, last: EventId, limit: int
    ) -> list[Event]:
        """Read a few hosts and names by the lists of their ids, without a look at the others."""
        lists = [f"{self._of}{host}:{name}" for host, name in wanted]
        first = max(first, self.kept_from())
        found: list[Event] = []
        while lists and len(found) < limit and first <= last:
            count = min(_PIECE, limit - len(found))
            arguments = [str(first), str(last), count]
            cut, entries = self._pool.run(_PICK, [self._events, *lists], arguments)
            found += decode_in_turns(entries, self.check)
            if len(entries) == count:
                first = id_of_entry(entries[-1]).following
            elif cut:
                first = EventId.parse(cut.decode()).following
            else:
                break
        return found

    def _known(self) -> Iterator[tuple[str, str]]:
        for field in self._pool.call("HKEYS", self._latest):
            host, zero, name = field.decode("utf-8", "replace").partition("\0")
            if zero:
                yield host, name
