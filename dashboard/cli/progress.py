"""`flask progress`: how far a job is, from what a program prints."""

import os
import signal
import sys
import time
from types import FrameType

import click

from dashboard.cli.command import handling, run
from dashboard.cli.meter import Meter
from dashboard.cli.target import Target, Value, echo_err, with_target
from dashboard.cli.text import Lines
from dashboard.cli.usage_error import UsageError
from dashboard.jobs.model import JOB, JOB_ALLOWED, Number, ProgressReport, State, Step, loggable
from dashboard.log.contract import Refused
from dashboard.log.line_buffer import LineBuffer
from dashboard.settings import InvalidField, convert
from dashboard.settings.types import matching

_PIECE = 64 << 10
# Of a flood only the end of each piece is looked at: the command must not wait for that.
_LOOKED_AT = 8 << 10
_END_SECONDS = 5.0  # that the end may take
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as shells have it


@click.command()
@click.argument("job", type=Value(matching(JOB.pattern, JOB_ALLOWED)))
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--total",
    type=float,
    metavar="N",
    help="Bare numbers count up to N; without it they are percentages.",
)
@with_target
def progress(job: str, command: tuple[str, ...], total: float | None, target: Target) -> None:
    """Report the progress of JOB, as read from standard input or from a command's output.

    A percentage or DONE/TOTAL in a line moves the bar, other lines are messages. The end of the
    input reports that the job is completed. A COMMAND runs with its output passed on; if it fails,
    so does the job, and its exit status is handed on.

    \b
        pv -n disk.img 2>&1 >/dev/sdb | flask progress copy
        flask progress backup -- rsync -a --info=progress2 /home nas:
    """
    try:
        convert({"total": total}, ProgressReport)
    except InvalidField as error:
        raise UsageError(f"--{error}") from None
    whole = int(total) if total is not None and total.is_integer() else total
    watch = Watch(job, target, whole)
    sys.exit(watch.command(command) if command else watch.input())


class Watch:
    """One run of a job: its output on the way to its meter, and from there to the log."""

    def __init__(self, job: str, target: Target, total: Number | None) -> None:
        self._job = job
        self._meter = Meter(total)
        self._lines: dict[str, Lines] = {}
        self._reporter = Reporter(job, target)
        self._reporter.report(self._meter)

    def input(self) -> int:
        """Watch standard input to its end; return the exit status."""
        with handling(_interrupt):
            try:
                while piece := os.read(sys.stdin.fileno(), _PIECE):
                    self._see("stdin", piece)
                self._finish()
            except KeyboardInterrupt as end:
                number: int = end.args[0]
                self._end(f"ended by {_name(number)}")
                return 128 + number
        return 0 if self._end(None) else 1

    def command(self, command: tuple[str, ...]) -> int:
        """Run a command and watch it; return the exit status."""
        try:
            status, signals = run(command, self._see)
        except OSError as error:
            reason = f"{command[0]}: {error.strerror}"
            echo_err(reason)
            self._end(reason)
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        self._finish()
        if status < 0:
            self._end(f"ended by {_name(-status)}")
            return 128 - status
        if signals:
            self._end(f"ended by {_name(signals[0])}")
            return status or 128 + signals[0]
        last = f": {self._meter.message}" if self._meter.message else ""
        self._end(f"exit status {status}{last}" if status else None)
        return status

    def _see(self, name: str, piece: bytes) -> None:
        if b"\0" in piece:
            return  # these are no lines
        if name != "stdin" and len(piece) > _LOOKED_AT:
            piece = b"\n" + piece[-_LOOKED_AT:]
        lines = self._lines.setdefault(name, Lines())
        # A bar is drawn over itself: each carriage return ends a line, too.
        for line in lines.feed(piece.replace(b"\r", b"\n")):
            self._meter.read(line)
        self._reporter.report(self._meter)

    def _finish(self) -> None:
        for lines in self._lines.values():
            for line in lines.end():
                self._meter.read(line)

    def _end(self, reason: str | None) -> bool:
        told = self._reporter.end(self._meter, reason)
        if not told:
            echo_err(f"the end of {self._job} could not be reported")
        return told


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


class Reporter:
    """Reports of one job on their way: at most five a second, the newest before all others.

    Whoever reads the meter never waits for that. A step says all that is known of its job, so one
    that could not be sent in time is left out for the next. The end is never left out.
    """

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
            self._put(meter, "failed", loggable(reason))
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
