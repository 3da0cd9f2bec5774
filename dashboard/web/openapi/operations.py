"""Every operation of the service, by path and method, as OpenAPI 3.1 has it.

HEAD and OPTIONS are not listed: every path that has GET answers HEAD like it, without the body, and
every path answers OPTIONS with the methods that it has.
"""

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

from dashboard.event import HOST
from dashboard.job import JOB_ALLOWED
from dashboard.publishing import MOST_BYTES, MOST_EVENT_BYTES, MOST_EVENTS
from dashboard.screens import NAME as SCREEN
from dashboard.screens import PAUSE
from dashboard.web import history, intake, stream
from dashboard.web.embed import NAMES as PANELS
from dashboard.web.openapi.parts import (
    EVENT_STREAM,
    HTML,
    JSON,
    OPEN,
    PROBLEM,
    PUBLISHING,
    READING,
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

_PAGE = answer("the page", {HTML: {"type": "string"}})
_SIGN_IN = {"303": answer("reading needs the token: to the sign-in page")}
_TEXT: Json = {"type": "string"}
_LINK = query("link", "what is wrong with the link that led here: `expired` or `bad`", _TEXT)
_EVENTS = answer("events, as the standard has them", {EVENT_STREAM: _TEXT})
_FLAG = {"enum": [0, 1], "default": 0}
_AFTER = query("last_event_id", "go on after this id", ref("EventId"))
_LAST_ID = header("Last-Event-ID", "goes before `last_event_id`; browsers send it", ref("EventId"))
_JOB = in_path("job", f"the job's name: {JOB_ALLOWED}", ref("Job"))
_SCREEN = in_path("name", "the display's name", {"type": "string", "pattern": whole(SCREEN)})
_NO_PUBLISHING = (
    "no PUBLISH_TOKEN is set, the token is not for this event or host, or another site's page asks"
)
_MACHINE = in_path("name", "the machine's name", {"type": "string", "pattern": whole(HOST)})
_LOGGED = {"201": answer("logged; the ids", {JSON: ref("Ids")})}
_ONCE = header(
    "Idempotency-Key",
    "a new one for each publication: a request may be sent again and is logged once",
    {"type": "string", "pattern": whole(intake.IDEMPOTENCY_KEY)},
)


def paths() -> dict[str, Json]:
    """The path items."""
    return {
        "/": {"get": _page("wall", "The wall, or the overview of several machines")},
        "/host/{name}": {"get": _host()},
        "/compare": {"get": _page("compare", "One figure of several machines in one chart")},
        "/stream": {"get": _stream()},
        "/history": {"get": _history()},
        "/alerts": {"get": _alerts()},
        "/events": {"post": _publish()},
        "/progress/{job}": {"get": _watch(), "post": _report()},
        "/screens": {"get": _screens()},
        "/screens/{name}": {"post": _screen()},
        "/screens/{name}/reload": {"post": _reload()},
        "/embed": {"get": _about()},
        "/embed/{panel}": {"get": _embedded()},
        "/healthz": {"get": _healthz()},
        "/readyz": {"get": _readyz()},
        "/metrics": {"get": _metrics()},
        "/openapi.json": {"get": _openapi()},
        "/sign-in": {"get": _sign_in_page(), "post": _sign_in()},
        "/sign-in/renew": {"get": _renew()},
        "/static/{filename}": {"get": _static()},
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
            _AFTER,
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
        parameters=[_JOB, _AFTER, _LAST_ID],
        answers={
            "200": _EVENTS,
            "204": answer("this reader has seen the end"),
            **refusals(401, 403, 429),
        },
    )


def _screens() -> Json:
    return operation(
        "screens",
        "screens",
        "The displays",
        description="A page, or JSON for who asks for it in Accept.",
        security=READING,
        parameters=[query("theme", "of the page", {"enum": ["dark", "light"]})],
        answers={
            "200": answer("the displays", {HTML: _TEXT, JSON: ref("Screens")}),
            **_SIGN_IN,
            **refusals(401, 403, 404, 429, _404="the setting SCREENS is off"),
        },
    )


def _screen() -> Json:
    return operation(
        "reportScreen",
        "screens",
        "A display says how it is",
        description=f"Once in {PAUSE:g} seconds.",
        security=READING,
        parameters=[_SCREEN],
        body={JSON: {"schema": ref("Screen")}},
        answers={
            "204": answer("taken"),
            "409": answer("no room for another", {PROBLEM: ref("Problem")}),
            **refusals(401, 403, 404, 408, 413, 422, 429, 503),
        },
    )


def _reload() -> Json:
    return operation(
        "reloadScreen",
        "screens",
        "Ask a display to load its page anew",
        security=READING,
        parameters=[_SCREEN],
        answers={"202": answer("asked"), **refusals(401, 403, 404, 429, 503)},
    )


def _page(name: str, summary: str) -> Json:
    return operation(
        name,
        "pages",
        summary,
        description="The query is read by the page itself.",
        security=READING,
        answers={"200": _PAGE, **_SIGN_IN, **refusals(401, 403, 429)},
    )


def _host() -> Json:
    page = _page("host", "The wall of one machine")
    page["parameters"] = [_MACHINE]
    page["responses"] |= refusals(400)
    return page


def _embedded() -> Json:
    panel = in_path("panel", "a panel or a tile of the wall", {"enum": list(PANELS)})
    page = _page("embedded", "One panel, for a frame")
    page["parameters"] = [panel]
    page["responses"] |= refusals(404)
    return page


def _about() -> Json:
    return operation(
        "about",
        "pages",
        "What a script of another page has to know first",
        security=READING,
        answers={"200": answer("whose figures, which panels", {JSON: ref("About")})}
        | refusals(401, 403, 429),
    )


def _sign_in_page() -> Json:
    return operation(
        "signInPage",
        "pages",
        "The page that asks for the token",
        security=OPEN,
        parameters=[query("next", "the path to go on to", _TEXT), _LINK],
        answers={"200": _PAGE, **refusals()},
    )


def _sign_in() -> Json:
    form = {"type": "object", "required": ["token"], "properties": {"token": _TEXT}}
    cookie = {"Set-Cookie": {"description": "stands for the token", "schema": _TEXT}}
    wrong = answer("not the token; or another site's page", {HTML: _TEXT, PROBLEM: ref("Problem")})
    return operation(
        "signIn",
        "pages",
        "Give the token for a cookie",
        security=OPEN,
        parameters=[query("next", "the path to go on to", _TEXT), _LINK],
        body={"application/x-www-form-urlencoded": {"schema": form}},
        answers={
            "303": answer("the right token: on to `next`", headers=cookie),
            "403": wrong,
            "429": answer("too many wrong tokens came from this address", {HTML: _TEXT}),
            **refusals(408, 413),
        },
    )


def _renew() -> Json:
    return operation(
        "renew",
        "pages",
        "Give a page that is shown for long its cookie anew",
        security=READING,
        answers={"204": answer("the cookie, if the page came by one"), **refusals(401, 403, 429)},
    )


def _healthz() -> Json:
    return operation(
        "healthz",
        "operation",
        "Whether a worker answers",
        security=OPEN,
        answers={"200": answer("it does", {"text/plain": _TEXT}), **refusals()},
    )


def _readyz() -> Json:
    return operation(
        "readyz",
        "operation",
        "Whether the machine is sampled and the log works",
        security=OPEN,
        answers={
            "200": answer("both", {JSON: ref("Ready")}),
            "503": answer("`checks` says what is wrong", {PROBLEM: ref("Problem")}),
            **refusals(),
        },
    )


def _metrics() -> Json:
    return operation(
        "metrics",
        "operation",
        "Figures for Prometheus",
        security=READING,
        answers={
            "200": answer("OpenMetrics text", {CONTENT_TYPE_LATEST: _TEXT}),
            **refusals(401, 403, 429),
        },
    )


def _openapi() -> Json:
    return operation(
        "openapi",
        "operation",
        "This description",
        security=OPEN,
        answers={"200": answer("OpenAPI 3.1", {JSON: {"type": "object"}}), **refusals()},
    )


def _static() -> Json:
    name = {"type": "string", "pattern": r"^[^/\n][^\n]*$"}
    file = in_path("filename", "a path below `/static`; it may have slashes", name)
    file["example"] = "embed.js"
    return operation(
        "file",
        "pages",
        "The files of the pages",
        security=OPEN,
        parameters=[file],
        answers={
            "200": answer("the file", {"*/*": {}}),
            "206": answer("the part of it that Range asks for", {"*/*": {}}),
            "304": answer("the client has it"),
            "416": answer("Range asks for what isn't there", {PROBLEM: ref("Problem")}),
            **refusals(404),
        },
    )
