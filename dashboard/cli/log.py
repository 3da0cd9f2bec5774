"""`flask log`: each line of standard input is an event."""

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

import click
import msgspec

from dashboard.cli.command import handling
from dashboard.cli.target import Target, Value, echo_err, with_target
from dashboard.cli.text import LEVELS, Lines, level_of
from dashboard.cli.usage_error import UsageError
from dashboard.events.event import Event
from dashboard.log.contract import Refused
from dashboard.log.line_buffer import MOST_BYTES, MOST_EVENTS, LineBuffer
from dashboard.settings.types import matching

SOURCE = matching(r"[A-Za-z0-9._@:-]{1,64}", "1 to 64 letters, digits, '.', '_', '@', ':' and '-'")
_PIECE = 64 << 10
# Seconds that what is left may take when the input has ended, and when somebody ends the command.
_END_SECONDS = 30.0
_STOP_SECONDS = 5.0
_SILENCE = 1.0  # after which a look is taken at how the sending goes


@click.command(
    help=f"""Send each line of standard input as an event `log`.

    Lines wait for a log that is away: at most {MOST_EVENTS:,}, and {MOST_BYTES >> 20} MiB. What
    comes then is dropped and counted, and an event says how many. A program that writes here is
    never held up for longer than two seconds. Of a line 16 KiB are kept.

    \b
        journalctl -f -o cat -u nginx | flask log --name nginx
    """
)
@click.option(
    "--name",
    type=Value(SOURCE),
    default="stdin",
    show_default=True,
    help="What writes these lines: letters, digits, '.', '_', '@', ':' and '-'.",
)
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    help="The level of all lines [default: by the words in each].",
)
@with_target
def log(name: str, level: str | None, target: Target) -> None:
    """Send each line of standard input as an event `log`."""
    source = Source(target.host, name, level)
    backlog = LineBuffer(target.send, lost=source.lost, say=echo_err)
    lines = Lines()
    try:
        with _Input() as pieces, handling(_note):
            for piece in pieces:
                for line in lines.feed(piece):
                    backlog.put(source.event(line))
                backlog.check()
        for line in lines.end():
            backlog.put(source.event(line))
        left = backlog.close(_STOP_SECONDS if pieces.signal else _END_SECONDS)
    except Refused as error:
        raise UsageError(str(error)) from None
    if left:
        raise click.ClickException(f"{left} lines could not be sent")
    sys.exit(128 + signal.SIGINT if pieces.signal == signal.SIGINT else 0)


class Source:
    """What the events of one program's lines have in common."""

    def __init__(self, host: str, name: str, level: str | None) -> None:
        self._host = host
        self._name = name
        self._level = level

    def event(self, line: str) -> Event:
        """The event of a line."""
        return self._event(self._level or level_of(line), line)

    def lost(self, count: int) -> Event:
        """The event that stands where lines are missing."""
        return self._event("warning", f"{count} lines were dropped here", dropped=count)

    def _event(self, level: str, message: str, **others: int) -> Event:
        fields = {
            "host": self._host,
            "time": round(time.time(), 3),
            "source": self._name,
            "level": level,
            "message": message,
        }
        return Event(self._host, "log", msgspec.json.encode(fields | others).decode())


class _Input:
    """The pieces of standard input, until it ends or somebody ends the command.

    A signal ends it between two pieces, so that no line that was read is lost. In silence there is
    an empty piece now and then.
    """

    def __init__(self) -> None:
        self.signal: int | None = None  # the one that has ended it
        self._told, self._tell = os.pipe()

    def __enter__(self) -> "_Input":
        os.set_blocking(self._tell, False)
        self._fd_before = signal.set_wakeup_fd(self._tell)
        return self

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(self._fd_before)
        os.close(self._told)
        os.close(self._tell)

    def __iter__(self) -> Iterator[bytes]:
        descriptor = sys.stdin.fileno()
        while True:
            ready, _, _ = select.select([self._told, descriptor], [], [], _SILENCE)
            if self._told in ready:
                self.signal = os.read(self._told, 1)[0]
                return
            if not ready:
                yield b""
                continue
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return
            yield piece


def _note(number: int, frame: FrameType | None) -> None:
    """A handler, so that the signal is told to the pipe."""
