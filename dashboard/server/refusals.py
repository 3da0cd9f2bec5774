"""What is answered to a request that is none, or is too large, before the application sees it."""

import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from gunicorn.http import errors  # type: ignore[import-untyped]

from dashboard.server.connection import MOST_HEAD

logger = logging.getLogger(__name__)

_RETRY_AFTER = 5  # seconds
_MOST_REPEATS = 8  # of one header's name


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, the reason it is counted under, and its detail; `{}` is the error's class name."""

    status: int
    reason: str
    detail: str


class RepeatedHeader(errors.ParseException):  # type: ignore[misc]
    """A header by which somebody is signed in comes twice: one of the two is not the proxy's."""


_MALFORMED = Refusal(400, "malformed", "no HTTP ({})")
# By type, the first that fits: gunicorn's own meaning of each.
_REFUSALS: list[tuple[type[BaseException], Refusal]] = [
    (errors.LimitRequestLine, Refusal(414, "line", "longer than MAX_REQUEST_LINE allows")),
    (
        errors.LimitRequestHeaders,
        Refusal(431, "headers", f"larger than {MOST_HEAD} bytes and MAX_HEADERS allow"),
    ),
    (errors.UnsupportedTransferCoding, Refusal(501, "malformed", "an unknown transfer coding")),
    (errors.ExpectationFailed, Refusal(417, "malformed", "an expectation that can't be met")),
    (errors.ForbiddenProxyRequest, Refusal(403, "malformed", "not from this proxy")),
    (ssl.SSLError, Refusal(403, "malformed", "no TLS")),
    (errors.ConfigurationProblem, Refusal(500, "malformed", "not under SCRIPT_NAME")),
    (
        RepeatedHeader,
        Refusal(400, "malformed", "a header of TRUSTED_USER_HEADER or -GROUPS_HEADER comes twice"),
    ),
    (
        errors.InvalidRequestLine,
        Refusal(400, "malformed", "no HTTP ({}): wanted is visible ASCII, else percent codes"),
    ),
    (errors.ParseException, _MALFORMED),
]
# Parse errors by their class, and the application's mistakes.
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


def refusal_of(error: BaseException) -> Refusal | None:
    """Return how a client's mistake is answered; None for a mistake on this side."""
    if isinstance(error, _OURS):
        return None
    return next((refusal for kind, refusal in _REFUSALS if isinstance(error, kind)), None)


def check_repeats(request: Any, once: Collection[str] = ()) -> None:
    """Raise LimitRequestHeaders for a head in which one header comes too often.

    `once` are names, in capitals, that may come once; raises RepeatedHeader for these.
    """
    names = [name for name, _ in request.headers]
    if len(set(names)) == len(names):
        return
    counts = Counter(names)
    if any(counts[name] > 1 for name in once):
        raise RepeatedHeader
    name, times = counts.most_common(1)[0]
    if times > _MOST_REPEATS:
        raise errors.LimitRequestHeaders(f"{name} comes {times} times")


def send_problem(client: Any, status: int, detail: str) -> None:
    """Send a problem document as a whole answer, after which the connection ends."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = msgspec.json.encode(document)
    retry = f"Retry-After: {_RETRY_AFTER}\r\n" if status == 503 else ""
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n"
        f"X-Content-Type-Options: nosniff\r\n{retry}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        client.sendall(head.encode() + body)
