"""/links: links that need no token, made here, listed, and taken back."""

import io
import time
from functools import partial
from typing import Annotated

import msgspec
from flask import Response, request
from msgspec import Meta

from dashboard.access.link_store import LABEL, PATH, Link, LinksFull, new_id, with_key
from dashboard.errors import ClientError
from dashboard.events.scope import FULL, Scope
from dashboard.events.strict_json import decode_struct
from dashboard.runtime import Runtime, Service
from dashboard.settings import EventPatterns, HostPatterns, parse_duration
from dashboard.web.access import Access, request_scope
from dashboard.web.answers import asked_theme, json_answer, list_answer
from dashboard.web.intake import Intake
from dashboard.web.query import Query

_MOST_BYTES = 16 << 10  # of a body
_MOST_IN_KEY = 2000  # characters: browsers, proxies and the file have to take it
_MOST_IN_PICTURE = 1000  # characters: of more the squares get too small for a camera


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link that somebody wants: what it covers, for how long, and what it opens."""

    label: Annotated[
        str, Meta(pattern=f"^{LABEL}\\Z", description="at most 100 characters, one line")
    ] = ""
    events: EventPatterns = None
    hosts: HostPatterns = None
    for_: Annotated[
        str,
        Meta(
            pattern=r"^(?:[1-9][0-9]{0,2}[smhd]|[1-9][0-9]?w)\Z",
            description="a duration such as 30m, 12h, 90d or 52w; at most 999d or 99w",
        ),
    ] = msgspec.field(name="for", default="90d")
    path: Annotated[
        str, Meta(pattern=f"^{PATH}\\Z", description="a path of this service, such as /embed/cpu")
    ] = "/"


def may_share(service: Service) -> bool:
    """Return True if the client of this request may make links and take them back."""
    return service.settings.limits_reading and request_scope() is FULL


def listing(service: Service) -> Response:
    """The links as a page, or as JSON where the client would rather have that."""
    theme, runtime = asked_theme("path", "events"), _allowed(service)

    def told() -> dict[str, object]:
        try:
            known = runtime.rights.links.rights().values()
        except OSError as error:
            raise _unusable(error) from None
        latest = sorted(known, key=lambda link: link.made, reverse=True)
        return {"time": runtime.hub.now(), "links": latest}

    shown = {"path": request.args.get("path") or "/", "events": request.args.get("events", "")}
    return list_answer("links.html", told, theme, **shown)


def make(service: Service, access: Access, intake: Intake) -> Response:
    """Make a link: 201 with its id, key, URL and QR code; see the contract in docs/api.md."""
    runtime = _allowed(service)
    asked = decode_struct(intake.read_json(_MOST_BYTES), LinkRequest, what="the body")
    now = time.time()
    link = Link(
        id=new_id(),
        label=asked.label,
        events=asked.events,
        hosts=asked.hosts,
        made=round(now, 3),
        expires=round(now + parse_duration(asked.for_)),
    )
    key = access.sign(Scope(link.events, link.hosts, link.expires, link.id))
    if len(key) > _MOST_IN_KEY:
        raise ClientError(
            422, "too many names: the key would be too long; use patterns such as web-*"
        )
    url = request.url_root.rstrip("/") + with_key(asked.path, key)

    def add() -> str | None:
        runtime.rights.links.add(link)
        return _qr_code(url)

    try:
        picture = runtime.rights.change(add)
    except LinksFull as full:
        raise ClientError(409, f"{full}: one that expires makes room") from None
    except OSError as error:
        raise _unusable(error) from None
    answer = {"id": link.id, "key": key, "url": url, "qr": picture, "expires": link.expires}
    return json_answer(answer, 201)


def revoke(service: Service, link_id: str) -> Response:
    """Revoke a link, and end its streams: here at once, elsewhere at the next look."""
    Query(request.args, ())
    runtime = _allowed(service)
    try:
        runtime.rights.change(partial(runtime.rights.links.revoke, link_id))
        runtime.rights.end_revoked()
    except KeyError:
        raise ClientError(404, "no link of this id is known", key="link") from None
    except OSError as error:
        raise _unusable(error) from None
    return Response(status=204, mimetype="text/plain")


def _allowed(service: Service) -> Runtime:
    """The runtime, for those who may read everything. Raises ClientError(403) for others."""
    if not service.settings.limits_reading:
        raise ClientError(403, "there are no links: no READ_TOKEN is set, so reading needs no key")
    if not may_share(service):
        raise ClientError(403, "links are for who may read everything, by READ_TOKEN or as a user")
    return service.runtime


def _unusable(error: OSError) -> ClientError:
    return ClientError(503, f"the links can't be read or written: {error.strerror or error}")


def _qr_code(url: str) -> str | None:
    """Return the QR code of a URL as SVG; None for a very long one. Blocks for up to 0.05 s."""
    if len(url) > _MOST_IN_PICTURE:
        return None
    import segno  # a twentieth of the start, for what few ask for

    picture = io.BytesIO()
    # Of random letters every mask is as good as another, and to find the best takes 0.2 s.
    code = segno.make_qr(url, error="l", mask=4)
    code.save(picture, kind="svg", xmldecl=False, nl=False, omitsize=True, light="#fff")
    return picture.getvalue().decode()
