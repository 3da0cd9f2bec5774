"""The pages: the wall of one machine, the overview of many, and one figure of several compared."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from dashboard.errors import ClientError
from dashboard.events.event import HOST
from dashboard.events.filter import Filter
from dashboard.runtime import Service
from dashboard.web.access import renewal_url, request_scope
from dashboard.web.catalogue import inline

_READY_SECONDS = 2.0  # for a worker that has just started to know which machines there are
_OVERVIEW_KEYS = frozenset({"sort", "metric"})
_WALL_KEYS = frozenset({"panels", "tiles"})
# What holds for a display, whatever it shows: kept from one page to another.
_DISPLAY_KEYS = ("theme", "distance", "kiosk", "dim", "blank", "wake", "shift", "screen")


def blueprint(service: Service) -> Blueprint:
    """Return the routes of the pages."""
    routes = Blueprint("pages", __name__)
    routes.add_url_rule("/", "wall", partial(wall, service))
    routes.add_url_rule("/host/<name>", "host", partial(host, service))
    routes.add_url_rule("/compare", "compare", partial(compare, service))
    return routes


def wall(service: Service) -> Response:
    """The overview where there are several machines and none is asked for, else a wall.

    Everything that moves on them comes from /history and /stream.
    """
    machines = _machines(service)
    if _asks_for_overview(request.args, machines):
        return _page(
            service,
            "fleet.html",
            machines=machines,
            alerts_url=url_for("alerts.alerts"),
            retention=service.settings.retention,
        )
    return _wall(service, service.runtime.greeting.default_host(request_scope()), machines)


def host(service: Service, name: str) -> Response:
    """The wall of one machine, known or not."""
    _check(name)
    request_scope().check(None, {name})
    return _wall(service, name, _machines(service))


def compare(service: Service) -> Response:
    """One figure of several machines in one chart; the query is read by the page."""
    return _page(service, "compare.html", overview_url=_overview_url(_machines(service)))


def _asks_for_overview(args: MultiDict[str, str], machines: int) -> bool:
    """Whether the query of `/` asks for the overview, where the log knows so many machines."""
    asked = args.get("host")
    if asked is not None:
        return "*" in asked or "," in asked
    if _WALL_KEYS & args.keys():
        return False
    return machines > 1 or bool(_OVERVIEW_KEYS & args.keys())


def _wall(service: Service, shown: str, machines: int) -> Response:
    return _page(service, "wall.html", host=shown, overview_url=_overview_url(machines))


def _overview_url(machines: int) -> str | None:
    """Where the overview is; None where there is none, or nobody to click."""
    if machines < 2 or request.args.get("kiosk") == "1":
        return None
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k in _DISPLAY_KEYS}
    return url_for("pages.wall", **kept)


def _page(service: Service, template: str, **facts: Any) -> Response:
    runtime, scope = service.runtime, request_scope()
    home = runtime.greeting.default_host(scope)
    screen = f"screen.{request.args.get('screen', '')}"
    may_report = runtime.settings.screens and scope.allows(runtime.settings.host_name, screen)
    common = {
        "build": runtime.build,
        "host": home,
        "server": home,
        "scope": scope,
        "catalogue": inline(service.catalogue, scope),
        "renew_url": renewal_url(),
        "interval": runtime.settings.interval,
        "stream_url": url_for("stream.stream"),
        "history_url": url_for("history.history"),
        "screens_url": url_for("screens.listing") if may_report else None,
    }
    response = make_response(render_template(template, **common | facts))
    response.headers["Cache-Control"] = "no-cache"
    return response


def _machines(service: Service) -> int:
    """How many machines have figures for this reader; a host that only publishes is none."""
    runtime = service.runtime
    runtime.hub.ready.wait(_READY_SECONDS)
    names = frozenset(family.name for family in runtime.families)
    families = Filter(names=names, scope=request_scope())
    return len({encoded.event.host for encoded in runtime.hub.replay_buffer.latest(families)})


def _check(name: str) -> None:
    if not HOST.fullmatch(name):
        raise ClientError(
            400,
            f"{name!r} is no name of a machine: allowed are letters, digits, '.', '_' and '-', "
            "the first and the last a letter or a digit, at most 253",
            key="host",
        )
