"""The answer of a list: its page, or JSON where the client would rather have that."""

from collections.abc import Callable

import msgspec
from flask import Response, make_response, render_template, request

from dashboard.web.accept import match
from dashboard.web.intake import JSON
from dashboard.web.query import Query


def asked_theme(*others: str) -> str:
    """Return the theme of a query, which may have some other keys. Raises ClientError(400)."""
    return Query(request.args, ("theme", *others)).one_of("theme", ("dark", "light")) or "dark"


def list_response(
    template: str, told: Callable[[], object], theme: str, **shown: object
) -> Response:
    """Return the page of a template with `shown`, or what `told` gives as JSON."""
    accept = request.headers.get("Accept", "")
    if match(accept, JSON) > match(accept, "text/html"):
        response = Response(msgspec.json.encode(told()), content_type=JSON)
    else:
        response = make_response(render_template(template, theme=theme, **shown))
    response.headers |= {"Cache-Control": "no-store", "Vary": "Accept"}
    return response
