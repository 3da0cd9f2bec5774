"""POST /events: whatever others want on the stream."""

from functools import partial

import gevent
from flask import Blueprint, Response, current_app, request

from dashboard.events.event import Event
from dashboard.events.strict_json import Rejected
from dashboard.publications import read_events
from dashboard.runtime import Runtime
from dashboard.web.intake import JSON, NDJSON, log_events, media_type, read_body
from dashboard.web.problem import Problem
from dashboard.web.query import Query

blueprint = Blueprint("publish", __name__)

AGENT = "agent"  # the query key
_LARGE = 16 << 10  # bytes; a larger body takes more than a millisecond to check


@blueprint.post("/events")
def publish() -> Response:
    """Log one event or a batch, all or nothing; see the contract in docs/api.md."""
    agent = _agent()
    lines = media_type(JSON, NDJSON) == NDJSON
    runtime: Runtime = current_app.extensions["vitals"]
    body = read_body(runtime.settings.max_body)
    read = partial(
        read_events,
        body,
        lines=lines,
        host=agent or runtime.settings.host_name,
        now=runtime.hub.now(),
        is_agent=agent is not None,
    )
    return log_events(_in_thread(read) if len(body) > _LARGE else read(), body)


def _agent() -> str | None:
    """The machine whose agent speaks, None for everybody else. Raises Problem."""
    agent = Query(request.args, (AGENT,)).host(AGENT)
    runtime: Runtime = current_app.extensions["vitals"]
    if agent == runtime.settings.host_name:
        raise Problem(
            422,
            f"{AGENT}={agent!r}: this is the name of the machine that serves here, which samples "
            "itself: an agent's HOST_NAME is its own",
            key=AGENT,
        )
    return agent


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
