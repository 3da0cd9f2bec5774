"""Headers: those that Flask reads, bounded, and those by which browsers hold pages to limits."""

import re
from collections.abc import Iterable

from flask import request
from werkzeug.http import parse_date
from werkzeug.wrappers import Response

# What pages of ALLOWED_ORIGINS may read.
_CORS_PATHS = frozenset({"/stream", "/history", "/catalogue", "/alerts", "/embed"})
_CORS_PREFIXES = ("/progress/", "/static/")
_HEADER_NAMES = re.compile(r"[A-Za-z0-9, _-]{1,500}")
_MOST_BYTES = 1024  # of a header that werkzeug reads, which takes it up to a microsecond a byte
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE")
# Everything is sent whole: what is sent of a script is not what its file has at the same place.
_PARTS = ("HTTP_RANGE", "HTTP_IF_RANGE")
_TRUNCATED = ("CONTENT_TYPE", "HTTP_TRANSFER_ENCODING")


def bound_headers() -> None:
    """Leave out what is not served or can't be read, and cut what says how a body is sent."""
    environ = request.environ
    for name in _PARTS:
        environ.pop(name, None)
    for name in _CONDITIONS:
        if name in environ and len(environ[name]) > _MOST_BYTES:
            del environ[name]
    if "HTTP_IF_MODIFIED_SINCE" in environ:
        try:
            parse_date(environ["HTTP_IF_MODIFIED_SINCE"])
        except OverflowError:  # in a year, an hour or a zone of many digits
            del environ["HTTP_IF_MODIFIED_SINCE"]
    for name in _TRUNCATED:
        if name in environ and len(environ[name]) > _MOST_BYTES:
            environ[name] = environ[name][:_MOST_BYTES]


def allow_origin(response: Response, origins: frozenset[str]) -> None:
    """Let a page of an allowed origin read the response; origins are compared as strings."""
    if request.path not in _CORS_PATHS and not request.path.startswith(_CORS_PREFIXES):
        return
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        asked = request.headers.get("Access-Control-Request-Headers", "")
        if _HEADER_NAMES.fullmatch(asked):
            response.headers["Access-Control-Allow-Headers"] = asked


def page_policy(frame_ancestors: Iterable[str]) -> str:
    """Return the Content-Security-Policy of every page."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            " ".join(("frame-ancestors 'self'", *frame_ancestors)),
        )
    )
