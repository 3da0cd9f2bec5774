"""All routes of the service: methods, path, endpoint and view of each, and what that is given."""

from functools import partial

from gevent.lock import BoundedSemaphore

from dashboard.installation import FILES, release
from dashboard.metrics.node_counters import NodeCounters
from dashboard.runtime import Service
from dashboard.settings import Settings
from dashboard.web import (
    access,
    alerts,
    catalogue,
    drain,
    embed,
    history,
    intake,
    links,
    machines,
    now,
    openapi,
    ops,
    pages,
    pictures,
    problem,
    progress,
    publish,
    screens,
    sign_in,
    static_files,
    stream,
)
from dashboard.web.app import VitalsApp


def register_routes(app: VitalsApp, settings: Settings, service: Service) -> None:
    """Give an app the routes of a service, and the rules of who may ask for what."""
    rules = access.register(app, settings, service.instruments, service.stores)
    static_files.register(app, FILES / "static", service.build)
    problem.register(app)
    drain.register(app)
    taken = intake.Intake(service)
    app.url_map.converters["alert"] = alerts.AlertName
    displays = screens.Views(service, taken)
    counters = (NodeCounters(), BoundedSemaphore())
    for methods, path, endpoint, view, *given in (
        ("GET", "/", "pages.wall", pages.wall, service),
        ("GET", "/host/<name>", "pages.host", pages.host, service),
        ("GET", "/p/<name>", "pages.named", pages.named, service),
        ("GET", "/compare", "pages.compare", pages.compare),
        ("GET", "/embed", "embed.about", embed.about, service),
        ("GET", "/embed/<path:panel>", "embed.frame", embed.frame, service),
        ("GET", "/badge/<path:name>.svg", "pictures.badge", pictures.figure_badge, service),
        ("GET", "/picture/<path:panel>.svg", "pictures.picture", pictures.picture, service),
        ("GET", "/history", "history.history", history.history, service),
        ("GET", "/catalogue", "catalogue.catalogue", catalogue.catalogue, service),
        ("GET", "/now", "now.now", now.now, service),
        ("GET", "/alerts", "alerts.alerts", alerts.alerts, service),
        ("POST", "/alerts/<alert:name>/ack", "silences.ack", alerts.ack, service, taken),
        ("POST", "/silences", "silences.silence", alerts.silence, service, taken),
        ("GET", "/stream", "stream.stream", stream.stream, service),
        ("POST", "/events", "publish.publish", publish.publish, service, taken),
        ("GET", "/progress/<job>", "progress.watch", progress.watch, service),
        ("POST", "/progress/<job>", "progress.report", progress.report, service, taken),
        ("GET", "/screens", "screens.listing", displays.listing),
        ("POST", "/screens/<name>", "screens.report", displays.report),
        ("POST", "/screens/<name>/reload", "screens.reload", displays.ask, "reload"),
        ("POST", "/screens/<name>/identify", "screens.identify", displays.ask, "identify"),
        ("POST", "/screens/<name>/show", "screens.show", displays.show),
        ("GET POST", "/sign-in", "sign_in.sign_in", sign_in.sign_in, rules, taken),
        ("POST", "/sign-out", "sign_in.sign_out", sign_in.sign_out, rules),
        ("GET", "/sign-in/renew", "sign_in.renew", sign_in.renew, rules),
        ("GET", "/links", "links.listing", links.listing, service),
        ("POST", "/links", "links.make", links.make, service, rules, taken),
        ("DELETE", "/links/<link_id>", "links.revoke", links.revoke, service),
        ("GET", "/machines", "machines.listing", machines.listing, service),
        ("POST", "/machines/invitations", "machines.invite", machines.invite, service, taken),
        ("POST", "/machines/join", "machines.join", machines.join, service, rules, taken),
        ("DELETE", "/machines/<name>", "machines.remove", machines.remove, service),
        ("GET", "/openapi.json", "openapi.openapi", openapi.openapi),
        ("GET", "/healthz", "ops.healthz", ops.healthz, release(service.build)),
        ("GET", "/readyz", "ops.readyz", ops.readyz, service),
        ("GET", "/metrics", "ops.metrics", ops.metrics, service, *counters),
    ):
        # Names of alerts have slashes, also two in a row.
        is_merged = endpoint != "silences.ack"
        app.add_url_rule(
            path, endpoint, partial(view, *given), methods=methods.split(), merge_slashes=is_merged
        )
