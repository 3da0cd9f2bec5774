"""Vitals: live vital signs of machines on a wall, over plain Server-Sent Events."""

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from dashboard.events.sse import ServerSentEvent
    from dashboard.jobs.reporter import progress
    from dashboard.settings import Settings
    from dashboard.web.event_stream import event_stream

__all__ = ["ServerSentEvent", "create_app", "event_stream", "progress"]


# Imported when asked for: who imports one module of this package gets no gevent and no Flask by it.
_HOMES = {
    "ServerSentEvent": "dashboard.events.sse",
    "event_stream": "dashboard.web.event_stream",
    "progress": "dashboard.jobs.reporter",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Compose the application; nothing is started (see `Service`).

    Without settings they are read from the environment; raises SettingError for a wrong one.
    """
    from dashboard import cli
    from dashboard.installation import FILES, build_id, default_instance
    from dashboard.log.opening import log_url
    from dashboard.metrics import family_factories
    from dashboard.runtime import Service
    from dashboard.web.app import VitalsApp
    from dashboard.web.routes import register_routes

    app = VitalsApp(
        __name__,
        root_path=str(FILES),
        instance_path=str(default_instance()),
        instance_relative_config=True,
        static_folder=None,  # see web/static_files.py
    )
    settings = settings or cli.load_settings()
    settings = dataclasses.replace(settings, log=log_url(settings))
    families = family_factories(settings.host_tags, settings.interval, settings.proc)
    service = Service(settings, build=build_id(), families=families)
    app.extensions["vitals"] = service
    app.before_request(service.ensure_running)
    app.wsgi_app = service.proxies.wrap(app.wsgi_app)  # type: ignore[method-assign]
    register_routes(app, settings, service)
    app.cli = cli.Commands(app.name)
    return app
