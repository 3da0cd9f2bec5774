"""GET /stream on the shortest way, for the moment in which everyone comes back.

Ten thousand browsers whose server was restarted ask for a stream within seconds, and most of what
such a request costs is ceremony around it: gunicorn's environ, Flask's contexts, two writes. So in
a gevent worker the connection is looked at before gunicorn reads from it. If what has come is one
whole, plain request for a stream that can be told from memory, it is answered in one write and
parked here. Everything else, and all that is in any way unusual, goes the usual way: it has only
been peeked at, so gunicorn finds it untouched. Both ways ask the same `Access` and `open_stream`.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import gunicorn_h1c

from dashboard.access.trusted_proxies import Proxies
from dashboard.errors import ClientError
from dashboard.runtime import Runtime
from dashboard.streaming.detach import LeftRequest, can_park
from dashboard.streaming.subscription import ONE_WRITE, Stream
from dashboard.web.access import Access
from dashboard.web.event_stream import HEADERS
from dashboard.web.stream import open_stream

_MOST_BYTES = 16384  # a line of 8190, as gunicorn takes it, and headers
_BEGINNINGS = (b"GET /stream ", b"GET /stream?")
_END = b"\r\n\r\n"
# With one of these there is more to a request than this module knows.
_UNUSUAL = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"origin"))

Handle = Callable[[Any, Any, Any], None]


def in_front_of(handle: Handle, runtime: Runtime, access: Access, proxies: Proxies) -> Handle:
    """gunicorn's handler of a connection (listener, socket, address), with the short way before."""

    def handle_or_stream(listener: Any, client: Any, address: Any) -> None:
        environ = _peek(client)
        if environ is not None:
            # A Unix socket's peer has no address.
            environ["REMOTE_ADDR"] = address[0] if isinstance(address, tuple) else ""
            proxies.see_through(environ)
        if environ is None or not _answer(environ, runtime, access):
            handle(listener, client, address)

    return handle_or_stream


def _peek(client: Any) -> dict[str, Any] | None:
    """The environ of a plain request for a stream, if exactly that has come; nothing is taken."""
    if isinstance(client, ssl.SSLSocket):
        return None  # what can be seen of it is not the request
    try:
        client.setblocking(False)  # gunicorn's handler sets it as it needs it
        data = client.recv(_MOST_BYTES, socket.MSG_PEEK)
    except OSError:
        return None  # nothing has come yet, or it is gone
    if not data.startswith(_BEGINNINGS) or data.find(_END) != len(data) - len(_END):
        return None
    try:
        parsed = gunicorn_h1c.parse_request(data)
    except (gunicorn_h1c.ParseError, gunicorn_h1c.IncompleteError):
        return None
    path, _, query = parsed["path"].decode("latin-1").partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": f"HTTP/1.{parsed['minor_version']}",
        "gunicorn.socket": client,
        "vitals.request_bytes": len(data),
    }
    for name, value in parsed["headers"]:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        if name.lower() in _UNUSUAL or b"_" in name or key in environ:
            return None
        environ[key] = value.decode("latin-1")
    return environ


def _answer(environ: dict[str, Any], runtime: Runtime, access: Access) -> bool:
    """Answer a request and park its socket; False, with nothing done, where that can't be."""
    scope = access.scope_of(environ) if access.is_addressed(environ) else None
    if scope is None:
        return False
    address = environ["REMOTE_ADDR"]
    if not can_park(environ) or runtime.hub.admission.refusal(address) is not None:
        return False
    try:
        stream, headers = open_stream(runtime, environ, scope)
    except ClientError:
        return False
    if not isinstance(stream, Stream):
        return False
    first = stream.first_block()
    if first is None or len(first) > ONE_WRITE:
        stream.close()
        return False
    environ["gunicorn.socket"].recv(environ["vitals.request_bytes"])
    stream.headers = (*HEADERS, *headers)
    try:
        stream.park(first)
    except LeftRequest:
        pass
    stream.close()
    return True
