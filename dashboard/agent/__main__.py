"""An agent: the sampler of a machine, its alerts and their sending, without a service.

It appends to the log that the settings name: a Redis or a file that dashboards read, or over HTTP
another Vitals. It is a process of its own, `python -m dashboard.agent`, which `flask agent`
becomes, so that it has none of Flask, gunicorn and the pages in memory.

Two agents of one host on one machine, or an agent and a service over one log, are not in each
other's way: one samples, the other waits for its end.
"""

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

import gevent
from gevent.event import Event as Flag

from dashboard.agent.log import AgentLog
from dashboard.log.opening import log_url, run_directory
from dashboard.metrics import FamilyFactory, family_factories
from dashboard.sampling.leader import Leadership
from dashboard.sampling.leader_tasks import LeaderTasks
from dashboard.sampling.sources import sampled
from dashboard.settings import APPEND_ONLY, SettingError, Settings, load, secrets
from dashboard.telemetry.logging import formatter, is_journal
from dashboard.telemetry.null_counters import null_counters

logger = logging.getLogger("dashboard.agent")

_FLUSH_SECONDS = 5.0  # that what is held may take at the end


class Agent:
    """One machine's agent."""

    def __init__(self, settings: Settings, families: Sequence[FamilyFactory]) -> None:
        self._settings = settings
        self._families = families
        self._folder = run_directory(log_url(settings), instance=settings.instance)
        self._leadership = Leadership(self._folder / f"leader-{settings.host_name}.lock")
        self._log: AgentLog | None = None
        self._tasks: LeaderTasks | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._on_failure: Callable[[], None] = lambda: None
        self.has_failed = False

    def start(self, on_failure: Callable[[], None]) -> None:
        """Sample as soon as nobody else on this machine does.

        `on_failure` is called, and `has_failed` set, when it samples no more: no memory, no thread
        to read in, or a mistake of this program.
        """
        self._on_failure = on_failure
        self._greenlet = gevent.spawn(
            self._leadership.run_while_leader,
            self._lead,
            self._resign,
            waiting=self._say_who_samples,
        )
        self._greenlet.link_exception(self._fail)

    def stop(self) -> None:
        """Send what is held, for a few seconds at most, and let another process sample."""
        if self._greenlet is not None:
            self._greenlet.kill()
        if self._tasks is not None:
            self._tasks.stop(_FLUSH_SECONDS, is_leaving=True)
            self._tasks.wait()
        self._leadership.release()

    def _fail(self, greenlet: object) -> None:
        logger.critical("a part of this agent failed, so it ends: %s", greenlet)
        self.has_failed = True
        self._on_failure()

    def _lead(self) -> None:
        self._log = AgentLog(self._settings, folder=self._folder)
        self._tasks = LeaderTasks(
            self._log,
            self._settings,
            sampled(self._families, self._settings),
            folder=self._folder,
            instruments=null_counters(),
            on_failure=self._fail,
        )
        self._tasks.start()
        logger.info("sampling %s every %g s", self._settings.host_name, self._settings.interval)

    def _resign(self) -> None:
        if self._tasks is not None:
            self._tasks.stop()
        if self._log is not None:
            self._log.close()
        self._tasks = self._log = None

    def _say_who_samples(self) -> None:
        logger.info("another process samples %s here; waiting for it", self._settings.host_name)


def check(settings: Settings) -> None:
    """Raise SettingError for settings with which an agent can't do anything."""
    if settings.log.startswith(APPEND_ONLY) and not settings.publish_token:
        raise SettingError(
            f"LOG={settings.log!r} wants a token: PUBLISH_TOKEN is to be the one of that Vitals"
        )


def main() -> int:
    """Run an agent until SIGTERM or SIGINT; returns the exit status."""
    try:
        settings = load(os.environ)
        check(settings)
    except SettingError as error:
        print(f"Vitals: {error}", file=sys.stderr)
        return 2
    lines = logging.StreamHandler()
    lines.setFormatter(
        formatter(settings.output_format, journal=is_journal(os.environ), secrets=secrets(settings))
    )
    logging.basicConfig(handlers=[lines], level=settings.output_level.upper())
    told = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, told.set)
    families = family_factories(settings.host_tags, settings.interval, settings.proc)
    agent = Agent(settings, families)
    agent.start(on_failure=told.set)
    gc.collect()
    gc.freeze()  # what it begins with stays: not to be looked through again each time
    told.wait()
    agent.stop()
    return 1 if agent.has_failed else 0


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # A native thread may be in a call that does not return: a dead mount, a lock, a silent server.
    os._exit(status)
