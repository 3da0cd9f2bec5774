"""Another program's run to its end or a deadline, from a native thread, with bounded output.

The program leads a process group of its own, which is killed when the program has ended, or at
the deadline: so go its children, but for one that leads a group itself.
"""

import importlib.util
import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from subprocess import DEVNULL, PIPE
from typing import IO, Any, NamedTuple

from gevent import monkey

_LOOK = 0.1  # seconds between two looks at the program and the deadline
_SOON = 5  # milliseconds between looks at a program whose outputs have ended
_PIECE = 64 << 10
# gevent's own waits for the main thread's event loop, and takes apart the module that it replaces.
_spec: Any = importlib.util.find_spec("subprocess")
_subprocess: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_subprocess)
_poll: Any = monkey.get_original("select", "poll")


class Finished(NamedTuple):
    """What came of a run. `status` is negative for a signal, None where it had to be ended."""

    status: int | None
    output: bytes
    errors: bytes


def run_child(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    timeout: float,
    most_bytes: int,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Finished:
    """Run a program, without input.

    It is killed after `timeout` seconds, when it has written more than `most_bytes`, and when it is
    to be stopped. Raises OSError where it can't be started. Blocks its thread.
    """
    until = time.monotonic() + timeout
    child = _subprocess.Popen(
        list(command),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=dict(environ),
        start_new_session=True,
        bufsize=0,
    )
    with child.stdout, child.stderr:
        outputs: dict[int, bytearray] = {}
        try:
            outputs = _collect(child, until, most_bytes, is_stopped)
            has_ended = _has_ended(child.pid)
        finally:
            # Before it is waited for: until then nobody else can have its number.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            status = child.wait()
        output, errors = (bytes(outputs[pipe.fileno()]) for pipe in (child.stdout, child.stderr))
    return Finished(status if has_ended else None, output, errors)


def _collect(
    child: Any, until: float, most_bytes: int, is_stopped: Callable[[], bool]
) -> dict[int, bytearray]:
    """Read both outputs until they end, the program ends, or it has to; return what came."""
    pipes: list[IO[bytes]] = [child.stdout, child.stderr]
    outputs = {pipe.fileno(): bytearray() for pipe in pipes}
    poll = _poll()
    for descriptor in outputs:
        poll.register(descriptor, select.POLLIN)
    has_ended, are_open = False, len(pipes)
    while not is_stopped() and time.monotonic() < until and (are_open or not has_ended):
        ready = poll.poll(1000 * _LOOK if are_open else _SOON)
        if not ready:
            if has_ended:  # and its outputs are empty, or others hold them open
                break
            has_ended = _has_ended(child.pid)
        for descriptor, _ in ready:
            piece = os.read(descriptor, _PIECE)
            outputs[descriptor] += piece
            if not piece:
                poll.unregister(descriptor)
                are_open -= 1
                has_ended = _has_ended(child.pid)
        if sum(map(len, outputs.values())) > most_bytes:
            break
    return outputs


def _has_ended(pid: int) -> bool:
    """Return True once a child has ended; it stays to be waited for."""
    try:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, pid, options) is not None
    except ChildProcessError:
        return True
