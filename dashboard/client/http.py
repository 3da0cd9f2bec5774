"""HTTP connections by URL, and what an answer that is an error says."""

import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit


def dial(
    url: str, timeout: float, context: ssl.SSLContext | None = None
) -> http.client.HTTPConnection:
    """A connection to the host of a URL, not made yet; certificates are checked."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "https":
        context = context or ssl.create_default_context()
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout, context=context
        )
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)


def reason_of(error: Exception) -> str:
    """What went wrong on a connection, in a few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def explanation(status: int, answer: bytes) -> str:
    """What an answer that is an error says, if it is a problem document, and else its status."""
    words = problem_in(answer).detail or http.client.responses.get(status, "an answer that is none")
    # It ends up in somebody's terminal.
    return "".join(c if c.isprintable() else "?" for c in f"{status} {words}"[:1000])


@dataclass(frozen=True, slots=True)
class Problem:
    """Members of a problem document (RFC 9457) that this client reads."""

    detail: str = ""
    key: str | None = None
    index: int | None = None


def problem_in(answer: bytes) -> Problem:
    """Read the problem document in a response body; fields that are missing or of other types
    have their defaults.
    """
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return Problem()
    if not isinstance(found, dict):
        return Problem()
    detail, key, index = found.get("detail"), found.get("key"), found.get("index")
    return Problem(
        detail if isinstance(detail, str) else "",
        key if isinstance(key, str) else None,
        index if isinstance(index, int) and not isinstance(index, bool) else None,
    )
