"""Reports of one job on their way: at most five a second, and the newest goes before all others.

A step says all that is known of its job, so one that could not be sent in time is left out for the
next. The end is never left out.
"""

import threading
import time
import uuid

from dashboard.cli.meter import Meter
from dashboard.cli.target import Target, echo_err
from dashboard.jobs.model import MOST_MESSAGE, State, Step
from dashboard.log.contract import LogUnavailable, Refused

_PAUSE = 0.2  # seconds between two reports
_RETRY = 1.0  # seconds until a log that is away is asked again
_END_SECONDS = 5.0  # that the end may take


class Reporter:
    """The thread that reports; whoever reads the meter never waits for it."""

    def __init__(self, job: str, target: Target) -> None:
        self._job = job
        self._target = target
        self._changed = threading.Condition()
        self._next: Step | None = None  # the newest that was not sent yet
        self._known: object = None  # what the newest report says
        self._is_away = False
        self._told = False  # of the end
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)
        self._thread.start()

    def report(self, meter: Meter) -> None:
        """Report what a meter says now, if that is news."""
        known = meter.done, meter.total, meter.message
        if known != self._known:
            self._known = known
            self._hand_over(meter, "running", meter.message)

    def end(self, meter: Meter, reason: str | None = None) -> bool:
        """Report the end, `failed` if there is a reason. Return whether it was logged in time."""
        if reason is None:
            self._hand_over(meter, "completed", meter.message)
        else:
            # Names of files may hold what is no character.
            text = reason.encode("utf-8", "backslashreplace").decode()
            self._hand_over(meter, "failed", text[:MOST_MESSAGE])
        self._thread.join(_END_SECONDS)
        with self._changed:
            self._given_up = True
            self._changed.notify_all()
        return self._told

    def _hand_over(self, meter: Meter, state: State, message: str | None) -> None:
        step = Step(
            host=self._target.host,
            time=round(time.time(), 3),
            job=self._job,
            done=meter.done,
            total=meter.total,
            message=message,
            state=state,
        )
        with self._changed:
            self._next = step
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._given_up)
                step, self._next = self._next, None
            if step is None or self._given_up:
                return
            self._send(step)
            if step.is_end:
                return
            with self._changed:
                self._changed.wait_for(self._ends, _PAUSE)

    def _send(self, step: Step) -> None:
        """Send a step, until there is a newer one."""
        key = uuid.uuid4().hex
        while True:
            try:
                self._target.send([step.event()], key)
            except LogUnavailable as error:
                if not self._is_away:
                    echo_err(f"{error}; no progress is reported")
                self._is_away = True
                if step.is_end and isinstance(error, Refused):
                    return
            else:
                if self._is_away:
                    echo_err("progress is reported again")
                self._is_away = False
                self._told = step.is_end
                return
            with self._changed:
                self._changed.wait_for(lambda: self._given_up or self._ends(), _RETRY)
                if self._given_up or self._next is not None:
                    return

    def _ends(self) -> bool:
        return self._next is not None and self._next.is_end
