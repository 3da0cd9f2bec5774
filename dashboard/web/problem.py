"""Errors as RFC 9457 `application/problem+json`, whatever raised them."""

import math
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from dashboard.access.credentials import Refused
from dashboard.events.scope import ScopeError
from dashboard.events.strict_json import Rejected
from dashboard.log.contract import LogUnavailable

_RETRY_AFTER = 5  # seconds; a log that fails for longer is asked again


class Problem(Exception):
    """An answer that is an error; `detail` says what is wrong and what is allowed.

    `key` names the query key, header or field that is wrong.
    """

    def __init__(self, status: int, detail: str, *, key: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.key = key


def problem_response(status: int, title: str, detail: str, **members: Any) -> Response:
    """The response of an error; `members` are extension members of the document."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = msgspec.json.encode(document | members)
    return Response(body, status, content_type="application/problem+json")


def register(app: Flask) -> None:
    """Let every error of an app leave it as a problem document."""

    @app.errorhandler(Problem)
    def _(problem: Problem) -> Response:
        title = _title(problem.status)
        members = {} if problem.key is None else {"key": problem.key}
        return problem_response(problem.status, title, problem.detail, **members)

    @app.errorhandler(Refused)
    def _(refused: Refused) -> Response:
        members = {} if refused.key is None else {"key": refused.key}
        answer = problem_response(refused.status, _title(refused.status), refused.detail, **members)
        if refused.status == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="Vitals"'
        if refused.retry_after is not None:
            answer.headers["Retry-After"] = str(math.ceil(refused.retry_after))
        return answer

    @app.errorhandler(ScopeError)
    def _(beyond: ScopeError) -> Response:
        return problem_response(403, _title(403), beyond.detail, key=beyond.key)

    @app.errorhandler(Rejected)
    def _(rejected: Rejected) -> Response:
        told = {"key": rejected.key, "index": rejected.index}
        members = {name: value for name, value in told.items() if value is not None}
        return problem_response(
            rejected.status, _title(rejected.status), rejected.detail, **members
        )

    @app.errorhandler(LogUnavailable)
    def _(error: LogUnavailable) -> Response:
        answer = problem_response(503, _title(503), f"the log does not work now: {error}")
        answer.headers["Retry-After"] = str(_RETRY_AFTER)
        return answer

    @app.errorhandler(HTTPException)
    def _(error: HTTPException) -> Response:
        response = error.get_response()
        code = error.code or 500
        answer = problem_response(code, error.name, error.description or error.name)
        for name in ("Allow", "Location", "Retry-After"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
