"""The operations on events: streams, the past, publishing, jobs."""

from dashboard.jobs.model import JOB_ALLOWED
from dashboard.publications import MOST_BYTES, MOST_EVENT_BYTES, MOST_EVENTS
from dashboard.web import history, intake, stream
from dashboard.web.openapi.parts import (
    EVENT_STREAM,
    JSON,
    PUBLISHING,
    READING,
    TEXT,
    Json,
    answer,
    fields,
    header,
    hosts,
    in_path,
    names,
    operation,
    query,
    ref,
    refusals,
    whole,
)

_EVENTS = answer("events, as the standard has them", {EVENT_STREAM: TEXT})
_FLAG = {"enum": [0, 1], "default": 0}
_ANY = {"type": "string"}
_AFTER = [
    query("last_event_id", "go on after this id; after any other text `gap` comes", _ANY),
    query("lastEventId", "as `last_event_id`, before which it goes; polyfills append it", _ANY),
    query("lastEventID", "as `lastEventId`", _ANY),
]
_LAST_ID = header("Last-Event-ID", "goes before `last_event_id`; browsers send it", _ANY)
_JOB = in_path("job", f"the job's name: {JOB_ALLOWED}", ref("Job"))
_NO_PUBLISHING = (
    "no PUBLISH_TOKEN is set, the token is not for this event or host, or another site's page asks"
)
_LOGGED = {"201": answer("logged; the ids", {JSON: ref("Ids")})}
_ONCE = header(
    "Idempotency-Key",
    "a new one for each publication: a request may be sent again and is logged once",
    {"type": "string", "pattern": whole(intake.IDEMPOTENCY_KEY)},
)


def paths() -> dict[str, Json]:
    """Their path items."""
    return {
        "/stream": {"get": _stream()},
        "/history": {"get": _history()},
        "/alerts": {"get": _alerts()},
        "/events": {"post": _publish()},
        "/progress/{job}": {"get": _watch(), "post": _report()},
    }


def _stream() -> Json:
    low, high = stream.EVERY
    each = {"type": "number", "minimum": low, "maximum": high}
    return operation(
        "stream",
        "events",
        "What happens, as it happens",
        description="Without an id the newest event of each host and name comes first; with one "
        "all after it, or `gap` where that can't be told. The stream has no end. Beside the events "
        "of the log come `hello`, `gap`, `heartbeat` and `busy`.",
        security=READING,
        parameters=[
            names(),
            hosts(),
            fields(),
            query("every", "seconds: of each host and name at most one in that time", each),
            query("batch", "1: what goes out together is one event `batch`, a list", _FLAG),
            *_AFTER,
            _LAST_ID,
        ],
        answers={"200": _EVENTS, **refusals(401, 403, 429)},
    )


def _history() -> Json:
    seconds = {"type": "number", "minimum": 1, "maximum": history.MOST_SECONDS}
    points = {"type": "integer", "minimum": history.FEWEST_POINTS, "maximum": history.MOST_POINTS}
    lines = {"type": "integer", "minimum": 1, "maximum": history.MOST_LINES}
    return operation(
        "history",
        "events",
        "The past as columns",
        security=READING,
        parameters=[
            query("since", "seconds back", seconds | {"default": history.DEFAULT_SECONDS}),
            names(),
            hosts(),
            fields(),
            query("points", "rows at the most", points | {"default": history.DEFAULT_POINTS}),
            query("lines", "so many of the newest events that are no family's, whole", lines),
        ],
        answers={
            "200": answer("the columns", {JSON: ref("History")}),
            **refusals(401, 403, 429, 503),
        },
    )


def _alerts() -> Json:
    return operation(
        "alerts",
        "events",
        "The alerts that are open",
        security=READING,
        parameters=[hosts()],
        answers={
            "200": answer("the newest event of each", {JSON: ref("Alerts")}),
            **refusals(401, 403, 429),
        },
    )


def _publish() -> Json:
    line = '{"event": "deploy", "data": {"version": "1.2"}}\n'
    return operation(
        "publish",
        "events",
        "Put events into the log",
        description="A batch is logged whole or not at all. A body has at most "
        f"{MOST_BYTES:,} bytes (the setting MAX_BODY), a batch {MOST_EVENTS:,} events, an event's "
        f"data {MOST_EVENT_BYTES:,} bytes. With `agent`, events have the names of families, and "
        "`alert`, and the agent's host.",
        security=PUBLISHING,
        parameters=[
            query("agent", "the machine that sends its own figures", ref("HostName")),
            _ONCE,
        ],
        body={
            JSON: {"schema": {"anyOf": [ref("Event"), ref("Batch")]}},
            intake.NDJSON: {
                "schema": {"type": "string", "description": "an `Event` a line"},
                "example": line * 2,
            },
        },
        answers=_LOGGED
        | refusals(
            401,
            403,
            408,
            413,
            415,
            422,
            429,
            503,
            _403=_NO_PUBLISHING,
        ),
    )


def _report() -> Json:
    return operation(
        "report",
        "progress",
        "Report a step of a job",
        security=PUBLISHING,
        parameters=[_JOB, _ONCE],
        body={JSON: {"schema": ref("ProgressReport")}},
        answers=_LOGGED | refusals(401, 403, 408, 413, 415, 422, 429, 503, _403=_NO_PUBLISHING),
    )


def _watch() -> Json:
    return operation(
        "watch",
        "progress",
        "The stream of one job",
        description="Each step of its last run is an unnamed event; `completed` or `failed` is the "
        "end, after which the server ends the stream.",
        security=READING,
        parameters=[_JOB, *_AFTER, _LAST_ID],
        answers={
            "200": _EVENTS,
            "204": answer("this reader has seen the end"),
            **refusals(401, 403, 429),
        },
    )
