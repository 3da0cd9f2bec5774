"""Progress from Python: a script or a background worker reports its steps as it goes.

    from dashboard import progress

    with progress("backup", total=10) as job:
        for folder in folders:
            copy(folder)
            job.step(f"copied {folder}")

Who watches /progress/backup gets each step, and at the end `completed`; or `failed`, when an
exception leaves the block, which then goes on its way. The steps go straight into the log that the
settings name, so the service need not run. A log that can't be written is no reason to end a
backup: then steps are left out, and a warning is logged in their place.
"""

import logging
import os
import threading
import time
from types import TracebackType

from gevent import monkey

from dashboard import settings
from dashboard.events.event import HOST
from dashboard.jobs.model import JOB, JOB_ALLOWED, Number, ProgressReport, State, Step, loggable
from dashboard.log.contract import AppendLog, LogUnavailable
from dashboard.log.opening import open_to_append

logger = logging.getLogger(__name__)

_END_ATTEMPTS = 5
_END_PAUSE = 0.5  # seconds


def progress(
    job: str, *, total: float | None = None, host: str | None = None, log: AppendLog | None = None
) -> "Job":
    """A job to report on, for a `with` statement.

    job:   its name: letters, digits, '.', '_' and '-', at most 64.
    total: how much there is to be done, in any unit; None if nobody knows.
    host:  the machine whose job it is, if it is not this one.
    log:   an open log to write to, such as that of the running service; without it the one that
           the settings name is opened, and closed at the end.

    Raises ValueError for a name, host or number that is not allowed, and SettingError for wrong
    settings.
    """
    return Job(job, total=total, host=host, log=log)


class Job:
    """One run of a job. `done` and `total` are as last reported; threads may share it."""

    def __init__(
        self, name: str, *, total: Number | None, host: str | None, log: AppendLog | None
    ) -> None:
        if not JOB.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a job: wanted are {JOB_ALLOWED}")
        if host is not None and not HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no host name")
        self.name = name
        self.done: Number = 0
        self.total = _number("total", total)
        self._given_log = log
        self._log: AppendLog | None = None
        self._settings = settings.load(os.environ)
        self._host = host or self._settings.host_name
        self._lock = threading.Lock()
        self._runs = False

    def __enter__(self) -> "Job":
        self._runs = True
        self._log = self._given_log or self._open()
        return self

    def step(
        self, message: str | None = None, *, done: float | None = None, total: float | None = None
    ) -> None:
        """Report a step: `done` is how much is done by now; without it, one more than before.

        Raises ValueError for a number below 0 or none, RuntimeError outside of the `with` block.
        """
        with self._lock:
            if not self._runs:
                raise RuntimeError(f"the job {self.name!r} does not run: use `with progress(…)`")
            done, total = _number("done", done), _number("total", total)
            self.done = self.done + 1 if done is None else done
            self.total = self.total if total is None else total
            self._report(message, "running")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._runs = False
            for attempt in range(_END_ATTEMPTS):
                if attempt:
                    time.sleep(_END_PAUSE)
                if error is None:
                    told = self._report(None, "completed")
                else:
                    told = self._report(_reason(error), "failed")
                if told:
                    break
            if self._log is not None and self._log is not self._given_log:
                self._log.close()
            self._log = None

    def _open(self) -> AppendLog | None:
        # In the service nothing may block the event loop; a script has none.
        is_service = monkey.is_module_patched("socket")
        try:
            return open_to_append(self._settings, for_greenlets=is_service)
        except LogUnavailable as error:
            logger.warning("%s: no progress is reported: %s", self.name, error)
            return None

    def _report(self, message: str | None, state: State) -> bool:
        """Log a step; whether there is nothing left to try."""
        if self._log is None:
            return True
        step = Step(
            host=self._host,
            time=round(time.time(), 3),
            job=self.name,
            done=self.done,
            total=self.total,
            message=None if message is None else loggable(message),
            state=state,
        )
        try:
            self._log.append([step.event()])
        except LogUnavailable as error:
            logger.warning("%s: this step is not reported: %s", self.name, error)
            return False
        return True


def _number(key: str, value: float | None) -> Number | None:
    settings.convert({key: value}, ProgressReport)
    return value


def _reason(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
