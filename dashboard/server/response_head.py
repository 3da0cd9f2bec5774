"""Heads of responses without lines that say nothing: a page loads a hundred small files."""

from typing import Any

from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]

_whole_head = Response.default_headers


def thin_heads() -> None:
    """Leave `Server` out of all answers, and `Connection: keep-alive` where HTTP/1.1 means it."""
    Response.default_headers = _default_headers


def _default_headers(response: Any) -> list[str]:
    implied = "Connection: keep-alive\r\n" if response.req.version >= (1, 1) else ""
    lines: list[str] = _whole_head(response)
    return [line for line in lines if line != implied and not line.startswith("Server:")]
