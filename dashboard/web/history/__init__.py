"""GET /history: the past as columns, and the id from which a stream goes on.

Measurements are columns, from the history and, for what it does not have yet, from the log. What
else happened (log lines, notices, a job's steps) is asked for as `lines`: the newest events, whole.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
from flask import Response, request

from dashboard.events.event import UNNAMED, Event
from dashboard.events.filter import Filter
from dashboard.events.paths import RULES
from dashboard.log.contract import EventLog
from dashboard.log.history.access import Question
from dashboard.log.history.answer import CONTENT_TYPES, FORMATS, as_bands, as_columns, as_text
from dashboard.log.history.downsample import Reduced
from dashboard.log.history.query import Stretch
from dashboard.log.scan import walk
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.answers import past_answer, shared_answer, takes_gzip
from dashboard.web.compression import compress
from dashboard.web.history.moment import moment, shown
from dashboard.web.history.stretch import read_question
from dashboard.web.query import Query

KEYS = (
    *("since", "from", "to", "events", "host", "fields", "points"),
    *("lines", "others", "form", "format", "columns", "at"),
)
FORMS: dict[str, Callable[[Reduced], Any]] = {
    "columns": as_columns,
    "bands": as_bands,
    "spans": partial(as_bands, when=False),
}
_TEXTS = {name: (lambda found: found.rows) for name in FORMATS}
_SHAPES = {**FORMS, **_TEXTS}
MOST_LINES = 1000
_LEVEL = 4  # of gzip; 9 takes five times as long for 5 % less


def history(service: Service) -> Response:
    """Columns per host and event; see the contract in docs/api.md."""
    if "at" in request.args:
        return moment(service)
    query = Query(request.args, KEYS)
    now = time.time()
    stretch = read_question(query, now)
    lines = query.whole_number("lines", 1, MOST_LINES)
    form = query.one_of("form", tuple(FORMS)) or "columns"
    text = query.one_of("format", ("json", *FORMATS)) or "json"
    shape = form if text == "json" else text
    filter = Filter(
        names=query.names("events"), hosts=query.hosts("host"), fields=query.fields("fields")
    ).restricted_to(request_scope())
    zipped = takes_gzip()
    looked = (query.text("since"), query.text("from"), query.text("to"))
    # The others are told as lines; their figures have no columns unless they are named.
    told = replace(filter, others=query.others())
    drawn = query.columns("columns")
    question = (told, drawn, looked, stretch.points, lines, shape, zipped)

    def work() -> bytes:
        return _answer(service.runtime, told, drawn, stretch, lines, shape, zipped)

    body = shared_answer(service.runtime, question, work)
    content_type = CONTENT_TYPES.get(text, "application/json")
    return past_answer(body, is_zipped=zipped, content_type=content_type)


def bands(service: Service, filter: Filter, stretch: Stretch, seconds: float) -> bytes:
    """Return the JSON of a stretch of so many seconds until now, its figures as bands.

    Raises ClientError(503) as `history` does.
    """
    runtime = service.runtime
    return shared_answer(
        runtime,
        (filter, seconds, stretch.points),
        lambda: _answer(runtime, filter, None, stretch, None, "bands", False),
    )


def _answer(
    runtime: Runtime,
    told: Filter,
    drawn: frozenset[str] | None,
    stretch: Stretch,
    lines: int | None,
    shape: str,
    zipped: bool,
) -> bytes:
    """Return the body of the answer. Reads the log in its thread, the history in its own.

    `told` selects the newest events and the lines; columns are only of the names in it,
    and of the figures in `drawn`.
    """
    filter = replace(told, others=None)
    told_elsewhere = {family.name for family in runtime.families} | {RULES}
    position = runtime.history.reader.position()

    def read(log: EventLog) -> tuple[dict[str, Any], list[Event]]:
        # The end is fixed first: what is appended while we read belongs to the stream that follows.
        latest = log.latest()
        wanted = [event for event in latest if told.wants(event)]
        # Every host in the log has a newest event, so these are all that the patterns mean.
        hosts, others = {event.host for event in latest}, {event.name for event in wanted}
        if log.skipped:  # but where the newest row is no event, older ones may be
            hosts.update(filter.hosts or ())
            others.update(filter.logged_names or ())
        chosen = filter.hosts_among(hosts)
        last = latest[-1].id if latest else log.newest() if log.skipped else None
        found: dict[str, Any] = {
            "last_event_id": None if last is None else str(last),
            "latest": [shown(event, filter) for event in wanted],
        }
        if last is None:
            return found, []
        first = max(log.id_at(stretch.first), position.following)
        walked = walk(log, first, last, names=filter.logged_names, hosts=chosen)
        newest = [event for event in walked if filter.selects(event.host, event.name)]
        if lines is not None:
            start = log.id_at(stretch.end - runtime.settings.retention)
            walked = walk(log, start, last, names=others - told_elsewhere, hosts=chosen)
            selected = (event for event in walked if told.wants(event))
            found["lines"] = _newest(selected, told, lines)
        return found, newest

    found, newest = runtime.log.with_reader(read)

    def encoded(hosts: dict[str, dict[str, Any]], tier: str) -> bytes:
        if shape in FORMATS:
            text = as_text(hosts, shape)
            return compress(text, _LEVEL) if zipped else text
        head = {"from": round(stretch.first, 3), "to": round(stretch.end, 3)}
        parts = {**head, "interval": runtime.settings.interval, "tier": tier, **found}
        body = msgspec.json.encode({**parts, "hosts": hosts})
        return compress(body, _LEVEL) if zipped else body

    is_paired = shape not in ("bands", "spans")
    wanted = replace(stretch, is_paired=is_paired, is_timed=shape != "spans")
    asked = Question(filter, drawn, wanted, _SHAPES[shape])
    return runtime.history.reader.answer(asked, newest, encoded)


def _newest(events: Iterable[Event], filter: Filter, count: int) -> dict[str, list[dict[str, Any]]]:
    """Return the newest `count` events of each name, oldest first."""
    found: dict[str, deque[Event]] = defaultdict(lambda: deque(maxlen=count))
    for event in events:
        found[event.name or UNNAMED].append(event)
    return {name: [shown(event, filter) for event in found[name]] for name in sorted(found)}
