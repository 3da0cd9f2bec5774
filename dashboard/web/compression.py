"""gzip for the page's files, compressed once each; the streams and the history see to their own."""

import gzip
from functools import lru_cache

from flask import Flask, Response, request
from werkzeug.http import parse_accept_header

_LEVEL = 9
_LEAST = 500  # bytes; less does not pay
_TYPES = frozenset({"text/javascript", "text/css", "image/svg+xml"})


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends this Accept-Encoding takes gzip."""
    return bool(parse_accept_header(accept_encoding)["gzip"] > 0)


@lru_cache(maxsize=256)
def compress_once(data: bytes) -> bytes:
    """`compress` for what is asked for again: the page's files."""
    return compress(data)


def compress(data: bytes) -> bytes:
    """The same bytes for the same data, whenever it is."""
    return gzip.compress(data, _LEVEL, mtime=0)


def register(app: Flask) -> None:
    """Send static text compressed to clients that accept it."""

    @app.after_request
    def _(response: Response) -> Response:
        if request.endpoint != "static" or response.mimetype not in _TYPES:
            return response
        response.headers["Vary"] = "Accept-Encoding"
        # A hundred small files: what says nothing beside the ETag would be a tenth of them.
        for name in ("Content-Disposition", "Last-Modified", "Accept-Ranges"):
            response.headers.pop(name, None)
        if (
            response.status_code == 200
            and request.method == "GET"
            and (response.content_length or 0) >= _LEAST
            and accepts_gzip(request.headers.get("Accept-Encoding", ""))
        ):
            response.direct_passthrough = False
            response.set_data(compress_once(response.get_data()))
            response.headers["Content-Encoding"] = "gzip"
        return response
