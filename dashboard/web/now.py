"""GET /now: the newest values of some figures of one machine, for other programs."""

from functools import partial
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from dashboard.errors import ClientError
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.newest import newest
from dashboard.web.query import Query

KEYS = ("figures", "host", "form")
_FORMS = ("flat", "nested")


def blueprint(service: Service) -> Blueprint:
    """Return the route of the newest values."""
    routes = Blueprint("now", __name__)
    routes.add_url_rule("/now", "now", partial(now, service))
    return routes


def now(service: Service) -> Response:
    """One object, flat or with the figures by their events; see the contract in docs/api.md."""
    query = Query(request.args, KEYS)
    names = query.fields("figures")
    if not names:
        raise ClientError(
            400, "figures: wanted are names such as cpu.percent,queue.length", key="figures"
        )
    form = query.one_of("form", _FORMS)
    scope = request_scope()
    host = query.host("host") or service.runtime.greeting.default_host(scope)
    scope.check_events({name.partition(".")[0] for name in names}, host)
    found = {name: newest(service, host, name) for name in sorted(names)}
    for name, each in found.items():
        if each.is_old:
            raise ClientError(503, f"{name} of {host} is {each.age:.0f} s old", key="figures")
    values: dict[str, Any] = {name: each.value for name, each in found.items()}
    if form == "nested":
        events: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            event, _, field = name.partition(".")
            events.setdefault(event, {})[field] = value
        values = {"figures": events}
    age = max(each.age for each in found.values())
    body = msgspec.json.encode({"host": host, **values, "age": round(age, 3)})
    response = Response(body, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
