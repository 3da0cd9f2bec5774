"""The application in this process, for what a request does without a runtime, or with it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask

from dashboard import create_app
from dashboard.events.event import Event
from dashboard.log.opening import open_log_for_greenlets
from dashboard.settings import Settings
from dashboard.settings.publishers import Group
from tests.streaming.test_hub import wait_until

READ_TOKEN, PUBLISH_TOKEN = "r" * 20, "p" * 20
ORIGIN = "https://intranet.example"


def bare_app(folder: Path) -> Flask:
    """Return the application with both tokens; of its runtime it has the clock and the rights."""
    settings = Settings(
        instance=str(folder),
        read_token=READ_TOKEN,
        publish_token=PUBLISH_TOKEN,
        allowed_origins=(ORIGIN,),
        trusted_user_header="Remote-User",
        trusted_groups_header="Remote-Groups",
        group=(Group(name="staff"),),
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


@contextmanager
def running_app(folder: Path, events: Sequence[Event], **settings: Any) -> Iterator[Flask]:
    """Run an application with its runtime, without a server; these events are in its log."""
    log_url = f"sqlite:///{folder / 'events.db'}"
    given: dict[str, Any] = {
        "instance": str(folder),
        "host_name": "box",
        "interval": 3600,
    } | settings
    app = create_app(Settings(log=log_url, **given))
    runtime = app.extensions["vitals"].start()
    try:
        with closing(open_log_for_greenlets(log_url, retention=3600)) as log:
            last = log.append(list(events))[-1]
            wait_until(lambda: runtime.hub.position >= last)
            yield app
    finally:
        runtime.stop()
