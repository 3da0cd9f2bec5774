"""A command that runs under `flask progress`: its output goes through, and is looked at."""

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO

_PIECE = 64 << 10
_LOOK = 0.2  # seconds between two looks at whether a command has ended that left its output open
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(command: Sequence[str], seen: Callable[[str, bytes], None]) -> tuple[int, list[int]]:
    """Run a command; return its status, as `subprocess` has it, and the signals that came.

    `seen` gets ("stdout" or "stderr", bytes) once they are passed on. Raises OSError where the
    command can't be started.
    """
    signals: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def handle(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        # At Ctrl-C the terminal tells the command itself, and many end harshly at a second one.
        if running and not (number == signal.SIGINT and _terminal_tells()):
            running[0].send_signal(number)

    with handling(handle):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running.append(process)
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            _pass_on(process, {"stdout": process.stdout, "stderr": process.stderr}, seen)
            return process.wait(), signals


def _pass_on(
    process: subprocess.Popen[bytes],
    outputs: dict[str, IO[bytes]],
    seen: Callable[[str, bytes], None],
) -> None:
    """Pass outputs on until both end; or with the command, where somebody else holds them open."""
    with selectors.DefaultSelector() as selector:
        for name, output in outputs.items():
            selector.register(output, selectors.EVENT_READ, name)
        while selector.get_map():
            ready = selector.select(_LOOK)
            if not ready and process.poll() is not None:
                return
            for key, _ in ready:
                piece = os.read(key.fd, _PIECE)
                if piece and _write(key.data, piece):
                    seen(key.data, piece)
                else:
                    selector.unregister(key.fileobj)
                    outputs[key.data].close()  # who writes on is told so, by SIGPIPE


def _write(name: str, piece: bytes) -> bool:
    """Write to our own output of this name; whether somebody still reads it."""
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[os.write(getattr(sys, name).fileno(), rest) :]
    except BrokenPipeError:
        return False
    return True


@contextmanager
def handling(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let a function have the signals that would end us.

    Those that are ignored (nohup, a job in the background) stay so, here and in a command.
    """
    ours = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, handle)) for number in ours]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _terminal_tells() -> bool:
    """Whether Ctrl-C in our terminal reaches us, and so whatever we have started."""
    try:
        descriptor = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(descriptor)
