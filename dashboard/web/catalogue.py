"""GET /catalogue: what the figures mean, and the panels and tiles that show them."""

from functools import lru_cache, partial

import msgspec
from flask import Blueprint, Response, request
from markupsafe import Markup

from dashboard.catalogue.model import Catalogue
from dashboard.catalogue.seen import published, with_seen
from dashboard.events.event import Event
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.query import Query


def blueprint(service: Service) -> Blueprint:
    """Return the route of the catalogue."""
    routes = Blueprint("catalogue", __name__)
    routes.add_url_rule("/catalogue", "catalogue", partial(catalogue, service))
    return routes


def catalogue(service: Service) -> Response:
    """Answer with the rows in scope; see the contract in docs/api.md."""
    is_fixed = Query(request.args, ("built-in",)).flag("built-in")
    rows = service.catalogue.of(request_scope())
    if not is_fixed:
        rows = with_seen(rows, published_here(service.runtime, request_scope()))
    response = Response(msgspec.json.encode(rows), content_type="application/json")
    response.headers["Cache-Control"] = "no-cache" if is_fixed else "no-store"
    if is_fixed:
        response.add_etag()
        response.make_conditional(request)
    return response


def published_here(runtime: Runtime, scope: Scope) -> list[Event]:
    """Return the newest events in scope of everything that is no family, the newest first."""
    newest = runtime.hub.replay_buffer.latest(Filter(scope=scope))
    events = (encoded.event for encoded in reversed(newest))
    return published(events, (family.name for family in runtime.families))


@lru_cache(maxsize=64)
def inline(rows: Catalogue, scope: Scope) -> Markup:
    """Return the rows in scope as JSON to stand in a <script> of a page."""
    body = msgspec.json.encode(rows.of(scope)).decode()
    return Markup(body.replace("<", "\\u003c"))
