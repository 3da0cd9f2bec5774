"""GET /stream: what is asked for, told apart from what is wrong; `Stream` does the rest."""

import random
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import MultiDict

from dashboard.events.encoded import control_event
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.runtime import Runtime, Service
from dashboard.streaming.frame import GZIP, GZIP_HEADER, gzip_block
from dashboard.streaming.subscription import Stream
from dashboard.web.access import request_scope
from dashboard.web.compression import accepts_gzip
from dashboard.web.event_stream import EventStreamResponse
from dashboard.web.query import POSITIONS, Query

KEYS = ("events", "host", "fields", "every", "batch", "others", *POSITIONS)
EVERY = (0.1, 3600.0)  # seconds
_BUSY_RETRY = 5  # times the usual pause: a full worker is left alone for longer


def stream(service: Service) -> Response:
    """The event stream; see the contract in docs/api.md."""
    blocks, headers = open_stream(service.runtime, request.environ, request_scope())
    return EventStreamResponse(blocks, headers)


def open_stream(
    runtime: Runtime, environ: Mapping[str, Any], scope: Scope
) -> tuple[Iterator[bytes], list[tuple[str, str]]]:
    """The blocks that answer a request, and their headers beside those of every event stream.

    Raises ClientError(400) for a query that can't be taken, and ScopeError for a requested
    name or host that is out of scope.
    """
    filter, query, after = _parse_query(environ.get("QUERY_STRING", ""))
    filter = filter.restricted_to(scope)
    if "HTTP_LAST_EVENT_ID" in environ:
        after = query.position(environ["HTTP_LAST_EVENT_ID"])
    form = 0
    headers: list[tuple[str, str]] = []
    if runtime.settings.gzip:
        headers.append(("Vary", "Accept-Encoding"))
        # Varnish asks for gzip whatever its client wants, and unpacks it in blocks: nothing would
        # come for minutes.
        is_clients = "HTTP_X_VARNISH" not in environ
        if is_clients and accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            headers.append(("Content-Encoding", "gzip"))
            form = GZIP
    if environ["REQUEST_METHOD"] == "HEAD":
        return iter(()), headers
    address = environ.get("REMOTE_ADDR", "")
    reason = runtime.hub.admission.refusal(address, filter)
    if reason is not None:
        return busy(runtime, reason, form), headers
    runtime.hub.admission.admit(address, filter)
    settings = runtime.settings
    stream = Stream(
        runtime.hub,
        filter,
        after,
        form,
        environ,
        replay=settings.replay,
        retry=settings.retry,
        parking=settings.parking,
        greeting=runtime.greeting.data,
    )
    return stream, headers


# The browsers of a wall all ask the same, so what they ask is worked out once.
@lru_cache(maxsize=1024)
def _parse_query(text: str) -> tuple[Filter, Query, EventId | None]:
    """Return the filter that a query string asks for, the query, and the id in it, if any.

    Raises ClientError(400).
    """
    query = Query(MultiDict(parse_qsl(text, keep_blank_values=True)), KEYS)
    filter = Filter(
        names=query.names("events"),
        hosts=query.hosts("host"),
        every=query.number("every", *EVERY),
        fields=query.fields("fields"),
        batch=query.flag("batch"),
        others=query.others(),
    )
    return filter, query, query.position(None)


def busy(runtime: Runtime, reason: str, form: int = 0) -> Iterator[bytes]:
    """The whole stream of one that finds no place: "busy", or "address" or "feeds"."""
    settings, hub = runtime.settings, runtime.hub
    hub.admission.count_dropped(reason)
    retry = round(settings.retry * _BUSY_RETRY * random.uniform(0.5, 1.5))
    limits = {"address": hub.admission.most_per_address, "feeds": hub.admission.most_feeds}
    told = {"limit": reason, reason: limits[reason]} if reason in limits else {}
    data = {"time": hub.now(), "streams": hub.admission.most, **told}
    block = control_event("busy", data, retry=retry)
    yield GZIP_HEADER + gzip_block(block) if form & GZIP else block
