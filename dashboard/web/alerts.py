"""GET /alerts: the alerts that are open, of each host."""

from functools import partial

import msgspec
from flask import Blueprint, Response, request

from dashboard.alerts.model import EVENT
from dashboard.alerts.silence import HOST_SILENT
from dashboard.alerts.silences import shown_of
from dashboard.events.filter import Filter
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.query import Query


def blueprint(service: Service) -> Blueprint:
    """Return the route of the open alerts."""
    routes = Blueprint("alerts", __name__)
    routes.add_url_rule("/alerts", "alerts", partial(alerts, service))
    return routes


def alerts(service: Service) -> Response:
    """The newest event of each open alert; see the contract in docs/api.md."""
    filter = Filter(hosts=Query(request.args, ("host",)).hosts("host"))
    filter = filter.restricted_to(request_scope())
    request_scope().check({EVENT}, None)
    runtime = service.runtime
    found, read_to = runtime.open_alerts.look()
    silent = {alert.host for _, alert in found if alert.rule == HOST_SILENT}
    now, silences = runtime.hub.now(), runtime.open_alerts.silences
    body = {
        "time": now,
        "last_event_id": str(read_to) if read_to.ms else None,
        "alerts": [
            {
                "id": str(event_id),
                **msgspec.to_builtins(alert),
                **({"unknown": True} if alert.host in silent and not alert.judge else {}),
                **shown_of(silences.of(alert, now)),
            }
            for event_id, alert in found
            if filter.wants_host(alert.host)
        ],
        "silences": [
            msgspec.to_builtins(silence)
            for _, silence in silences.active(now)
            if request_scope().allows_host(silence.host if silence.alert else silence.hosts)
        ],
    }
    response = Response(msgspec.json.encode(body), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
