"""All routes of the service."""

from dashboard.installation import FILES
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
    silences,
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
    for reading in (pages, embed, stream, history, catalogue, alerts, now, pictures, ops):
        app.register_blueprint(reading.blueprint(service))
    for taking in (publish, progress, silences, screens):
        app.register_blueprint(taking.blueprint(service, taken))
    app.register_blueprint(openapi.blueprint())
    app.register_blueprint(sign_in.blueprint(rules, taken))
    app.register_blueprint(links.blueprint(service, rules, taken))
    app.register_blueprint(machines.blueprint(service, rules, taken))
