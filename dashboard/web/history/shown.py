"""An event of the log as GET /history shows it."""

from typing import Any

import msgspec

from dashboard.events.event import UNNAMED, Event
from dashboard.events.filter import Filter
from dashboard.events.projection import project


def shown(event: Event, filter: Filter) -> dict[str, Any]:
    """Return id, host, name and data of an event, thinned to the fields of a filter."""
    paths = filter.projection(event.name)
    data = event.data if paths is None else project(event.data, paths)
    return {
        "id": str(event.id),
        "host": event.host,
        "event": event.name or UNNAMED,
        "data": msgspec.Raw(data.encode()),
    }
