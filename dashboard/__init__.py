"""Vitals: live vital signs of machines on a wall, over plain Server-Sent Events."""

import dataclasses
import os
from pathlib import Path

from flask import Flask

from dashboard import access
from dashboard.build import build_id
from dashboard.runtime import Runtime
from dashboard.settings import Settings, load
from dashboard.sse import ServerSentEvent
from dashboard.web.event_stream import event_stream

__all__ = ["ServerSentEvent", "create_app", "event_stream"]


def create_app(settings: Settings | None = None) -> Flask:
    """Compose the application; nothing is started (see `Runtime`).

    Without settings they are read from the environment; raises SettingError for a wrong one.
    """
    from dashboard.metrics import FAMILIES
    from dashboard.web import compression, history, ops, pages, problem, sign_in, stream

    root = Path(__file__).parent.parent
    app = Flask(
        __name__,
        root_path=str(root),
        instance_path=str(root / "instance"),
        instance_relative_config=True,
    )
    settings = settings or load(os.environ)
    if not settings.log:
        path = Path(app.instance_path) / "events.db"
        settings = dataclasses.replace(settings, log=f"sqlite:///{path}")
    runtime = Runtime(settings, build=build_id(), families=FAMILIES)
    app.extensions["vitals"] = runtime
    app.before_request(runtime.ensure_running)
    app.extensions["vitals_access"] = access.register(app, settings)
    compression.register(app)
    problem.register(app)
    for module in (pages, stream, history, ops, sign_in):
        app.register_blueprint(module.blueprint)
    return app
