"""/alerts: those that are open, of each host; and what nobody needs to be told for a while."""

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Any

import gevent
import msgspec
from flask import Response, request, url_for
from msgspec import Meta
from werkzeug.routing import BaseConverter

from dashboard.alerts.model import EVENT, MOST_NAME, Alert
from dashboard.alerts.silences import EVENT as SILENCE
from dashboard.alerts.silences import Silence, Silences, acknowledgements, shown_of
from dashboard.alerts.silent_machines import HOST_SILENT
from dashboard.errors import ClientError
from dashboard.events.event import HOST, Event, EventId
from dashboard.events.filter import Filter
from dashboard.events.strict_json import decode_struct
from dashboard.log.contract import LogReader
from dashboard.log.history.past_alerts import PastAlert
from dashboard.log.scan import walk
from dashboard.runtime import Runtime, Service
from dashboard.settings import HOSTS_PATTERN, RULE_PATTERN, parse_duration
from dashboard.web.access import request_scope
from dashboard.web.answers import json_answer, shared_answer
from dashboard.web.intake import Intake
from dashboard.web.publisher import publisher_name
from dashboard.web.query import Query

_MOST_SECONDS = 3660 * 86400.0
_MOST = 1000  # past alerts in an answer
_MOST_BYTES = 4096  # of a body
_For = Annotated[
    Annotated[int, Meta(ge=0, le=99_999_999)]
    | Annotated[str, Meta(pattern=r"^(?:[0-9]{1,5}[smh]?|[0-9]{1,3}[dw])\Z")],
    Meta(
        description="a duration such as 90s, 30m, 8h, 3d or 2w, or whole seconds, at most 999d; "
        "0 ends it now"
    ),
]
_Why = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,500}\Z", description="at most 500 characters, one line")
]


def alerts(service: Service) -> Response:
    """The newest event of each open alert, and past ones; see the contract in docs/api.md."""
    query = Query(request.args, ("host", "since"))
    filter = Filter(hosts=query.hosts("host"))
    since = query.duration("since", _MOST_SECONDS)
    filter = filter.restricted_to(request_scope())
    request_scope().check({EVENT}, None)
    runtime = service.runtime
    found, read_to = runtime.open_alerts.look()
    now, silences = runtime.hub.now(), runtime.open_alerts.silences
    hosts = {alert.host for _, alert in found}
    left = {host for host in hosts if runtime.host_intervals.reported(host).leaving}
    told = partial(_open, found, silences, left, filter, now, _pages())
    body: dict[str, Any] = {
        "time": now,
        "last_event_id": str(read_to) if read_to.ms else None,
        # Each alert is held against each silence, for which no stream should wait.
        **gevent.get_hub().threadpool.apply(told),
    }
    if since is not None:
        names = frozenset((alert.host, alert.alert) for _, alert in found)

        def work() -> bytes:
            past = (
                each for each in _past(runtime, now - since) if filter.selects(each.host, EVENT)
            )
            over = (each for each in past if each.until or (each.host, each.alert) not in names)
            pages = _pages()
            return msgspec.json.encode([_shown(each, pages) for each in islice(over, _MOST)])

        # URLs in it begin with the path at which a proxy has the service.
        question = ("alerts", since, filter, names, request.script_root)
        body["past"] = msgspec.Raw(shared_answer(runtime, question, work))
    return json_answer(body)


def _open(
    found: Sequence[tuple[EventId, Alert]],
    silences: Silences,
    left: set[str],
    filter: Filter,
    now: float,
    pages: str,
) -> dict[str, Any]:
    """Return the open alerts that a filter selects, and the silences of its scope.

    `left` are the machines whose agents were stopped in order.
    """
    silent = left | {alert.host for _, alert in found if alert.rule == HOST_SILENT}
    return {
        "alerts": [
            {
                "id": str(event_id),
                **msgspec.to_builtins(alert),
                **({"unknown": True} if alert.host in silent and not alert.judge else {}),
                **shown_of(silences.of(alert, now)),
                "url": f"{pages}{alert.host}?at={round(alert.began)}",
            }
            for event_id, alert in found
            if filter.selects(alert.host, EVENT)
        ],
        "silences": [
            msgspec.to_builtins(silence)
            for _, silence in silences.active(now)
            if filter.scope.allows(silence.host if silence.alert else silence.hosts, EVENT)
        ],
    }


