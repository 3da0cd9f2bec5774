"""How a stream leaves its request: with its socket, out of gunicorn's hands.

The request ends for gunicorn as if its client had gone. What the server would have written before
the first block, the head of the response, is written here.
"""

import errno
import os
import select
import ssl
import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any


class LeftRequest(OSError):
    """Raised out of a response whose socket was taken away.

    gunicorn takes an EPIPE for a client that has gone: it lets go of the connection at once, writes
    nothing more, and logs nothing. test_stream.py fails when a new gunicorn differs.
    """

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the stream goes on without its request")


def can_park(environ: Mapping[str, Any]) -> bool:
    """Whether a request's connection is a plain socket that may be taken."""
    connection = environ.get("gunicorn.socket")
    return (
        hasattr(connection, "detach")
        and not isinstance(connection, ssl.SSLSocket)
        and environ.get("SERVER_PROTOCOL") in ("HTTP/1.0", "HTTP/1.1")
        and hasattr(select, "EPOLLRDHUP")  # by which connections.py watches them
    )


def take_socket(environ: Mapping[str, Any]) -> int:
    """Take the connection out of a request's hands; whoever does raises LeftRequest next.

    The descriptor does not block: gevent's sockets never do underneath.
    """
    descriptor: int = environ["gunicorn.socket"].detach()
    return descriptor


def write_whole(descriptor: int, data: bytes) -> bool:
    """Write without waiting; False when the socket did not take all of it."""
    try:
        return os.write(descriptor, data) == len(data)
    except OSError:
        return False


def response_head(protocol: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a 200 response without an end, as the server would have written it."""
    framing = (
        "Connection: keep-alive\r\nTransfer-Encoding: chunked"
        if protocol == "HTTP/1.1"
        else "Connection: close"
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"{protocol} 200 OK\r\nDate: {_http_date(int(time.time()))}\r\n{framing}\r\n{lines}\r\n"
    return head.encode("latin-1")


@lru_cache(maxsize=1)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)
