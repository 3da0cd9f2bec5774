"""The application in this process, for what a request does before it needs a runtime."""

import time
from pathlib import Path
from types import SimpleNamespace

from flask import Flask

from dashboard import create_app
from dashboard.settings import Settings

READ_TOKEN, PUBLISH_TOKEN = "r" * 20, "p" * 20
ORIGIN = "https://intranet.example"


def bare_app(folder: Path) -> Flask:
    """Return the application with both tokens; of its runtime it has the clock and the rights."""
    settings = Settings(
        instance=str(folder),
        read_token=READ_TOKEN,
        publish_token=PUBLISH_TOKEN,
        allowed_origins=(ORIGIN,),
    )
    app = create_app(settings)
    service = app.extensions["vitals"]
    app.before_request_funcs[None].remove(service.ensure_running)
    service.ensure_running = lambda: None
    buffer = SimpleNamespace(age=lambda host, name: None)
    rights = SimpleNamespace(
        links=service.stores.links,
        machines=service.stores.machines,
        change=lambda change: change(),
        end_revoked=lambda: None,
    )
    service._runtime = SimpleNamespace(
        hub=SimpleNamespace(now=time.time, replay_buffer=buffer), rights=rights
    )
    return app
