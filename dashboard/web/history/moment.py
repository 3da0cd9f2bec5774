"""GET /history?at=: the newest event of each host and name that the log had at a moment."""

import time
from typing import Any

import msgspec
from flask import Response, request

from dashboard.events.encoded import LOG_START
from dashboard.events.event import UNNAMED, Event
from dashboard.events.filter import Filter
from dashboard.events.projection import project
from dashboard.log.contract import EventLog
from dashboard.log.scan import walk
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.answers import past_answer, shared_answer, takes_gzip
from dashboard.web.compression import compress
from dashboard.web.history.stretch import read_moment
from dashboard.web.query import Query

KEYS = ("at", "events", "host", "fields")
LOOKS = (10.0, 90.0, 600.0)  # seconds before the moment; a longer one if events are missing
_MOST = 50_000  # events that a longer look may read


def moment(service: Service) -> Response:
    """Events of a moment; see the contract in docs/api.md."""
    query = Query(request.args, KEYS)
    now = time.time()
    at = min(read_moment(query, "at") or 0.0, now)
    filter = Filter(
        names=query.names("events"), hosts=query.hosts("host"), fields=query.fields("fields")
    ).restricted_to(request_scope())
    zipped = takes_gzip()

    kept_from = now - service.settings.retention

    def read(log: EventLog) -> tuple[float | None, list[Event]]:
        oldest = log.oldest()
        log_from = None if oldest is None else round(max(log.time_of(oldest), kept_from), 3)
        return log_from, _newest_at(log, at, kept_from, filter)

    def work() -> bytes:
        log_from, events = service.runtime.log.with_reader(read)
        # What the log does not have, the history may have had.
        there = {(event.host, event.name) for event in events}
        for event in service.runtime.history.reader.past_programs(at):
            if (event.host, event.name) not in there and filter.selects(event.host, event.name):
                events.append(event)
        events.sort(key=lambda event: event.id or LOG_START)
        latest = [shown(each, filter) for each in events]
        body = msgspec.json.encode({"at": at, "log_from": log_from, "latest": latest})
        return compress(body) if zipped else body

    body = shared_answer(service.runtime, ("at", at, filter, zipped), work)
    return past_answer(body, is_zipped=zipped)


def _newest_at(log: EventLog, at: float, kept_from: float, filter: Filter) -> list[Event]:
    """Return the newest selected event of each host and name until `at`, in order of their ids.

    What was logged before `kept_from` counts as deleted.
    """
    known = {
        (event.host, event.name) for event in log.latest() if filter.selects(event.host, event.name)
    }
    hosts = sorted({host for host, _ in known})
    found: dict[tuple[str, str | None], Event] = {}
    last, before, count = log.id_at(at + 0.001), 0.0, 0
    for look in LOOKS:
        # What is missing may be long over: with many machines it is not looked for so far back.
        if known <= found.keys() or (before and count * look / before > _MOST):
            break
        first = log.id_at(max(at - look, kept_from))
        older: dict[tuple[str, str | None], Event] = {}
        for event in walk(log, first, last, names=filter.logged_names, hosts=hosts):
            count += 1
            if filter.selects(event.host, event.name):
                older[event.host, event.name] = event
        found = older | found
        last, before = first, look
    return sorted(found.values(), key=lambda event: event.id or LOG_START)


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
