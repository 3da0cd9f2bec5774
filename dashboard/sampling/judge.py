"""Alerts on figures that were published, of every host in the log.

A machine's own samples are judged by whoever takes them; what is published has no sampler, so the
leader of a dashboard follows the log in memory and judges it. What it says of an event is logged
under a key made of that event's id, so it is logged once, whoever judges it again: the next leader
after a kill, or another dashboard over the same log. The next leader goes on from what the log
says, and judges the newest events again.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import msgspec
from msgspec.structs import replace

from dashboard.alerts.evaluator import STILL, Evaluator
from dashboard.alerts.history import alerts_between
from dashboard.alerts.model import EVENT as ALERT
from dashboard.alerts.model import Alert, decode_alert
from dashboard.alerts.rules import ThresholdRule
from dashboard.events.encoded import LOG_START
from dashboard.events.event import OBJECT, Event, EventId, fields
from dashboard.log.contract import HistoryAccess, LogReader, LogUnavailable, SampleLog
from dashboard.log.scan import walk
from dashboard.metrics.catalogue.levels import RULES, names_of_rules
from dashboard.metrics.catalogue.seen import FRESH_UNKNOWN
from dashboard.metrics.family import Sample
from dashboard.sampling.following import Following
from dashboard.settings import AlertRule

if TYPE_CHECKING:
    from dashboard.streaming.replay_buffer import ReplayBuffer

logger = logging.getLogger(__name__)

_PAUSE = 0.5  # seconds between two looks at the log
_RETRY = 2.0  # seconds until a log that fails is asked again


class LeaderLog(SampleLog, HistoryAccess, Protocol):
    """What a leader needs of a log."""


class Judge:
    """Judges published events by rules, from `start` to `stop`."""

    def __init__(
        self,
        log: LeaderLog,
        buffer: "ReplayBuffer",
        rules: Sequence[AlertRule],
        *,
        host: str,
        families: Iterable[str],
        every: Callable[[str], float | None],
        retention: float,
        on_alert: Callable[[], None],
        on_failure: Callable[[object], None],
    ) -> None:
        """`host` is this dashboard's, `families` are those whose samples others judge.

        `every` returns the seconds between two events of a name, None where nobody said.

        `on_alert` is called when the log has an alert more, `on_failure` with a greenlet that ended
        by a mistake.
        """
        self._log = log
        self._host = host
        self._families = frozenset(families)
        self._rules = [ThresholdRule(rule) for rule in rules]
        self.names = frozenset(rule.family for rule in rules)
        self._cadences = {name: every(name) or FRESH_UNKNOWN / 3 for name in self.names}
        self._retention = retention
        self._on_alert = on_alert
        self._on_failure = on_failure
        # Of the hosts that have something beyond a limit.
        self._evaluators: dict[str, Evaluator] = {}
        # Which dashboard sends out an alert that is open, by host and alert.
        self._tellers: dict[tuple[str, str], str] = {}
        self._following = Following(log, buffer, self.names)
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Take over from whoever judged before."""
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.link_exception(self._on_failure)

    def stop(self) -> None:
        """Leave it to the next."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def _run(self) -> None:
        is_failing = False
        while True:
            try:
                if self._following.position == LOG_START:
                    self._take_over()
                if not self._rules:
                    return
                for event in self._following.next():
                    self._judge(event)
            except LogUnavailable as error:
                if not is_failing:
                    logger.warning("published figures are not judged: %s", error)
                is_failing = True
                self._following.position = LOG_START  # what was said and not logged is said again
                gevent.sleep(_RETRY)
            else:
                is_failing = False
                gevent.sleep(_PAUSE)

    def _take_over(self) -> None:
        self._evaluators, self._tellers = {}, {}
        for event in self._log.with_reader(self._restore):
            self._judge(event)
        for host, evaluator in list(self._evaluators.items()):
            self._say(evaluator.clear_abandoned(time.time()), f"{time.time()}")
            if evaluator.is_idle:
                del self._evaluators[host]

    def _judge(self, event: Event) -> None:
        """Log what the rules say of an event. Raises LogUnavailable."""
        evaluator = self._evaluator(event.host)
        try:
            said = evaluator.evaluate([_sample(event)])
        except Exception:  # a rule that fails at one event must not end all others
            logger.exception("the rules failed at an event %s of %s", event.name, event.host)
            return
        self._say(said, str(event.id))
        if evaluator.is_idle:
            del self._evaluators[event.host]

    def _say(self, alerts: Sequence[Alert], of: str) -> None:
        """Log alerts once, whoever else says the same of the same. Raises LogUnavailable."""
        if not alerts:
            return
        said = " ".join(f"{each.host} {each.alert} {each.state}" for each in alerts)
        key = f"judged  {of} {hashlib.sha256(said.encode()).hexdigest()[:16]}"
        tellers = [self._tellers.get((each.host, each.alert), self._host) for each in alerts]
        told = [replace(each, judge=by) for each, by in zip(alerts, tellers, strict=True)]
        ids = self._log.append_idempotent(key, "", [each.event() for each in told])
        if any(each.state == "raised" for each in alerts):
            # Another dashboard may have been quicker; who told of the beginning tells of the end.
            self._log.with_reader(lambda log: self._note_tellers(log, ids[0], ids[-1]))
        for each in alerts:
            if not each.is_open:
                self._tellers.pop((each.host, each.alert), None)
        self._on_alert()

    def _note_tellers(self, log: LogReader, first: EventId, last: EventId) -> None:
        for event in walk(log, first, last, names=[ALERT]):
            alert = decode_alert(event)
            if alert is not None and alert.judge:
                self._tellers[alert.host, alert.alert] = alert.teller

    def _evaluator(self, host: str) -> Evaluator:
        if host not in self._evaluators:
            self._evaluators[host] = Evaluator(
                self._rules,
                host=host,
                cadences=self._cadences,
                still=min(STILL, self._retention / 3),
            )
        return self._evaluators[host]

    def _restore(self, log: LogReader) -> list[Event]:
        """Read what is so, in a thread for looking back; return the newest events to be judged."""
        # The end is fixed first: what is appended while we read is judged as it comes.
        last = log.newest()
        if last is None:
            return []
        latest = [event for event in log.latest() if event.id is not None and event.id <= last]
        now = time.time()
        longest = max((rule.for_seconds for rule in self._rules), default=0.0)
        seconds = min(longest, self._retention)
        past = walk(log, log.id_at(now - seconds), last, names=self.names) if seconds else ()
        newest = [event for event in latest if event.name in self.names]
        self._say_unseen({event.name for event in newest})
        newest_ids = {event.id for event in newest}
        for event in past:
            if event.id not in newest_ids:
                self._evaluator(event.host).replay(_sample(event))
        for alert in self._open(log, log.id_at(now - self._retention), last, latest):
            self._evaluator(alert.host).restore([alert])
            self._tellers[alert.host, alert.alert] = alert.teller
        self._following.position = last
        fresh = log.id_at(now - max(FRESH_UNKNOWN, seconds))
        return [event for event in newest if event.id is not None and event.id >= fresh]

    def _open(
        self, log: LogReader, first: EventId, last: EventId, latest: Iterable[Event]
    ) -> list[Alert]:
        """Return the open alerts on published figures, but for those of other dashboards' rules."""
        others = {
            name
            for event in latest
            if event.name == RULES and event.host != self._host
            for name in names_of_rules(event)
        } - {rule.name for rule in self._rules}
        known: dict[tuple[str, str], Alert] = {}
        for _, alert in alerts_between(log, first, last):
            is_due = alert.last is not msgspec.UNSET  # is said by sampling/expected.py
            if alert.rule and not is_due and alert.metric_family not in self._families:
                known[alert.host, alert.alert] = alert
        return [each for each in known.values() if each.is_open and each.rule not in others]

    def _say_unseen(self, seen: set[str | None]) -> None:
        for rule in self._rules:
            if rule.rule.family not in seen:
                logger.info(
                    "rule %r: no event %s has been published yet", rule.name, rule.rule.family
                )


def _sample(event: Event) -> Sample:
    # By the log's time: that in the data is whatever the publisher wrote.
    assert event.id is not None
    data: dict[str, Any] | None = fields(event.data, OBJECT)
    return Sample(event.name or "", event.id.time, data or {})
