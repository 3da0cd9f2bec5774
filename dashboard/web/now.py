"""GET /now: the newest values of some figures of one machine, for other programs."""

from functools import partial

import msgspec
from flask import Blueprint, Response, request

from dashboard.catalogue.seen import fresh_for
from dashboard.errors import ClientError
from dashboard.events.paths import figures_of
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.exposition import STALE_AFTER
from dashboard.web.query import Query

KEYS = ("figures", "host")


def blueprint(service: Service) -> Blueprint:
    """Return the route of the newest values."""
    routes = Blueprint("now", __name__)
    routes.add_url_rule("/now", "now", partial(now, service))
    return routes


def now(service: Service) -> Response:
    """One flat object; see the contract in docs/api.md."""
    query = Query(request.args, KEYS)
    names = query.fields("figures")
    if not names:
        raise ClientError(
            400, "figures: wanted are names such as cpu.percent,queue.length", key="figures"
        )
    scope = request_scope()
    host = query.host("host") or service.runtime.greeting.default_host(scope)
    scope.check({name.partition(".")[0] for name in names}, [host])
    found = {name: _newest(service, host, name) for name in sorted(names)}
    values = {name: value for name, (value, _) in found.items()}
    age = max(age for _, age in found.values())
    body = msgspec.json.encode({"host": host, **values, "age": round(age, 3)})
    response = Response(body, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _newest(service: Service, host: str, name: str) -> tuple[float | None, float]:
    """Return the value of a figure and its age in seconds.

    Raises ClientError: 404 for one that nobody has said, 503 for one that is old.
    """
    runtime = service.runtime
    event, _, path = name.partition(".")
    buffer = runtime.hub.replay_buffer
    newest, age = buffer.newest(host, event), buffer.age(host, event)
    figures = None if newest is None else figures_of(newest.event)
    if age is None or figures is None or path not in figures[1]:
        raise ClientError(404, f"{host} has no figure {name}", key="figures")
    cadence = runtime.host_intervals.cadences(host).get(event)
    every = next((row.every for row in service.catalogue.figures if row.name == name), None)
    if age > (fresh_for(every) if cadence is None else STALE_AFTER * cadence):
        raise ClientError(503, f"{name} of {host} is {age:.0f} s old", key="figures")
    return figures[1][path], age
