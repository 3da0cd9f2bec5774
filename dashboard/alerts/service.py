"""Alerts in the process that samples: the rules look at each batch before it is logged.

What they have to say goes into the log in the same batch as the samples that made them say it. So
there is no moment at which a kill -9 could part the two: the log is what is known of alerts, and
whoever samples next goes on from there. Until he has read it he raises nothing.

While the log takes nothing, samples and alerts wait for it together (sampling/sample_buffer.py).
"""

import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence

import gevent
import msgspec

from dashboard.alerts.culprits import Culprits
from dashboard.alerts.evaluator import STILL, Evaluator, Rule
from dashboard.alerts.history import alerts_between
from dashboard.alerts.model import EVENT, Alert
from dashboard.events.event import OBJECT, Event, fields
from dashboard.log.contract import HistoryAccess, LogReader, LogUnavailable
from dashboard.log.scan import walk
from dashboard.metrics import FamilyFactory
from dashboard.metrics.catalogue.levels import RULES, RuleRow
from dashboard.metrics.family import Sample
from dashboard.settings import WILDCARD, AlertRule

logger = logging.getLogger(__name__)

_RETRY = 2.0  # seconds until a log that can't be read is asked again


def warn_of_unknown_fields(rules: Iterable[AlertRule], families: Iterable[FamilyFactory]) -> None:
    """Tell the operator of rules that will never see a figure, because there is no such field."""
    fields = {each.name: [field.name for field in each.fields] for each in families if each.fields}
    for rule in rules:
        if rule.family not in fields:
            continue
        paths = [re.sub(r"\[\]|\{\}", ".*", name).split(".") for name in fields[rule.family]]
        if not any(_is_at(rule.path, path) for path in paths):
            logger.warning(
                "rule %r: %s has no field %s; there are %s",
                rule.name,
                rule.family,
                ".".join(rule.path),
                ", ".join(".".join(path) for path in paths),
            )


def _is_at(given: Sequence[str], path: Sequence[str]) -> bool:
    return len(given) == len(path) and all(
        WILDCARD in (part, own) or part == own for part, own in zip(given, path, strict=True)
    )


class AlertService:
    """The alerts of this host, for as long as this process samples it."""

    def __init__(
        self,
        log: HistoryAccess,
        rules: Sequence[Rule],
        *,
        host: str,
        cadences: dict[str, float],
        retention: float,
        on_alert: Callable[[], None] = lambda: None,
        on_samples: Callable[[], None] = lambda: None,
        said: Sequence[RuleRow] | None = None,
    ) -> None:
        """`on_alert` is called when the log has taken alerts, `on_samples` when it has samples.

        `said` are the rules of this host as its event `rules` says them; None: it says none.
        """
        self._log = log
        self._rules = rules
        self._host = host
        self._cadences = cadences
        self._retention = retention
        self._on_alert = on_alert
        self._on_samples = on_samples
        # A reminder has to come before the log forgets that the alert was raised.
        self._evaluator = Evaluator(
            rules, host=host, cadences=cadences, still=min(STILL, retention / 3)
        )
        self._culprits = Culprits(rules)
        self._said = said
        self._says_again = min(STILL, retention / 3)
        self._last_said = -math.inf
        self._is_ready = False
        self._has_failed = False
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Take over from whoever sampled before."""
        self._greenlet = gevent.spawn(self._restore)

    def stop(self) -> None:
        """Leave it to the next."""
        if self._greenlet is not None:
            self._greenlet.kill()

    # What the sampler calls, for one batch after the other.

    def evaluate(self, samples: Sequence[Sample]) -> list[Event]:
        """What is to be logged together with these samples."""
        said = self._rules_event(max(sample.time for sample in samples))
        if not self._is_ready:
            return said
        try:
            alerts = self._evaluator.evaluate(samples)
            said += [alert.event() for alert in self._culprits.named(alerts, samples)]
            self._has_failed = False
        except Exception:  # a rule that fails must not take the samples along
            if not self._has_failed:
                logger.exception("the rules for alerts failed")
            self._has_failed = True
        return said

    def _rules_event(self, now: float) -> list[Event]:
        """The host's rules, at the start, and again before the log forgets them."""
        if self._said is None or 0 <= now - self._last_said < self._says_again:
            return []
        self._last_said = now
        data = {"host": self._host, "time": now, "rules": self._said}
        return [Event(self._host, RULES, msgspec.json.encode(data).decode())]

    def on_logged(self, events: Sequence[Event]) -> None:
        """The log has taken these."""
        self._on_samples()
        if any(event.name == EVENT for event in events):
            self._on_alert()

    # Taking over.

    def _restore(self) -> None:
        said = False
        while True:
            try:
                self._log.with_reader(self._read)
                break
            except LogUnavailable as error:
                if not said:
                    logger.warning("no alerts until the log can be read: %s", error)
                said = True
                gevent.sleep(_RETRY)
        self._is_ready = True

    def _read(self, log: LogReader) -> None:
        """Everything that blocks, in the thread for looking back. Raises LogUnavailable."""
        newest, last = log.latest(), log.newest()
        if last is None:
            return
        for family in self._cadences:
            seconds = max((rule.lookback(family) for rule in self._rules), default=0.0)
            if seconds:
                first = log.id_at(time.time() - min(seconds, self._retention))
                for event in walk(log, first, last, names=[family], hosts=[self._host]):
                    self._remember(event)
        for event in newest:
            if event.host == self._host and event.name in self._cadences:
                self._remember(event)
        kept_from = log.id_at(time.time() - self._retention)
        known: dict[str, Alert] = {}
        for _, alert in alerts_between(log, kept_from, last, host=self._host):
            known[alert.alert] = alert
        own = (alert for alert in known.values() if alert.rule and not alert.judge)
        self._evaluator.restore(alert for alert in own if alert.is_open)

    def _remember(self, event: Event) -> None:
        try:
            figures = fields(event.data, OBJECT) or {}
            self._evaluator.replay(Sample(event.name or "", float(figures["time"]), figures))
        except Exception:
            # Whoever may write the log may write what he likes. A rule that fails at good samples
            # does so again at the next.
            return
