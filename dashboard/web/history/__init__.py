"""GET /history: the past as columns, and the id from which a stream goes on.

Measurements are columns. What else happened (log lines, notices, a job's steps) is asked for as
`lines`: the newest events, whole, however long ago.
"""

import time
from collections import defaultdict, deque
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from gevent import get_hub

from dashboard.errors import ClientError
from dashboard.events.event import OBJECT, UNNAMED, Event, EventId, fields
from dashboard.events.filter import Filter
from dashboard.events.projection import project
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.log.scan import walk
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.compression import accepts_gzip, compress
from dashboard.web.history.columns import columns
from dashboard.web.query import Query

KEYS = ("since", "events", "host", "fields", "points", "lines")
DEFAULT_SECONDS = 300
DEFAULT_POINTS = 600
MOST_SECONDS = 366 * 86400
FEWEST_POINTS, MOST_POINTS = 10, 20_000
MOST_LINES = 1000

_Rows = dict[tuple[str, str], list[Any]]  # by host and name, the data of the events


def blueprint(service: Service) -> Blueprint:
    """Return the route of the history."""
    routes = Blueprint("history", __name__)
    routes.add_url_rule("/history", "history", partial(history, service))
    return routes


def history(service: Service) -> Response:
    """Columns per host and event; see the contract in docs/api.md."""
    query = Query(request.args, KEYS)
    since = query.number("since", 1, MOST_SECONDS) or DEFAULT_SECONDS
    points = _whole_number(query, "points", FEWEST_POINTS, MOST_POINTS) or DEFAULT_POINTS
    lines = _whole_number(query, "lines", 1, MOST_LINES)
    filter = Filter(
        names=query.names("events"), hosts=query.hosts("host"), fields=query.fields("fields")
    ).restricted_to(request_scope())
    runtime = service.runtime
    families = frozenset(family.name for family in runtime.families)
    zipped = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    now = time.time()

    def read(log: EventLog) -> tuple[dict[str, Any], _Rows]:
        # The end is fixed first: what is appended while we read belongs to the stream that follows.
        latest = log.latest()
        wanted = [event for event in latest if filter.wants(event)]
        # Every host in the log has a newest event, so these are all that the patterns mean.
        chosen = filter.hosts_among({event.host for event in latest})
        last = latest[-1].id if latest else None
        found: dict[str, Any] = {
            "last_event_id": None if last is None else str(last),
            "latest": [_shown(event, filter) for event in wanted],
        }
        rows: _Rows = {}
        if last is not None:
            start = EventId.at(now - since)
            walked = walk(log, start, last, names=filter.logged_names, hosts=chosen)
            events = (event for event in walked if filter.wants_name(event.name))
            rows = _rows(events, filter)
        if last is not None and lines is not None:
            start = EventId.at(now - runtime.settings.retention)
            others = {event.name for event in wanted} - families
            walked = walk(log, start, last, names=others, hosts=chosen)
            found["lines"] = _newest(walked, filter, lines)
        return found, rows

    def answer() -> bytes:
        head = {"from": round(now - since, 3), "to": round(now, 3)}
        head["interval"] = runtime.settings.interval
        body = msgspec.json.encode({**head, **found, "hosts": _columns(rows, points)})
        return compress(body) if zipped else body

    try:
        found, rows = runtime.log.with_reader(read)
    except LogUnavailable as error:
        raise ClientError(503, f"the log cannot be read: {error}") from None
    # Of many machines it is a lot of work; in a thread it leaves the streams their turns.
    body = get_hub().threadpool.apply(answer)
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(body, content_type="application/json", headers=headers)


def _whole_number(query: Query, key: str, low: int, high: int) -> int | None:
    number = query.number(key, low, high)
    if number is not None and number != int(number):
        raise ClientError(400, f"{key}={number:g}: a whole number is wanted", key=key)
    return None if number is None else int(number)


def _rows(events: Iterable[Event], filter: Filter) -> _Rows:
    rows: _Rows = defaultdict(list)
    for event in events:
        data = fields(_data(event, filter), OBJECT)
        if data is not None and isinstance(data.get("time"), int | float):
            rows[event.host, event.name or UNNAMED].append(data)
    return rows


def _columns(rows: _Rows, points: int) -> dict[str, dict[str, Any]]:
    by_host: dict[str, dict[str, Any]] = defaultdict(dict)
    for (host, name), measured in rows.items():
        by_host[host][name] = columns(measured, points)
    return by_host


def _newest(events: Iterable[Event], filter: Filter, count: int) -> dict[str, list[dict[str, Any]]]:
    """The newest `count` of each name."""
    found: dict[str, deque[Event]] = defaultdict(lambda: deque(maxlen=count))
    for event in events:
        found[event.name or UNNAMED].append(event)
    return {name: [_shown(event, filter) for event in found[name]] for name in sorted(found)}


def _data(event: Event, filter: Filter) -> str:
    projection = filter.projection(event.name)
    return event.data if projection is None else project(event.data, projection)


def _shown(event: Event, filter: Filter) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "host": event.host,
        "event": event.name or UNNAMED,
        "data": msgspec.Raw(_data(event, filter).encode()),
    }
