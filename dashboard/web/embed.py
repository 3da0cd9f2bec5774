"""One panel for a frame in another page, and what a page's script has to know of this service."""

from functools import partial

import msgspec
from flask import Blueprint, Response, make_response, render_template, request, url_for

from dashboard.access.credentials import KEY
from dashboard.errors import ClientError
from dashboard.runtime import Service
from dashboard.web.access import renewal_url, request_scope
from dashboard.web.query import Query

# The names of static/js/panels/registry.js, which draws them; a test holds one list to the other.
PANELS = (
    *("cpu", "memory", "disk", "network", "load", "pressure"),
    *("cores", "processes", "filesystem", "devices", "interfaces", "sensors", "system"),
    *("progress", "alerts", "log", "notice"),
)
TILES = ("cpu", "memory", "filesystem", "received", "sent")
NAMES = (*PANELS, *(f"tile-{name}" for name in TILES))


def blueprint(service: Service) -> Blueprint:
    """Return the routes for frames in other pages."""
    routes = Blueprint("embed", __name__)
    routes.add_url_rule("/embed", "about", partial(about, service))
    routes.add_url_rule("/embed/<panel>", "frame", partial(frame, service))
    return routes


def about(service: Service) -> Response:
    """What /static/embed.js asks first: whose figures these are, and which panels there are."""
    Query(request.args, ())
    runtime = service.runtime
    scope = request_scope()
    facts: dict[str, object] = {
        "build": runtime.build,
        "host": runtime.default_host(scope),
        "interval": runtime.settings.interval,
        "panels": NAMES,
    }
    if scope.events is not None:
        facts["events"] = scope.events
    body = msgspec.json.encode(facts)
    return Response(body, content_type="application/json", headers={"Cache-Control": "no-store"})


def frame(service: Service, panel: str) -> Response:
    """A page that one panel or tile fills. Its query is the wall's, and read by the page itself."""
    if panel not in NAMES:
        detail = f"there is no panel {panel!r}; there are {', '.join(NAMES)}"
        raise ClientError(404, detail, key="panel")
    runtime = service.runtime
    scope, key = request_scope(), request.args.get(KEY)
    theme = request.args.get("theme", "dark")
    page = render_template(
        "embed.html",
        panel=panel,
        # Until the script has looked, "auto" is neither.
        theme=theme if theme in ("dark", "light") else "" if theme == "auto" else "dark",
        transparent=request.args.get("background") == "transparent",
        build=runtime.build,
        host=runtime.default_host(scope),
        scope=scope,
        renew_url=renewal_url(),
        interval=runtime.settings.interval,
        # In another site's page the frame has no cookie: its own requests carry its key.
        stream_url=url_for("stream.stream", key=key),
        history_url=url_for("history.history", key=key),
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    return response
