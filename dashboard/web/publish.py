"""POST /events: whatever others want on the stream."""

from functools import partial

import gevent
from flask import Response, request

from dashboard.errors import ClientError
from dashboard.events.event import Event
from dashboard.publications import read_events
from dashboard.runtime import Service
from dashboard.web.intake import JSON, NDJSON, Intake, media_type
from dashboard.web.publisher import publisher_name
from dashboard.web.query import Query

AGENT = "agent"  # the query key
_LARGE = 48 << 10  # bytes; a larger body may take more than 20 ms to check


def publish(service: Service, intake: Intake) -> Response:
    """Log one event or a batch, all or nothing; see the contract in docs/api.md."""
    agent = _agent(service.settings.host_name)
    lines = media_type(JSON, NDJSON) == NDJSON
    body = intake.read_body(service.settings.max_body)
    read = partial(
        read_events,
        body,
        lines=lines,
        host=agent or service.settings.host_name,
        now=service.runtime.hub.now(),
        is_agent=agent is not None,
        publisher=publisher_name(),
    )
    events = _in_thread(read) if len(body) > _LARGE else read()
    return intake.log_events(events, body, agent=agent)


def _agent(own_host: str) -> str | None:
    """The machine whose agent speaks, None for everybody else. Raises ClientError."""
    if not request.environ.get("QUERY_STRING"):
        return None
    agent = Query(request.args, (AGENT,)).host(AGENT)
    if agent == own_host:
        raise ClientError(
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
    if isinstance(result, ClientError):
        raise result
    return result


def _events_or_reason(read: "partial[list[Event]]") -> list[Event] | ClientError:
    try:
        return read()
    except ClientError as error:
        return error
