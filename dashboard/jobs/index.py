"""Which jobs there are: of each the first and the newest step of its last run, as the log has them.

Asked for a job, it first reads what the log has got since it was asked before, so the answer is
the log's own, whichever worker took the newest step. The first time it reads back all that the log
keeps; it does so where long reads hold up nothing.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from gevent.lock import Semaphore

from dashboard.events.encoded import LOG_START
from dashboard.events.event import Event, EventId
from dashboard.jobs.model import EVENT, Step, decode_step
from dashboard.log.contract import EventLog
from dashboard.log.scan import walk

_MOST_RUNS = 10_000  # what others write to the log may name more; the newest are remembered


class Run(NamedTuple):
    """The last run of a job, from its first step to its newest."""

    first: EventId
    newest: EventId
    step: Step


class JobIndex:
    """The jobs of a log, for the greenlets of one worker."""

    def __init__(
        self, log: EventLog, *, retention: float, clock: Callable[[], float] = time.time
    ) -> None:
        """A job whose last step is older than `retention` seconds is forgotten."""
        self._log = log
        self._retention = retention
        self._clock = clock
        self._runs: dict[str, Run] = {}  # by job, in the order of their newest steps
        self._count_of: Counter[str] = Counter()  # by publisher
        self._read_to = LOG_START
        self._reading = Semaphore()

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, job: object) -> bool:
        return job in self._runs

    def count_of(self, publisher: str) -> int:
        """Return the number of jobs that a token reported, as far as the log was read."""
        return self._count_of[publisher]

    def latest_runs(self, jobs: Iterable[str]) -> dict[str, Run]:
        """Return the last run of each of these jobs that has one. Raises LogUnavailable."""
        with self._reading:
            self._log.with_reader(self._read_on)
            self._forget_expired()
            return {job: self._runs[job] for job in jobs if job in self._runs}

    def latest_run(self, job: str) -> tuple[Run | None, EventId]:
        """The last run of a job, None if there is none, and the id up to which the log was read.

        Raises LogUnavailable.
        """
        with self._reading:
            self._log.with_reader(self._read_on)
            self._forget_expired()
            return self._runs.get(job), self._read_to

    def covers(self, after: EventId, read_to: EventId) -> bool:
        """Return True if the log still has all events after an id, which it may have given.

        `read_to` is the id up to which it was read. Raises LogUnavailable.
        """
        oldest = self._log.with_reader(lambda log: log.oldest())
        return oldest is not None and oldest <= after <= read_to

    def is_end(self, job: str, event_id: EventId) -> bool:
        """Whether an id is that of the end of a run of this job. Raises LogUnavailable."""
        found = self._log.with_reader(
            lambda log: log.read_range(event_id, event_id, names=[EVENT], limit=1)
        )
        steps = [decode_step(event) for event in found]
        return any(step is not None and step.job == job and step.is_end for step in steps)

    def _read_on(self, log: EventLog) -> None:
        end = log.newest()
        if end is None:
            return
        kept_from = log.id_at(self._clock() - self._retention)
        first = max(self._read_to.following, kept_from)
        for event in walk(log, first, end, names=[EVENT]):
            self._take(event)
        self._read_to = max(end, self._read_to)

    def _take(self, event: Event) -> None:
        assert event.id is not None
        self._read_to = event.id
        step = decode_step(event)
        if step is None:
            return
        run = self._forget(step.job) if step.job in self._runs else None
        first = event.id if run is None or run.step.is_end else run.first
        self._runs[step.job] = Run(first, event.id, step)
        self._count_of[step.publisher or ""] += 1
        if len(self._runs) > _MOST_RUNS:
            self._forget(next(iter(self._runs)))

    def _forget_expired(self) -> None:
        end = self._log.id_at(self._clock() - self._retention)
        while self._runs:
            job, run = next(iter(self._runs.items()))
            if run.newest >= end:
                return
            self._forget(job)

    def _forget(self, job: str) -> Run:
        run = self._runs.pop(job)
        publisher = run.step.publisher or ""
        self._count_of[publisher] -= 1
        if not self._count_of[publisher]:
            del self._count_of[publisher]
        return run
