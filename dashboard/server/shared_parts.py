"""What gunicorn makes anew for each request though it is the same for many, made once.

Heads of answers also go without lines that say nothing: a page loads a hundred small files.
"""

import io
import time
from functools import lru_cache
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import wsgi  # type: ignore[import-untyped]

_Errors = wsgi.WSGIErrorsWrapper


def share_parts(cfg: Any) -> None:
    """Share what writes errors, and the date of a second, in this process; make heads thin.

    `cfg` are gunicorn's settings.
    """
    errors = _LateErrors(cfg)
    wsgi.WSGIErrorsWrapper = lambda _: errors
    wsgi.Response.default_headers = _default_headers


class NamedListener:
    """Tells a listening socket's name, which gunicorn asks for at each connection."""

    def __init__(self, listener: Any) -> None:
        name = listener.getsockname()
        self.getsockname = lambda: name


class _LateErrors(io.RawIOBase):
    """The `wsgi.errors` of all requests; looks for the log's files when there is an error."""

    def __init__(self, cfg: Any) -> None:
        self._cfg = cfg

    def write(self, data: Any) -> None:
        """Write to where gunicorn's log of errors goes now."""
        _Errors(self._cfg).write(data)


def _default_headers(response: Any) -> list[str]:
    """Return the first lines: no `Server`, and `Connection` only where HTTP/1.1 means another."""
    major, minor = response.req.version
    lines = [
        f"HTTP/{major}.{minor} {response.status}\r\n",
        _date_line(int(time.time())),
    ]
    if response.upgrade:
        lines.append("Connection: upgrade\r\n")
    elif response.should_close():
        lines.append("Connection: close\r\n")
    elif response.req.version < (1, 1):
        lines.append("Connection: keep-alive\r\n")
    if response.chunked:
        lines.append("Transfer-Encoding: chunked\r\n")
    return lines


@lru_cache(maxsize=1)
def _date_line(second: int) -> str:
    return f"Date: {util.http_date(second)}\r\n"
