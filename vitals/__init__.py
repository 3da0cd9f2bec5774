"""Vitals for other programs: streams from Flask views, jobs, events, and a client of streams.

    from vitals import event_stream, progress, publish, connect

Each name is imported when it is asked for, so a program has only what it uses in memory.
`vitals.sse` needs nothing but the standard library.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard import create_app
    from dashboard.client import EventSource as connect  # noqa: N813  # called as a function is
    from dashboard.events.sse import ServerSentEvent
    from dashboard.jobs.reporter import progress
    from dashboard.web.event_stream import event_stream
    from vitals.publishing import publish

__all__ = ["ServerSentEvent", "connect", "create_app", "event_stream", "progress", "publish"]

_HOMES = {
    "ServerSentEvent": ("dashboard.events.sse", "ServerSentEvent"),
    "connect": ("dashboard.client", "EventSource"),
    "create_app": ("dashboard", "create_app"),
    "event_stream": ("dashboard.web.event_stream", "event_stream"),
    "progress": ("dashboard.jobs.reporter", "progress"),
    "publish": ("vitals.publishing", "publish"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)
