"""What the one process does that samples a host: the samples, their alerts, and sending those."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.alerts.built_in import active_rules
from dashboard.alerts.evaluator import Rule
from dashboard.alerts.notifier import Notifier
from dashboard.alerts.outside_heartbeat import OutsideHeartbeat
from dashboard.alerts.receiver import Origin
from dashboard.alerts.rules import ThresholdRule
from dashboard.alerts.service import AlertService, warn_of_unknown_fields
from dashboard.alerts.silence_keeper import windows_now
from dashboard.metrics import FamilyFactory, with_traffic
from dashboard.metrics.cadence import cadences
from dashboard.metrics.catalogue.declared import declared_every
from dashboard.metrics.catalogue.levels import RuleRow
from dashboard.sampling.judge import Judge, LeaderLog
from dashboard.sampling.sampler import STOP_SECONDS, Sampler
from dashboard.sampling.trouble import failing_file, write_failing
from dashboard.settings import AlertRule, Settings

if TYPE_CHECKING:
    from dashboard.streaming.replay_buffer import ReplayBuffer
    from dashboard.telemetry.counters import Instruments

logger = logging.getLogger(__name__)


class LeaderTasks:
    """From the moment a process leads until it stands back."""

    def __init__(
        self,
        log: LeaderLog,
        settings: Settings,
        families: Sequence[FamilyFactory],
        *,
        folder: Path,
        instruments: "Instruments",
        on_failure: Callable[[object], None],
        buffer: "ReplayBuffer | None" = None,
    ) -> None:
        """`folder` is where is kept what receivers of alerts were told, and what `traffic` counted.

        `buffer` has the log's newest events where this host's dashboard raises alerts for other
        machines, which are sent here, too.

        `on_failure` is told of a part of the sampler that has ended.
        """
        self._failing_file = failing_file(folder, settings.host_name)
        warn_of_unknown_fields(settings.alert, families)
        families = with_traffic(families, settings, folder)
        self._families = each = cadences(families, settings.interval)
        published = [rule for rule in settings.alert if rule.family not in each]
        origin = Origin(
            log=log,
            host=settings.host_name,
            retention=settings.retention,
            folder=folder,
            judges=buffer is not None,
            windows=partial(windows_now, settings),
            routes=settings.routes,
            wall_url=settings.wall_url,
        )
        self._notifier = Notifier(origin, settings.notify)
        self._outside = OutsideHeartbeat(settings.heartbeat_url)
        rules = sampled_rules(settings, each)
        self._alerting = AlertService(
            log,
            rules,
            host=settings.host_name,
            cadences=each,
            retention=settings.retention,
            on_alert=self._notifier.wake,
            on_samples=self._outside.on_logged,
            said=said_rules(rules, published, judges=buffer is not None),
        )
        self._sampler = Sampler(
            log,
            families,
            host=settings.host_name,
            interval=settings.interval,
            instruments=instruments,
            observer=self._alerting,
            on_failure=on_failure,
            on_failing=self._write_failing,
        )
        self._judge = None
        if buffer is not None:
            self._judge = self._make_judge(log, buffer, settings, published, on_failure)

    def _make_judge(
        self,
        log: LeaderLog,
        buffer: "ReplayBuffer",
        settings: Settings,
        rules: Sequence[AlertRule],
        on_failure: Callable[[object], None],
    ) -> Judge:
        return Judge(
            log,
            buffer,
            rules,
            host=settings.host_name,
            families=self._families,
            every=partial(declared_every, settings.figure),
            retention=settings.retention,
            on_alert=self._notifier.wake,
            on_failure=on_failure,
        )

    def start(self) -> None:
        """Begin."""
        self._write_failing({})  # what the leader before has left
        self._sampler.start()
        self._alerting.start()
        if self._judge is not None:
            self._judge.start()
        self._notifier.start()
        self._outside.start()

    def stop(self, timeout: float = STOP_SECONDS, *, is_leaving: bool = False) -> None:
        """Leave it to the next. What is held has so many seconds to be logged.

        `is_leaving`: nobody here samples on, which the log is told.
        """
        if is_leaving:
            self._sampler.say_leaving()
        self._sampler.stop(timeout)
        self._outside.stop()
        self._alerting.stop()
        if self._judge is not None:
            self._judge.stop()
        self._notifier.stop()

    def wait(self) -> None:
        """After `stop`, give a message that is on its way a moment to arrive."""
        self._notifier.wait()

    def _write_failing(self, failing: Mapping[str, str]) -> None:
        write_failing(self._failing_file, failing)


def sampled_rules(settings: Settings, each: dict[str, float]) -> list[Rule]:
    """Return the rules that judge samples; `each` has the seconds between those of a family."""
    return active_rules(
        (rule for rule in settings.alert if rule.family in each),
        defaults=settings.alerts.defaults,
        cadences=each,
        has_quota=bool(settings.traffic.quota),
    )


def said_rules(
    rules: Sequence[Rule], published: Sequence[AlertRule], *, judges: bool
) -> list[RuleRow]:
    """Return the limits that a host says in its event `rules`, and warn where some are for nobody.

    `judges` is whether what is published is judged here.
    """
    said = [rule.row() for rule in rules if isinstance(rule, ThresholdRule)]
    if judges:
        said += [ThresholdRule(rule).row(everywhere=True) for rule in published]
    elif published:
        names = ", ".join(rule.name for rule in published)
        logger.warning("only a dashboard judges what is published, so these rest: %s", names)
    return said
