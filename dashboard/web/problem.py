"""Errors as RFC 9457 `application/problem+json`, whatever raised them; a browser gets a page."""

import math
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from dashboard.errors import ClientError
from dashboard.log.contract import LogUnavailable
from dashboard.web.accept import match
from dashboard.web.intake import JSON

PROBLEM = "application/problem+json"
_RETRY_AFTER = 5  # seconds; a log that fails for longer is asked again


def problem_response(status: int, title: str, detail: str, **members: Any) -> Response:
    """Return the response of an error; `members` are extension members of the document."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = msgspec.json.encode(document | members)
    return Response(body, status, content_type=PROBLEM)


def _answer(status: int, title: str, detail: str, **members: Any) -> Response:
    """Return the response of an error in the form that the client asks for."""
    accept = request.headers.get("Accept", "")
    page = match(accept, "text/html")
    if request.method != "GET" or page <= max(match(accept, JSON), match(accept, PROBLEM)):
        answer = problem_response(status, title, detail, **members)
    else:
        shown = render_template("error.html", title=title, detail=detail)
        answer = Response(shown, status, content_type="text/html; charset=utf-8")
    answer.headers["Vary"] = "Accept"
    return answer


def register(app: Flask) -> None:
    """Answer every error of an app with a problem document."""

    @app.errorhandler(ClientError)
    def _(error: ClientError) -> Response:
        members = {"key": error.key, "index": error.index}
        known = {name: value for name, value in members.items() if value is not None}
        answer = _answer(error.status, _title(error.status), error.detail, **known)
        if error.status == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="Vitals"'
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(math.ceil(error.retry_after))
        return answer

    @app.errorhandler(LogUnavailable)
    def _(error: LogUnavailable) -> Response:
        answer = _answer(503, _title(503), f"the log does not work now: {error}")
        answer.headers["Retry-After"] = str(_RETRY_AFTER)
        return answer

    @app.errorhandler(HTTPException)
    def _(error: HTTPException) -> Response:
        response = error.get_response()
        code = error.code or 500
        detail = error.description or error.name
        if code == 405:
            detail = f"{request.method} is not allowed here; allowed: {response.headers['Allow']}"
        answer = _answer(code, error.name, detail)
        for name in ("Allow", "Location", "Retry-After"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
