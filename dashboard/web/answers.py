"""Answers of views: JSON, a list's page, and one for all who ask a long question at once."""

from collections.abc import Callable, Hashable

import msgspec
from flask import Response, make_response, render_template, request

from dashboard.errors import ClientError
from dashboard.log.contract import LogUnavailable
from dashboard.log.history.shared import TooMany
from dashboard.runtime import Runtime
from dashboard.web.accept import match
from dashboard.web.compression import accepts_gzip
from dashboard.web.intake import JSON
from dashboard.web.query import Query

_RETRY_AFTER = 2  # seconds


def json_answer(body: object, status: int = 200, *, cache: str = "no-store") -> Response:
    """Return a response of JSON; `cache` is its Cache-Control."""
    headers = {"Cache-Control": cache}
    return Response(msgspec.json.encode(body), status, content_type=JSON, headers=headers)


def takes_gzip() -> bool:
    """Return True if the client of this request takes gzip."""
    return accepts_gzip(request.headers.get("Accept-Encoding", ""))


def past_answer(body: bytes, *, is_zipped: bool, content_type: str = JSON) -> Response:
    """Return a response about the past, whose body is encoded, and by gzip where `is_zipped`."""
    headers = {"Vary": "Accept-Encoding"}
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(body, content_type=content_type, headers=headers)


def asked_theme(*others: str) -> str:
    """Return the theme of a query, which may have some other keys. Raises ClientError(400)."""
    return Query(request.args, ("theme", *others)).one_of("theme", ("dark", "light")) or "dark"


def list_answer(template: str, told: Callable[[], object], theme: str, **shown: object) -> Response:
    """Return a list's page, of a template with `shown`; what `told` gives if JSON is preferred."""
    accept = request.headers.get("Accept", "")
    if match(accept, JSON) > match(accept, "text/html"):
        response = json_answer(told())
    else:
        response = make_response(render_template(template, theme=theme, **shown))
    response.headers["Vary"] = "Accept"
    return response


def shared_answer(runtime: Runtime, question: Hashable, work: Callable[[], bytes]) -> bytes:
    """Return the answer to a question, of whoever works on it first. Raises ClientError(503)."""
    try:
        return runtime.history.answers.get(question, request.remote_addr or "", work)
    except LogUnavailable as error:
        raise ClientError(503, f"the log cannot be read: {error}") from None
    except TooMany:
        detail = "too many long questions about the past are being answered; try again"
        raise ClientError(503, detail, retry_after=_RETRY_AFTER) from None
