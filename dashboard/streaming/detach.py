"""How a stream leaves its request: with its socket, out of gunicorn's hands.

The request ends for gunicorn as if its client had gone.
"""

import errno
import select
from collections.abc import Mapping
from typing import Any


class LeftRequest(OSError):
    """Raised out of a response whose socket was taken away.

    gunicorn takes an EPIPE for a client that has gone: it lets go of the connection at once, writes
    nothing more, and logs nothing. test_stream.py fails when a new gunicorn differs.
    """

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the stream goes on without its request")


def can_park(environ: Mapping[str, Any]) -> bool:
    """Return True if a request's connection is a plain socket that may be taken.

    `server/guarded_socket.py` says so with `can_leave`; other servers' sockets have no such mark.
    """
    return (
        getattr(environ.get("gunicorn.socket"), "can_leave", False)
        and environ.get("SERVER_PROTOCOL") in ("HTTP/1.0", "HTTP/1.1")
        and hasattr(select, "EPOLLRDHUP")  # by which parked.py watches them
    )


def take_socket(environ: Mapping[str, Any]) -> int:
    """Take the connection out of a request's hands; whoever does raises LeftRequest next.

    The descriptor does not block: gevent's sockets never do underneath.
    """
    descriptor: int = environ["gunicorn.socket"].detach()
    return descriptor
