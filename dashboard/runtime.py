"""What a worker starts and stops: the log, the hub, the claim to sample, and the sampler.

`create_app` makes a `Service`, and the views get that. Its `Runtime` is made after the fork
and after gevent has patched the process: by gunicorn's worker, or else by the first request.
"""

import logging
import os
import signal
from collections.abc import Sequence

import gevent
from gevent import monkey

from dashboard.access.stores import Stores, open_stores
from dashboard.access.trusted_proxies import Proxies
from dashboard.alerts.history import OpenAlerts
from dashboard.jobs.index import JobIndex
from dashboard.log.history.service import HistoryService
from dashboard.log.opening import open_log_for_greenlets, run_directory
from dashboard.metrics import FAMILIES, FamilyFactory
from dashboard.metrics.cadence import cadences
from dashboard.metrics.catalogue.declared import source_cadences_of, with_declared
from dashboard.metrics.rows import built_in_rows
from dashboard.sampling.keeper_tasks import keeper_tasks
from dashboard.sampling.leader import Leadership
from dashboard.sampling.leader_tasks import LeaderTasks
from dashboard.sampling.sources import sampled
from dashboard.sampling.trouble import failing_file, read_failing
from dashboard.settings import Settings, check_serves
from dashboard.streaming.greeting import Greeting
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.hub import Hub
from dashboard.streaming.parked import capacity
from dashboard.streaming.rights_watch import RightsWatch
from dashboard.telemetry.counters import Instruments
from dashboard.telemetry.workers import WorkerMetrics

logger = logging.getLogger(__name__)

NEEDS_GEVENT = (
    "Vitals runs on gevent: serve it with `./run` (gunicorn), or start another server under it, "
    "such as `python -m gevent.monkey --module flask run`"
)


class Service:
    """One application's settings, and its runtime, which is made when it is first needed."""

    def __init__(
        self, settings: Settings, *, build: str, families: Sequence[FamilyFactory]
    ) -> None:
        self.settings = settings
        self.build = build
        self.families = families
        self.catalogue = with_declared(built_in_rows(FAMILIES, settings.interval), settings.figure)
        self.instruments = Instruments()
        self.proxies = Proxies(settings.trusted_proxies)
        self.stores = open_stores(settings)
        self._runtime: Runtime | None = None

    @property
    def runtime(self) -> "Runtime":
        """The runtime, started if no server hook has. Raises as `start` and `ensure_running` do."""
        self.ensure_running()
        return self.start()

    def ensure_running(self) -> None:
        """Start the runtime if it does not run.

        Raises RuntimeError in a process that gevent has not patched, and what `start` raises.
        """
        if self._runtime is None:
            if not monkey.is_module_patched("socket"):
                raise RuntimeError(NEEDS_GEVENT)
            self.start()

    def start(self) -> "Runtime":
        """Open the log, follow it, and sample as soon as no other process does.

        Raises SettingError for settings that are an agent's, LogUnavailable where the log's folder
        can't be made.
        """
        if self._runtime is None:
            check_serves(self.settings)
            self._runtime = Runtime(
                self.settings,
                build=self.build,
                families=self.families,
                instruments=self.instruments,
                stores=self.stores,
            )
            self._runtime.start()
        return self._runtime