def _past(runtime: Runtime, since: float) -> list[PastAlert]:
    """Return the alerts that were open after a time. Raises LogUnavailable."""
    position = runtime.history.reader.position()

    def read(log: LogReader) -> list[Event]:
        last = log.newest()
        return [] if last is None else list(walk(log, position.following, last, names=[EVENT]))

    return runtime.history.reader.past_alerts(since, runtime.log.with_reader(read))


def _shown(past: PastAlert, pages: str) -> dict[str, Any]:
    shown = msgspec.to_builtins(past)
    del shown["since"], shown["until"], shown["seen"]
    until = past.until
    return {
        **shown,
        "from": past.since,
        "to": until,
        "duration": None if until is None else round(max(0.0, until - past.since), 3),
        "url": f"{pages}{past.host}?at={round(past.since)}",
    }


def _pages() -> str:
    """Return what the addresses of machines' pages begin with; a host's name follows."""
    return url_for("pages.host", name="a").removesuffix("a")


class AckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of an alert: why, and for how long nobody needs to be told."""

    for_: _For = msgspec.field(name="for", default="24h")
    why: _Why = ""


class SilenceRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts are not to be sent, for how long, and why."""

    host: Annotated[
        str, Meta(pattern=f"^{HOSTS_PATTERN}\\Z", description="a host's name, or web-*")
    ] = "*"
    rule: Annotated[
        str, Meta(pattern=f"^{RULE_PATTERN}\\Z", description="the name of a rule, or disk-*")
    ] = "*"
    for_: _For = msgspec.field(name="for")
    why: _Why = ""


class AlertName(BaseConverter):
    """Whatever others call an alert: mount points have slashes, also two in a row."""

    regex = "(?s:.+)"
    part_isolating = False


def ack(service: Service, intake: Intake, name: str) -> Response:
    """Acknowledge the open alerts of a name; see the contract in docs/api.md."""
    body = intake.read_json(_MOST_BYTES)
    asked = (
        AckRequest()
        if body.strip() in (b"", b"{}")
        else decode_struct(body, AckRequest, what="the body")
    )
    runtime = service.runtime
    found = [alert for _, alert in runtime.open_alerts.look()[0]]
    host, _, rest = name.partition("/")
    of_host = bool(rest) and any((each.host, each.alert) == (host, rest) for each in found)
    if len(name) > MOST_NAME + 254 or not (of_host or any(each.alert == name for each in found)):
        raise ClientError(404, "no alert of this name is open", key="alert")
    told = acknowledgements(
        found,
        rest if of_host else name,
        host if of_host else None,
        now=runtime.hub.now(),
        seconds=parse_duration(str(asked.for_)),
        why=asked.why,
        by=publisher_name(),
    )
    return intake.log_events([each.event() for each in told], body)


def silence(service: Service, intake: Intake) -> Response:
    """Silence the alerts of some hosts and rules; see the contract in docs/api.md."""
    body = intake.read_json(_MOST_BYTES)
    asked = decode_struct(body, SilenceRequest, what="the body")
    runtime = service.runtime
    now = runtime.hub.now()
    told = Silence(
        host=asked.host if HOST.fullmatch(asked.host) else runtime.settings.host_name,
        time=round(now, 3),
        until=round(now + parse_duration(str(asked.for_)), 3),
        hosts=asked.host,
        rule=asked.rule,
        why=asked.why,
        by=publisher_name(),
    )
    # Of a pattern all its hosts, whatever machine says so.
    return intake.log_events([told.event()], body, kinds=[(asked.host, SILENCE)])
