"""One panel for a frame in another page, and what a page's script has to know of this service."""

import re

from flask import Response, make_response, render_template, request, url_for

from dashboard.access.link_store import KEY
from dashboard.errors import ClientError
from dashboard.metrics.catalogue.model import Catalogue
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.answers import json_answer
from dashboard.web.pages import facts, published
from dashboard.web.query import Query

# Figures by their names, which the page reads and draws.
OWN_PANEL = re.compile(r"(?:tile-)?[a-z][a-z0-9_-]{0,63}\.[^\x00-\x1f\x7f]{1,500}")


def names(catalogue: Catalogue) -> tuple[str, ...]:
    """Return what may be embedded: the names of panels, and of tiles behind `tile-`."""
    panels = tuple(panel.name for panel in catalogue.panels)
    return (*panels, *(f"tile-{tile.name}" for tile in catalogue.tiles))


def about(service: Service) -> Response:
    """What /static/embed.js asks first: whose figures these are, and which panels there are."""
    Query(request.args, ())
    runtime = service.runtime
    scope = request_scope()
    told: dict[str, object] = {
        "build": runtime.build,
        "host": runtime.greeting.default_host(scope),
        "interval": runtime.settings.interval,
        "panels": names(service.catalogue),
        "published": published(service),
    }
    if scope.events is not None:
        told["events"] = scope.events
    return json_answer(told)


def frame(service: Service, panel: str) -> Response:
    """A page that one panel or tile fills. Its query is the wall's, and read by the page itself."""
    known = names(service.catalogue)
    is_known = panel in known or panel in published(service)
    if not is_known and not OWN_PANEL.fullmatch(panel):
        detail = f"there is no panel {panel!r}; there are {', '.join(known)}, or EVENT.FIELD"
        raise ClientError(404, detail, key="panel")
    # In another site's page the frame has no cookie: its own requests carry its key.
    key = request.args.get(KEY)
    theme = request.args.get("theme", "dark")
    page = render_template(
        "embed.html",
        panel=panel,
        # Until the script has looked, "auto" is neither.
        theme=theme if theme in ("dark", "light") else "" if theme == "auto" else "dark",
        transparent=request.args.get("background") == "transparent",
        alerts_url=url_for("alerts.alerts", key=key) if panel == "alerts" else None,
        **facts(service, key),
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    return response
