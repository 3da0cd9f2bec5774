"""GET /history: the past as columns, and the id from which a stream goes on."""

import time
from collections import defaultdict
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, request

from dashboard.columns import columns
from dashboard.event import UNNAMED, Event, EventId
from dashboard.log import EventLog, LogUnavailable
from dashboard.runtime import Runtime
from dashboard.web.compression import accepts_gzip, compress
from dashboard.web.problem import Problem
from dashboard.web.query import Query

blueprint = Blueprint("history", __name__)

_KEYS = ("since", "events", "host", "points")
_BATCH = 2000
_DEFAULT_SECONDS = 300
_DEFAULT_POINTS = 600


@blueprint.get("/history")
def history() -> Response:
    """Columns per host and event; see the contract in docs/api.md."""
    query = Query(request.args, _KEYS)
    since = query.number("since", 1, 366 * 86400) or _DEFAULT_SECONDS
    points = query.number("points", 10, 20_000) or _DEFAULT_POINTS
    if points != int(points):
        raise Problem(400, f"points={points:g}: a whole number is wanted", key="points")
    names, hosts = query.names("events"), query.hosts("host")
    runtime: Runtime = current_app.extensions["vitals"]
    zipped = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    now = time.time()

    def read(log: EventLog) -> bytes:
        found = _read(log, now - since, names, hosts, int(points))
        head = {"from": round(now - since, 3), "to": round(now, 3)}
        body = msgspec.json.encode({**head, "interval": runtime.settings.interval, **found})
        return compress(body) if zipped else body

    try:
        body = runtime.log.look_back(read)
    except LogUnavailable as error:
        raise Problem(503, f"the log cannot be read: {error}") from None
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(body, content_type="application/json", headers=headers)


def _read(
    log: EventLog,
    start: float,
    names: frozenset[str] | None,
    hosts: frozenset[str] | None,
    points: int,
) -> dict[str, Any]:
    """Everything that blocks, in the thread for looking back."""
    latest = log.latest()
    # The end is fixed first: what is appended while we read belongs to the stream that follows.
    last = latest[-1].id if latest else None
    wanted = None if names is None else [None if n == UNNAMED else n for n in names]
    rows: dict[tuple[str, str], list[Any]] = defaultdict(list)
    first = EventId.at(start)
    while last is not None and first <= last:
        batch = log.read_range(first, last, names=wanted, hosts=hosts, limit=_BATCH)
        for event in batch:
            data = msgspec.json.decode(event.data)
            if isinstance(data, dict) and isinstance(data.get("time"), int | float):
                rows[event.host, event.name or UNNAMED].append(data)
        if len(batch) < _BATCH or batch[-1].id is None:
            break
        first = EventId(batch[-1].id.ms, batch[-1].id.sequence + 1)
    by_host: dict[str, dict[str, Any]] = defaultdict(dict)
    for (host, name), events in rows.items():
        by_host[host][name] = columns(events, points)
    return {
        "last_event_id": None if last is None else str(last),
        "latest": [_whole(e) for e in latest if _wants(e, names, hosts)],
        "hosts": by_host,
    }


def _wants(event: Event, names: frozenset[str] | None, hosts: frozenset[str] | None) -> bool:
    return (names is None or (event.name or UNNAMED) in names) and (
        hosts is None or event.host in hosts
    )


def _whole(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "host": event.host,
        "event": event.name or UNNAMED,
        "data": msgspec.Raw(event.data.encode()),
    }
