"""POST /events: whatever others want on the stream."""

from functools import partial

import gevent
from flask import Blueprint, Response, current_app, request

from dashboard.event import Event
from dashboard.publishing import read_events
from dashboard.runtime import Runtime
from dashboard.strict_json import Rejected
from dashboard.web.intake import JSON, NDJSON, log_events, media_type, read_body
from dashboard.web.query import Query

blueprint = Blueprint("publish", __name__)

_LARGE = 16 << 10  # bytes; a larger body takes more than a millisecond to check


@blueprint.post("/events")
def publish() -> Response:
    """Log one event or a batch, all or nothing; see the contract in docs/api.md."""
    Query(request.args, ())
    lines = media_type(JSON, NDJSON) == NDJSON
    runtime: Runtime = current_app.extensions["vitals"]
    body = read_body(runtime.settings.max_body)
    read = partial(
        read_events, body, lines=lines, host=runtime.settings.host_name, now=runtime.hub.now()
    )
    return log_events(_in_thread(read) if len(body) > _LARGE else read(), body)


def _in_thread(read: "partial[list[Event]]") -> list[Event]:
    """Check a large body where that doesn't hold up the streams."""
    # gevent prints the traceback of an exception that leaves a pool's thread.
    result = gevent.get_hub().threadpool.apply(_events_or_reason, (read,))
    if isinstance(result, Rejected):
        raise result
    return result


def _events_or_reason(read: "partial[list[Event]]") -> list[Event] | Rejected:
    try:
        return read()
    except Rejected as error:
        return error
