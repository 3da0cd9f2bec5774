"""GET /alerts: the alerts that are open, of each host."""

from functools import partial
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from dashboard.alerts.model import EVENT, Alert
from dashboard.alerts.silence import HOST_SILENT
from dashboard.events.event import EventId
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
    body = {
        "time": runtime.hub.now(),
        "last_event_id": str(read_to) if read_to.ms else None,
        "alerts": [
            _shown(event_id, alert, is_unknown=alert.host in silent and not alert.judge)
            for event_id, alert in found
            if filter.wants_host(alert.host)
        ],
    }
    response = Response(msgspec.json.encode(body), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _shown(event_id: EventId, alert: Alert, *, is_unknown: bool) -> dict[str, Any]:
    shown = {"id": str(event_id), **msgspec.to_builtins(alert)}
    return {**shown, "unknown": True} if is_unknown else shown
