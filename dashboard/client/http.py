"""GET over http.client with redirects, and the text of answers that are errors."""

import http.client
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

from dashboard.client.deadline import Deadline

MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
# Of a URL's characters those that are written as they are.
_AS_IT_IS = "%/:=&?~#+!$,;'@()*[]"
_SECRETS = ("authorization", "cookie")


class BadRedirect(http.client.HTTPException):
    """A redirect that leads nowhere: without end, without TLS, or to what is no HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose head has come. Closing it closes its connection."""

    url: str  # after redirects
    redirects: tuple[str, ...]  # the URLs that led there, the one that was asked for first
    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    sock: socket.socket  # http.client takes it away from the connection

    @property
    def is_stream(self) -> bool:
        """True if an EventSource would take it."""
        kind = self.response.headers.get_content_type()
        return self.response.status == 200 and kind == "text/event-stream"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.response.close()
        self.connection.close()


def get(
    url: str,
    headers: dict[str, str | bytes],
    timeout: float,
    context: ssl.SSLContext | None = None,
    *,
    deadline: Deadline | None = None,
) -> Answer:
    """Send a GET, follow redirects, and return the answer that is none.

    `timeout` in seconds is for each step on each connection, `deadline` for all of them and for
    reading the answer. Tokens and cookies among the headers
    do not go to another origin; that of the same host with TLS counts as the same one.

    Raises BadRedirect; OSError and HTTPException for what goes wrong on a connection.
    """
    redirects: list[str] = []
    while True:
        answer = _get(url, tuple(redirects), headers, timeout, context, deadline)
        target = answer.response.headers.get("Location")
        if answer.response.status not in _REDIRECTS or target is None:
            return answer
        with answer:
            redirects.append(url)
            there = _target(url, target)
        if len(redirects) > MOST_REDIRECTS:
            raise BadRedirect(f"more than {MOST_REDIRECTS} redirects, the last to {there}")
        if not keeps_secrets(url, there):
            headers = {name: text for name, text in headers.items() if name.lower() not in _SECRETS}
        url = there


def _get(
    url: str,
    redirects: tuple[str, ...],
    headers: dict[str, str | bytes],
    timeout: float,
    context: ssl.SSLContext | None,
    deadline: Deadline | None,
) -> Answer:
    connection = dial(url, timeout, context)
    if deadline is not None:
        deadline.hold(connection)
    try:
        connection.connect()
        sock = connection.sock
        connection.request("GET", request_target(url), headers=headers)
        return Answer(url, redirects, connection.getresponse(), connection, sock)
    except BaseException:
        connection.close()
        raise


def dial(
    url: str, timeout: float, context: ssl.SSLContext | None = None
) -> http.client.HTTPConnection:
    """Return a connection to the host of a URL, not made yet; certificates are checked."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "https":
        context = context or ssl.create_default_context()
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout, context=context
        )
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)


def request_target(url: str) -> str:
    """Return the path of a URL and its query, as a request for it begins."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(target, safe=_AS_IT_IS)


def _target(url: str, location: str) -> str:
    """Return the URL that a redirect leads to. Raises BadRedirect."""
    there = quote(urljoin(url, location), safe=_AS_IT_IS).partition("#")[0]
    try:
        parts = urlsplit(there)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise BadRedirect(f"a redirect to {there[:200]!r}, which is no URL of HTTP")
    if urlsplit(url).scheme == "https" and parts.scheme == "http":
        raise BadRedirect(f"a redirect to {there}, without TLS")
    return there


def keeps_secrets(url: str, there: str) -> bool:
    """Return True if a token for one URL may go to another: of its origin, or of that with TLS."""
    (old, new), ports = (urlsplit(url), urlsplit(there)), {"http": 80, "https": 443}
    if old.hostname != new.hostname:
        return False
    before, after = ((each.scheme, each.port or ports[each.scheme]) for each in (old, new))
    return before == after or (before, after) == (("http", 80), ("https", 443))


def reason_of(error: Exception) -> str:
    """Return what went wrong on a connection, in a few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def explanation(status: int, answer: bytes) -> str:
    """Return the status of an answer that is an error, and its reason, fit for a terminal.

    The reason is a problem document's detail, or else the status's name.
    """
    words = problem_in(answer).detail or http.client.responses.get(status, "an answer that is none")
    return "".join(c if c.isprintable() else "?" for c in f"{status} {words}"[:1000])


@dataclass(frozen=True, slots=True)
class Problem:
    """Members of a problem document (RFC 9457) that this client reads."""

    detail: str = ""
    key: str | None = None
    index: int | None = None


def problem_in(answer: bytes) -> Problem:
    """Read the problem document in a response body.

    Fields that are missing or of other types have their defaults.
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
