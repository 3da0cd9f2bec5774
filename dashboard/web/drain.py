"""What is left of a request's body when the answer has been sent.

Before the next request on a connection the server reads the rest of the body before it, however
long that is, and while it keeps coming fast the event loop gets no turn. So here the rest is read
first, within bounds, and a connection that has still more to say is ended. Some is read at all so
that a client that was refused while it was sending gets to read why.
"""

import socket
from typing import Any

import gevent
from flask import Flask, Response, request

from dashboard.posix.sockets import reset_on_close
from dashboard.web.event_stream import EventStreamResponse

BODY_READ = "vitals.body_read"  # in the environ of a request whose body was read to its end
_MOST = 4 << 20  # bytes
_SECONDS = 1.0
_PIECE = 64 << 10


def register(app: Flask) -> None:
    """Bound what requests send beyond what is read of them."""

    @app.after_request
    def _(response: Response) -> Response:
        environ = request.environ
        if BODY_READ in environ:
            return response
        has_body = environ.get("CONTENT_LENGTH", "0") not in ("", "0")
        if (has_body or "HTTP_TRANSFER_ENCODING" in environ) and not isinstance(
            response, EventStreamResponse
        ):
            response.call_on_close(lambda: drain_body(environ))
        return response


def drain_body(environ: dict[str, Any]) -> None:
    """Read the rest of a request's body, within bounds, or end its connection."""
    connection = environ.get("gunicorn.socket")
    if connection is None or _is_read_to_its_end(environ["wsgi.input"]):
        return
    try:
        # The server reads on until an end, which it finds now, and closes; and then a sender whose
        # window is shut has to hear of it.
        reset_on_close(connection)
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is gone already


def _is_read_to_its_end(body: Any) -> bool:
    try:
        with gevent.Timeout(_SECONDS, TimeoutError):
            for _ in range(_MOST // _PIECE):
                if not body.read(_PIECE):
                    return True
                gevent.sleep(0)
    except Exception:  # the server's own, of a connection that broke or chunks that are none
        pass
    return False
