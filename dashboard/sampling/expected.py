"""Alerts about events that are expected and have not come.

When each came last is kept in a file, since the log forgets sooner than a nightly job comes back.
What is said of one is logged under a key that names its last coming: of several dashboards, and
over restarts, each says it and the log takes it once.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import msgspec
from msgspec.structs import replace

from dashboard.alerts.evaluator import STILL
from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.model import Alert, duration
from dashboard.alerts.periodic import Periodic
from dashboard.events.event import HOST, OBJECT, Event, EventId, fields
from dashboard.log.contract import EventLog
from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.native_thread import NativeThread, ThreadLost
from dashboard.sampling.following import Following
from dashboard.settings import Expectation, Settings

if TYPE_CHECKING:
    from dashboard.streaming.replay_buffer import ReplayBuffer

logger = logging.getLogger(__name__)

_LOOK = 2.0  # seconds between two looks
_SAVE = 10.0  # seconds between two writings of the file
_SAME = 600.0  # seconds in which the beginnings of one rule at several dashboards are the same


class Seen(msgspec.Struct):
    """When a rule began, and when its event came last; seconds since 1970."""

    since: float
    last: float | None = None


class _State(msgspec.Struct):
    position: str
    seen: dict[str, Seen] = {}


class ExpectationWatch:
    """Judges by the rules, for as long as this process is to do so."""

    def __init__(
        self,
        log: EventLog,
        open_alerts: OpenAlerts,
        buffer: "ReplayBuffer",
        settings: Settings,
        *,
        file: Path,
        is_reading: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`is_reading` returns False while the log can't be read."""
        self._log = log
        self._open_alerts = open_alerts
        self._following = Following(log, buffer, {rule.event for rule in settings.expect})
        self._rules = {rule.name: (rule, _digest(rule)) for rule in settings.expect}
        self._host = settings.host_name
        self._file = file
        self._retention = settings.retention
        self._is_reading = is_reading
        self._clock = clock
        self._listening_since = 0.0
        self._looked_at = 0.0
        self._seen: dict[str, Seen] = {}
        self._unsaved = False
        self._saved_at = 0.0
        self._thread = NativeThread()
        self._is_restored = self._is_failing = False
        self._looking = Periodic(self._look_and_keep, _LOOK, away=self._miss)

    def start(self) -> None:
        """Go on where the last one has ended."""
        self._looking.start()

    def stop(self) -> None:
        """Leave it to another process."""
        self._looking.stop()
        self._thread.close()

    def restore(self) -> None:
        """Read when each event came last; those of no rule are forgotten."""
        now = self._clock()
        try:
            state = msgspec.json.decode(self._file.read_bytes(), type=_State)
            position = EventId.parse(state.position)
        except FileNotFoundError:
            state, position = _State(""), EventId(0, 0)
        except (OSError, ValueError) as error:
            logger.warning("what is expected begins anew, as its file is no use: %s", error)
            state, position = _State(""), EventId(0, 0)
        digests = [digest for _, digest in self._rules.values()]
        self._seen = {each: state.seen.get(each) or Seen(now) for each in digests}
        self._unsaved = self._seen != state.seen
        self._following.position = max(position, self._log.id_at(now - self._retention))

    def look(self) -> None:
        """Judge once. Raises LogUnavailable."""
        now = self._clock()
        if not 0 <= now - self._looked_at <= 5 * _LOOK or not self._is_reading():
            self._listening_since = now  # who did not listen can't say what did not come
        self._looked_at = now
        while self._rules and (events := self._following.next()):
            for event in events:
                self._take(event)
            gevent.sleep(0)  # others' turn: the log may have hours of them
        known = {
            (alert.rule, alert.host): (event_id, alert)
            for event_id, alert in self._open_alerts.look()[0]
            if alert.last is not msgspec.UNSET and alert.rule
        }
        for key, alert in [*self._judge_open(known, now), *self._judge(known, now)]:
            self._log.append_idempotent(key, alert.alert, [alert.event()])

    def save(self) -> None:
        """Write the file. Raises OSError."""
        state = _State(str(self._following.position), self._seen)
        write_atomically(self._file, msgspec.json.encode(state), durable=False)

    def _miss(self) -> None:
        self._listening_since = self._clock()

    def _look_and_keep(self) -> None:
        if not self._is_restored:
            self._thread.run(self.restore)
            self._is_restored = True
        self.look()
        if not self._unsaved or self._clock() - self._saved_at < _SAVE:
            return
        self._saved_at = self._clock()
        try:
            self._thread.run(self.save)
        except (OSError, ThreadLost, RuntimeError) as error:
            if not self._is_failing:
                logger.warning("when expected events came last is not kept: %s", error)
            self._is_failing = True
        else:
            self._is_failing = self._unsaved = False

    def _take(self, event: Event) -> None:
        assert event.id is not None
        for rule, digest in self._rules.values():
            if rule.event == event.name and (not rule.match or _fits(event, rule.match)):
                self._seen[digest].last = event.id.time
                self._unsaved = True

    def _judge(
        self, known: Mapping[tuple[str, str], tuple[EventId, Alert]], now: float
    ) -> Iterator[tuple[str, Alert]]:
        """Yield (key, alert) for each event that is late and of which nobody has said so."""
        told = {rule for rule, _ in known}
        for rule, digest in self._rules.values():
            seen = self._seen[digest]
            base = seen.since if seen.last is None else seen.last
            due = rule.due(base)
            waited = self._listening_since + min(rule.due(0.0), 60.0)
            if rule.name in told or now <= max(due, waited):
                continue
            of = f"never {seen.since // _SAME:.0f}" if seen.last is None else f"{seen.last}"
            host = rule.match.get("host")
            is_host = isinstance(host, str) and HOST.fullmatch(host)
            yield (
                f"expected {digest} {of} {round(due - base)}",
                Alert(
                    host=str(host) if is_host else self._host,
                    time=round(now, 3),
                    alert=rule.name,
                    rule=rule.name,
                    judge=self._host,
                    level=rule.level,
                    state="raised",
                    metric_family=rule.event,
                    value=round(now - base, 1),
                    threshold=round(due - base, 1),
                    since=round(due, 3),
                    message=_words(rule.name, rule.event, seen.last, now),
                    last=seen.last,
                ),
            )

    def _judge_open(
        self, known: Mapping[tuple[str, str], tuple[EventId, Alert]], now: float
    ) -> Iterator[tuple[str, Alert]]:
        """Yield (key, alert) for what has come, is still late, or is expected no more."""
        still = min(STILL, self._retention / 3)
        for (name, _), (event_id, alert) in known.items():
            rule, digest = self._rules.get(name, (None, ""))
            if rule is None or rule.event != alert.metric_family:
                if alert.judge == self._host:
                    words = f"{name}: no longer expected"
                    over = replace(alert, time=round(now, 3), state="cleared", message=words)
                    yield f"{event_id} over", over
                continue
            seen = self._seen[digest]
            # What another dashboard, or a lost file, knew; whoever publishes can say anything.
            last = alert.last
            if seen.last is None and alert.judge and isinstance(last, float) and 0 < last <= now:
                seen.last = last
            if seen.last is not None and now <= rule.due(seen.last):
                words = f"{name}: {rule.event} came again"
                key = f"expected {digest} {alert.host} {alert.since} over"
                over = replace(
                    alert, time=round(now, 3), state="cleared", message=words, last=seen.last
                )
                yield key, over
            elif now - alert.time >= still:
                words = _words(name, rule.event, seen.last, now)
                again = replace(alert, time=round(now, 3), state="still", message=words)
                yield f"{event_id} still", again


def _digest(rule: Expectation) -> str:
    """Return what tells a rule from others, and from itself when it asked for something else."""
    asked = msgspec.json.encode([rule.name, rule.event, rule.match])
    return hashlib.sha256(asked).hexdigest()[:16]


def _fits(event: Event, match: Mapping[str, Any]) -> bool:
    data = fields(event.data, OBJECT) or {}
    for path, wanted in match.items():
        given: Any = data
        for part in [path] if path in data else path.split("."):
            given = given.get(part) if isinstance(given, dict) else None
        # True is 1 to Python.
        if given != wanted or isinstance(given, bool) != isinstance(wanted, bool):
            return False
    return True


def _words(name: str, event: str, last: float | None, now: float) -> str:
    if last is None:
        return f"{name}: {event} has never come"
    when = datetime.fromtimestamp(last).strftime("%Y-%m-%d %H:%M")
    return f"{name}: no {event} since {when}, {duration(now - last)} ago"
