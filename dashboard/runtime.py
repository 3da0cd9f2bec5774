"""What a worker starts and stops: the log, the hub, the claim to sample, and the sampler.

`create_app` only makes one. It runs from gunicorn's `post_worker_init` on, which is after the fork
and after gevent has patched the process, until the worker is told to stop.
"""

import logging
import os
import signal
from collections.abc import Sequence

import gevent
from gevent import monkey

from dashboard.alerts.history import OpenAlerts
from dashboard.events.scope import WHOLE, Right
from dashboard.jobs.index import Jobs
from dashboard.log.contract import EventLog
from dashboard.log.opening import open_log_for_greenlets, run_directory
from dashboard.metrics import Family
from dashboard.metrics.cadence import cadences
from dashboard.sampling.leader import Leadership
from dashboard.sampling.leader_tasks import Duty
from dashboard.settings import Settings, check_serves
from dashboard.streaming.host_intervals import Paces
from dashboard.streaming.hub import Hub
from dashboard.streaming.parked import capacity
from dashboard.telemetry.counters import Instruments
from dashboard.telemetry.workers import WorkerMetrics

logger = logging.getLogger(__name__)

NEEDS_GEVENT = (
    "Vitals runs on gevent: serve it with `./run` (gunicorn), or start another server under it, "
    "such as `python -m gevent.monkey --module flask run`"
)


class Runtime:
    """Everything that lives as long as a worker."""

    def __init__(self, settings: Settings, *, build: str, families: Sequence[type[Family]]) -> None:
        self.settings = settings
        self.build = build
        self.families = families
        self.instruments = Instruments()
        self.run_directory = run_directory(settings.log, instance=settings.instance)
        self.workers = WorkerMetrics(self.run_directory, self.instruments.registry)
        self._leadership = Leadership(self.run_directory / f"leader-{settings.host_name}.lock")
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._log: EventLog | None = None
        self._hub: Hub | None = None
        self._paces: Paces | None = None
        self._jobs: Jobs | None = None
        self._open_alerts: OpenAlerts | None = None
        self._duty: Duty | None = None
        self._greeting: dict[str, object] = {}
        self._intervals: dict[str, float] = {}
        self._greeting_made_at = 0.0

    @property
    def log(self) -> EventLog:
        """The log of this worker, once it runs."""
        assert self._log is not None
        return self._log

    @property
    def hub(self) -> Hub:
        """The hub of this worker, once it runs."""
        assert self._hub is not None
        return self._hub

    @property
    def paces(self) -> Paces:
        """How often the hosts of the log are sampled, once it runs."""
        assert self._paces is not None
        return self._paces

    @property
    def jobs(self) -> Jobs:
        """The jobs whose progress is in the log, once it runs."""
        assert self._jobs is not None
        return self._jobs

    @property
    def open_alerts(self) -> OpenAlerts:
        """The alerts that are open, of all hosts in the log, once it runs."""
        assert self._open_alerts is not None
        return self._open_alerts

    def ensure_running(self) -> None:
        """Start, if no server hook has. Raises RuntimeError in a process that gevent can't run."""
        if self._hub is None:
            if not monkey.is_module_patched("socket"):
                raise RuntimeError(NEEDS_GEVENT)
            self.start()

    def start(self) -> None:
        """Open the log and begin to follow it; sample as soon as no other process does.

        Raises SettingError for settings that are an agent's.
        """
        settings = self.settings
        check_serves(settings)
        self._log = open_log_for_greenlets(
            settings.log, retention=settings.retention, instance=settings.instance
        )
        self._jobs = Jobs(self._log, retention=settings.retention)
        self._open_alerts = OpenAlerts(self._log, retention=settings.retention)
        self._hub = Hub(
            self._log,
            interval=settings.interval,
            heartbeat=settings.heartbeat,
            retention=settings.retention,
            most_streams=self._capacity(),
            most_per_address=settings.max_streams_per_address,
            most_feeds=settings.max_feeds,
            instruments=self.instruments,
        )
        self._paces = Paces(self.families, settings.interval, self._hub.recent)
        self._greenlets = [
            gevent.spawn(self._hub.tail.follow),
            gevent.spawn(self._hub.keep_time),
            gevent.spawn(self._leadership.take_turns, self._lead, self._resign),
        ]
        for greenlet in self._greenlets:
            greenlet.link_exception(self._fail)
        self.workers.start()

    def stop(self) -> None:
        """Let another worker sample at once, end all streams, close the log."""
        if self._hub is None or self._log is None:
            return
        gevent.killall(self._greenlets)
        self._resign()
        self._leadership.release()
        self.workers.stop()
        self._hub.stop()
        if self._duty is not None:
            self._duty.wait()
        self._log.close()

    def greeting(self, right: Right = WHOLE) -> dict[str, object]:
        """The data of `hello`: who speaks, of whom, and how often; as far as a right goes."""
        now = self.hub.now()
        if abs(now - self._greeting_made_at) >= 1:
            settings = self.settings
            hosts = sorted({settings.host_name, *self.hub.recent.hosts()})
            self._greeting_made_at = now
            self._intervals = self.paces.others()
            self._greeting = {
                "build": self.build,
                "host": settings.host_name,
                "hosts": hosts,
                "time": now,
                "interval": settings.interval,
                "intervals": self._intervals,
                "heartbeat": settings.heartbeat,
                "cadences": self.cadences(),
            }
        if right.hosts is None:
            return {**self._greeting, "time": now}
        hosts = [host for host in self.hub.recent.hosts() if right.covers_host(host)]
        host = self.home(right)
        known = sorted({*hosts, host} - {""})
        intervals = {name: each for name, each in self._intervals.items() if name in known}
        greeting = {"time": now, "host": host, "hosts": known, "intervals": intervals}
        return {**self._greeting, **greeting}

    def home(self, right: Right) -> str:
        """The host of which to speak to somebody who names none."""
        return right.home(self.settings.host_name, self.hub.recent.hosts())

    def cadences(self) -> dict[str, float]:
        """Seconds between two samples of each family, by name."""
        return cadences(self.families, self.settings.interval)

    def sample_age(self) -> float | None:
        """Seconds since this host was last sampled, as this worker has heard; None for never."""
        host, interval = self.settings.host_name, self.settings.interval
        fast = [name for name, each in self.cadences().items() if each <= interval]
        ages = [self.hub.recent.age(host, name) for name in fast]
        return min((age for age in ages if age is not None), default=None)

    def _fail(self, greenlet: object) -> None:
        # Without its hub, or without a part of its sampler, a worker would go on answering with old
        # figures; its successor has new.
        logger.critical("a part of this worker failed, so it ends: %s", greenlet)
        os.kill(os.getpid(), signal.SIGTERM)

    def _capacity(self) -> int:
        most = capacity(self.settings.max_streams)
        if most < self.settings.max_streams:
            logger.warning(
                "MAX_STREAMS is %d, but this worker's descriptors allow %d streams (ulimit -Hn)",
                self.settings.max_streams,
                most,
            )
        return most

    def _lead(self) -> None:
        self.instruments.leads.set(1)
        logger.info("this worker samples %s", self.settings.host_name)
        self._duty = Duty(
            self.log,
            self.settings,
            self.families,
            folder=self.run_directory,
            instruments=self.instruments,
            on_failure=self._fail,
        )
        self._duty.start()

    def _resign(self) -> None:
        self.instruments.leads.set(0)
        if self._duty is not None:
            self._duty.stop()
