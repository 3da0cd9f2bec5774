"""POST /alerts/NAME/ack and POST /silences: what nobody needs to be told for a while."""

from typing import Annotated

import msgspec
from flask import Response, request
from msgspec import Meta
from werkzeug.routing import BaseConverter

from dashboard.alerts.model import MOST_NAME
from dashboard.alerts.silences import EVENT, Silence, acknowledgements
from dashboard.errors import ClientError
from dashboard.events.event import HOST
from dashboard.events.strict_json import decode_struct
from dashboard.runtime import Service
from dashboard.settings import HOSTS_PATTERN, RULE_PATTERN, parse_duration
from dashboard.web.intake import JSON, Intake, media_type
from dashboard.web.publisher import publisher_name
from dashboard.web.query import Query

_MOST_BYTES = 4096  # of a body
_For = Annotated[
    Annotated[int, Meta(ge=0, le=99_999_999)]
    | Annotated[str, Meta(pattern=r"^(?:[0-9]{1,5}[smh]?|[0-9]{1,3}[dw])\Z")],
    Meta(description="a duration such as 90s, 30m, 8h, 3d or 2w, or whole seconds; 0 ends it now"),
]
_Why = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,500}\Z", description="at most 500 characters, one line")
]


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
    body = _body(intake)
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
    body = _body(intake)
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
    return intake.log_events([told.event()], body, kinds=[(asked.host, EVENT)])


def _body(intake: Intake) -> bytes:
    Query(request.args, ())
    media_type(JSON)
    return intake.read_body(_MOST_BYTES)
