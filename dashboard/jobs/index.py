"""Which jobs there are: of each the first and the newest step of its last run."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from dashboard.events.event import Event, EventId
from dashboard.jobs.model import EVENT, Step, decode_step
from dashboard.log.contract import EventLog
from dashboard.log.index import LogIndex

_MOST_RUNS = 10_000  # what others write to the log may name more; the newest are remembered


class Run(NamedTuple):
    """The last run of a job, from its first step to its newest."""

    first: EventId
    newest: EventId
    step: Step


class JobIndex:
    """The jobs of a log, for the greenlets of one worker."""

    def __init__(self, log: EventLog, *, retention: float) -> None:
        """A job whose last step is older than `retention` seconds is forgotten."""
        self._log = log
        self._runs: dict[str, Run] = {}  # by job, in the order of their newest steps
        self._count_of: Counter[str] = Counter()  # by publisher
        self._index = LogIndex(log, [EVENT], self._take, retention=retention, clock=time.time)

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, job: object) -> bool:
        return job in self._runs

    def count_of(self, publisher: str) -> int:
        """Return the number of jobs that a token reported, as far as the log was read."""
        return self._count_of[publisher]

    def latest_runs(self, jobs: Iterable[str]) -> dict[str, Run]:
        """Return the last run of each of these jobs that has one. Raises LogUnavailable."""
        with self._index.up_to_date() as kept_from:
            self._forget_before(kept_from)
            return {job: self._runs[job] for job in jobs if job in self._runs}

    def latest_run(self, job: str) -> tuple[Run | None, EventId]:
        """The last run of a job, None if there is none, and the id up to which the log was read.

        Raises LogUnavailable.
        """
        with self._index.up_to_date() as kept_from:
            self._forget_before(kept_from)
            return self._runs.get(job), self._index.read_to

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

    def _take(self, event_id: EventId, event: Event) -> None:
        step = decode_step(event)
        if step is None:
            return
        run = self._forget(step.job) if step.job in self._runs else None
        first = event_id if run is None or run.step.is_end else run.first
        self._runs[step.job] = Run(first, event_id, step)
        self._count_of[step.publisher or ""] += 1
        if len(self._runs) > _MOST_RUNS:
            self._forget(next(iter(self._runs)))

    def _forget_before(self, kept_from: EventId) -> None:
        while self._runs:
            job, run = next(iter(self._runs.items()))
            if run.newest >= kept_from:
                return
            self._forget(job)

    def _forget(self, job: str) -> Run:
        run = self._runs.pop(job)
        publisher = run.step.publisher or ""
        self._count_of[publisher] -= 1
        if not self._count_of[publisher]:
            del self._count_of[publisher]
        return run
