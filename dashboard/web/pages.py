"""The pages: the wall of one machine, and the overview of many."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from dashboard.errors import ClientError
from dashboard.events.event import HOST, composed
from dashboard.events.filter import Filter
from dashboard.events.paths import TOLD_ELSEWHERE
from dashboard.installation import version
from dashboard.runtime import Service
from dashboard.settings import Settings
from dashboard.web.access import renewal_url, request_scope
from dashboard.web.answers import takes_gzip
from dashboard.web.catalogue import inline
from dashboard.web.compression import compress
from dashboard.web.links import may_share
from dashboard.web.query import Query

_READY_SECONDS = 2.0  # for a worker that has just started to know which machines there are
_OVERVIEW_KEYS = frozenset({"sort", "metric"})
_WALL_KEYS = frozenset({"panels", "tiles", "turns"})
_MOST_PUBLISHED = 100
# What holds for a display, whatever it shows: kept from one page to another (kiosk/wishes.js, too).
DISPLAY_KEYS = (
    *("theme", "distance", "kiosk", "dim", "blank", "wake", "shift", "screen"),
    "units",
)


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
            retention=service.settings.retention,
        )
    return _wall(service, service.runtime.greeting.default_host(request_scope()), machines)


def host(service: Service, name: str) -> Response:
    """The wall of one machine, known or not."""
    name = composed(name)
    _check(name)
    request_scope().check(None, {name})
    return _wall(service, name, _machines(service))


def named(service: Service, name: str) -> BaseResponse:
    """Lead to a page of [pages]; what holds for a display goes on from the request's query."""
    Query(request.args, DISPLAY_KEYS)
    return redirect(request.script_root + address_of(service.settings, name, request.args))


def address_of(settings: Settings, name: str, args: Mapping[str, str]) -> str:
    """Return the address of a page with the keys of a display that it has none of itself.

    Raises ClientError(404) for a name that [pages] does not have.
    """
    address = settings.pages.get(name)
    if address is None:
        known = ", ".join(settings.pages) or "none"
        raise ClientError(
            404, f"there is no page {name!r} in [pages]; there are {known}", key="page"
        )
    path, _, query = address.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    kept = {k: args[k] for k in DISPLAY_KEYS if k in args and k not in given}
    return "?".join(filter(None, (path, "&".join(filter(None, (query, urlencode(kept)))))))


def compare() -> BaseResponse:
    """Lead to the wall with one figure of several machines in one chart."""
    args = request.args
    metric = args.get("metric", "cpu.percent")
    # A part without a figure repeats the one before it.
    panels = metric + "~".join(f"@{host}" for host in args.get("host", "*").split(","))
    kept = {k: v for k, v in args.items() if k in DISPLAY_KEYS or k == "window"}
    query = urlencode({"panels": panels, "tiles": "none", **kept}, safe="@~*,/")
    return redirect(f"{url_for('pages.wall')}?{query}")


def _asks_for_overview(args: MultiDict[str, str], machines: int) -> bool:
    """Whether the query of `/` asks for the overview, where the log knows so many machines."""
    asked = args.get("host")
    if asked is not None:
        return "*" in asked or "," in asked
    if _WALL_KEYS & args.keys():
        return False
    return machines > 1 or bool(_OVERVIEW_KEYS & args.keys())


def _wall(service: Service, shown: str, machines: int) -> Response:
    pages, turns = service.settings.pages, request.args.get("turns", "").split(",")
    return _page(
        service,
        "wall.html",
        host=shown,
        overview_url=_overview_url(machines),
        turns={name: pages[name] for name in turns if name in pages},
    )


def _overview_url(machines: int) -> str | None:
    """Where the overview is; None where there is none, or nobody to click."""
    if machines < 2 or request.args.get("kiosk") == "1":
        return None
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k in DISPLAY_KEYS}
    return url_for("pages.wall", **kept)


def facts(service: Service, key: str | None = None) -> dict[str, Any]:
    """Return what every page has to know. `key` is a link's, where its requests have no cookie."""
    runtime, scope = service.runtime, request_scope()
    return {
        "build": runtime.build,
        "host": runtime.greeting.default_host(scope),
        "scope": scope,
        "catalogue": inline(service.catalogue, scope),
        "published": published(service),
        "renew_url": renewal_url(),
        "interval": runtime.settings.interval,
        "stream_url": url_for("stream.stream", key=key),
        "history_url": url_for("history.history", key=key),
    }


def _page(service: Service, template: str, **own: Any) -> Response:
    runtime, scope = service.runtime, request_scope()
    screen = f"screen.{request.args.get('screen', '')}"
    may_report = runtime.settings.screens and scope.allows(runtime.settings.host_name, screen)
    common = {
        "version": version(),
        "server": runtime.greeting.default_host(scope),
        "links_url": url_for("links.listing") if may_share(service) else None,
        "alerts_url": url_for("alerts.alerts") if scope.allows_name("alert") else None,
        "publishing": bool(runtime.settings.publish_token or runtime.settings.publish),
        "screens_url": url_for("screens.listing") if may_report else None,
    }
    response = make_response(render_template(template, **facts(service) | common | own))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    # There is no key in these pages that their size could tell.
    if takes_gzip():
        response.set_data(compress(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
    return response


def published(service: Service) -> list[str]:
    """Return the names of the newest events in scope that no machine samples, at most 100."""
    hub = service.runtime.hub
    families = {family.name for family in service.runtime.families}
    newest = hub.replay_buffer.latest(Filter(scope=request_scope()))
    names = {encoded.event.name for encoded in newest} - families - TOLD_ELSEWHERE
    return sorted(name for name in names if name and not name.startswith("screen."))[
        :_MOST_PUBLISHED
    ]


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