class Runtime:
    """Everything that lives as long as a worker."""

    def __init__(
        self,
        settings: Settings,
        *,
        build: str,
        families: Sequence[FamilyFactory],
        instruments: Instruments,
        stores: Stores,
    ) -> None:
        """Open the log and make all parts; none of them does anything before `start`.

        Raises LogUnavailable where the log's folder can't be made.
        """
        self.settings = settings
        self.build = build
        self.families = families
        self.instruments = instruments
        self._run_directory = folder = run_directory(settings.log, instance=settings.instance)
        self.workers = WorkerMetrics(folder, instruments.registry)
        self.log = open_log_for_greenlets(
            settings.log,
            retention=settings.retention,
            most_bytes=settings.log_size,
            instance=settings.instance,
        )
        instruments.add_log(lambda: self.log.skipped, lambda: self.history.trouble is not None)
        self.jobs = JobIndex(self.log, retention=settings.retention)
        self.open_alerts = OpenAlerts(self.log, retention=settings.retention)
        self.hub = Hub(
            self.log,
            interval=settings.interval,
            heartbeat=settings.heartbeat,
            retention=settings.retention,
            most_streams=self._capacity(),
            most_per_address=settings.max_streams_per_address,
            most_feeds=settings.max_feeds,
            instruments=instruments,
        )
        self.rights = RightsWatch(stores, self.hub, self.log)
        buffer = self.hub.replay_buffer
        self.host_intervals = HostIntervals(families, settings.interval, buffer)
        self._leadership = Leadership(folder / f"leader-{settings.host_name}.lock")
        self.history = HistoryService(settings, self.log)
        # One worker keeps the history and listens to machines, whoever samples: it may be an agent.
        self._keeping = Leadership(folder / "history.lock")
        self._keeper_tasks = keeper_tasks(
            self.log,
            self.open_alerts,
            buffer,
            self.host_intervals,
            settings,
            folder=folder,
            families=self.cadences(),
            is_reading=lambda: self.hub.tail.problem is None,
        )
        self._leader_tasks: LeaderTasks | None = None  # while this worker is the leader
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self.source_cadences = sources = source_cadences_of(settings)
        told_of = settings, buffer, self.host_intervals, sources
        self.greeting = Greeting(*told_of, build=build, clock=self.hub.now)

    def start(self) -> None:
        """Follow the log, and sample as soon as no other process does."""
        self._greenlets = [
            gevent.spawn(self.hub.tail.follow),
            gevent.spawn(self.hub.run_timers),
            gevent.spawn(self._leadership.run_while_leader, self._lead, self._resign),
            gevent.spawn(self._keeping.run_while_leader, self._keep, self._keep_no_more),
            gevent.spawn(self.rights.run),
            gevent.spawn(self.rights.run_sharing),
        ]
        for greenlet in self._greenlets:
            greenlet.link_exception(self._fail)
        self.workers.start()

    def stop(self) -> None:
        """Let another worker sample at once, end all streams, close the log."""
        gevent.killall(self._greenlets)
        self._resign()
        self._leadership.release()
        self._keep_no_more()
        self._keeping.release()
        self.history.reader.close()
        self.rights.close()
        self.workers.stop()
        self.hub.stop()
        if self._leader_tasks is not None:
            self._leader_tasks.wait()
        self.log.close()

    def cadences(self) -> dict[str, float]:
        """Seconds between two samples of each family, by name."""
        return cadences(self.families, self.settings.interval)

    def failing(self) -> dict[str, str]:
        """Return the families of this host that can't be read (or not wholly), with the reason."""
        return read_failing(failing_file(self._run_directory, self.settings.host_name))

    def sample_age(self) -> float | None:
        """Seconds since this host was last sampled, as this worker has heard; None for never."""
        host, interval = self.settings.host_name, self.settings.interval
        fast = [name for name, each in self.cadences().items() if each <= interval]
        ages = [self.hub.replay_buffer.age(host, name) for name in fast]
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

    def _keep(self) -> None:
        for task in (self.history, *self._keeper_tasks):
            task.start()

    def _keep_no_more(self) -> None:
        for task in (self.history, *self._keeper_tasks):
            task.stop()

    def _lead(self) -> None:
        self.instruments.leads.set(1)
        logger.info("this worker samples %s", self.settings.host_name)
        self._leader_tasks = LeaderTasks(
            self.log,
            self.settings,
            sampled(self.families, self.settings),
            folder=self._run_directory,
            instruments=self.instruments,
            on_failure=self._fail,
            buffer=self.hub.replay_buffer,
        )
        self._leader_tasks.start()

    def _resign(self) -> None:
        self.instruments.leads.set(0)
        if self._leader_tasks is not None:
            self._leader_tasks.stop()
