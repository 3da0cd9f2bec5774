"""Reports of one job on their way: at most five a second, and the newest goes before all others.

A step says all that is known of its job, so one that could not be sent in time is left out for the
next. The end is never left out.
"""

import time

from dashboard.cli.meter import Meter
from dashboard.cli.target import Target, echo_err
from dashboard.jobs.model import MOST_MESSAGE, State, Step
from dashboard.log.contract import Refused
from dashboard.log.line_buffer import LineBuffer

_END_SECONDS = 5.0  # that the end may take


class Reporter:
    """Reports what a meter says; whoever reads the meter never waits for that."""

    def __init__(self, job: str, target: Target) -> None:
        self._job = job
        self._target = target
        self._known: object = None  # what the newest report says
        self._has_failed = False
        self._steps = LineBuffer(
            target.send, say=echo_err, while_away="trying again; no progress is reported"
        )

    def report(self, meter: Meter) -> None:
        """Report what a meter says now, if that is news."""
        known = meter.done, meter.total, meter.message
        if known != self._known:
            self._known = known
            self._put(meter, "running", meter.message)

    def end(self, meter: Meter, reason: str | None = None) -> bool:
        """Report the end, `failed` if there is a reason. Return whether it was logged in time."""
        if reason is None:
            self._put(meter, "completed", meter.message)
        else:
            # Names of files may hold what is no character.
            text = reason.encode("utf-8", "backslashreplace").decode()
            self._put(meter, "failed", text[:MOST_MESSAGE])
        try:
            return self._steps.close(_END_SECONDS) == 0
        except Refused as error:
            self._fail(error)
            return False

    def _put(self, meter: Meter, state: State, message: str | None) -> None:
        step = Step(
            host=self._target.host,
            time=round(time.time(), 3),
            job=self._job,
            done=meter.done,
            total=meter.total,
            message=message,
            state=state,
        )
        try:
            self._steps.put_newest(step.event())
        except Refused as error:
            self._fail(error)

    def _fail(self, error: Refused) -> None:
        if not self._has_failed:
            echo_err(f"{error}; no progress is reported")
        self._has_failed = True
