"""/machines: those that joined, codes by which more join, and taking a right away."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from flask import Response, request
from msgspec import Meta

from dashboard.access.credentials import CODE
from dashboard.access.machine_store import CODE_SECONDS, JoinRefused, Machine, WrongCode
from dashboard.errors import ClientError
from dashboard.events.event import check_host
from dashboard.events.scope import FULL
from dashboard.events.strict_json import decode_struct
from dashboard.publications import FAMILY_NAMES
from dashboard.runtime import Runtime, Service
from dashboard.settings import HOST_ALLOWED, HOST_PATTERN
from dashboard.settings.validation import SECRET
from dashboard.web.access import Access, request_scope
from dashboard.web.answers import asked_theme, json_answer, list_answer
from dashboard.web.intake import Intake
from dashboard.web.publisher import check_publishes_all
from dashboard.web.query import Query

logger = logging.getLogger(__name__)

_MOST_BYTES = 4096  # of a body
_SECONDS = 5.0  # that it may take
_WRONG = (
    CODE,
    "the code is wrong, was used, or is older than an hour: `vitals invite` on the machine of the "
    "wall, or its page /machines, gives a new one",
)
_HostName = Annotated[str, Meta(pattern=f"^(?:{HOST_PATTERN})\\Z", description=HOST_ALLOWED)]
T = TypeVar("T")


class InviteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The only name that a machine may join with; null for any."""

    host: Annotated[_HostName | None, Meta(description=HOST_ALLOWED)] = None


class JoinRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine that wants to join."""

    code: Annotated[
        str,
        Meta(max_length=100, description="a text of at most 100 characters", extra=SECRET),
    ]
    host: _HostName
    time: Annotated[float, Meta(ge=0, le=1e11, description="seconds since 1970, by its clock")]
    version: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9A-Za-z.+-]{1,40}\Z")] | None,
        Meta(description="a version such as 1.2.0"),
    ] = None
    before: Annotated[
        Annotated[str, Meta(max_length=512)] | None,
        Meta(description="the token by which it is in already, which ends", extra=SECRET),
    ] = None


def listing(service: Service) -> Response:
    """The machines as a page, or as JSON where the client would rather have that."""
    theme, runtime = asked_theme(), service.runtime
    if request_scope() is not FULL:
        raise ClientError(403, "the list of machines is for who may read everything, not for links")

    def told() -> dict[str, Any]:
        try:
            machines = runtime.rights.machines.machines()
        except OSError as error:
            _unusable(error)
        shown = [_told(runtime, machine) for machine in machines]
        return {"time": runtime.hub.now(), "machines": shown}

    return list_answer("machines.html", told, theme)


def invite(service: Service, intake: Intake) -> Response:
    """Make a code: 201 with it, its end, and the line to paste on the machine."""
    check_publishes_all()
    body = intake.read_json(_MOST_BYTES, _SECONDS)
    asked = decode_struct(body, InviteRequest, what="the body") if body else InviteRequest()
    host = None if asked.host is None else check_host(asked.host)
    code = _change(service, lambda: service.stores.machines.invite(host))
    line = f"vitals join {request.url_root.rstrip('/')} {code}"
    line += f" --host {host}" if host else ""
    answer = {"code": code, "expires": round(time.time() + CODE_SECONDS), "line": line}
    return json_answer(answer, 201)


def join(service: Service, access: Access, intake: Intake) -> Response:
    """Let a machine in by a code: 201 with its token; see the contract in docs/api.md."""
    now = time.time()
    asked = decode_struct(intake.read_json(_MOST_BYTES, _SECONDS), JoinRequest, what="the body")
    asked = msgspec.structs.replace(asked, host=check_host(asked.host))
    try:
        is_right = service.stores.machines.is_code(asked.code)
    except OSError as error:
        _unusable(error)
    access.admit(asked.code, is_right, _WRONG)
    if asked.host == service.settings.host_name:
        raise ClientError(
            409,
            f"{asked.host} is the name of the machine that serves this wall, and samples itself: "
            "join with another name (--host)",
            key="host",
        )
    machine = Machine(
        id=asked.host,
        made=round(now, 3),
        used_from=request.environ.get("REMOTE_ADDR"),
        version=asked.version,
        digest="",
    )
    join = partial(service.stores.machines.join, asked.code, machine, before=asked.before)
    token = _change(service, join)
    logger.info("%s has joined, from %s", machine.id, machine.used_from)
    ahead = round(asked.time - now, 3)
    return json_answer({"host": asked.host, "token": token, "ahead": ahead}, 201)


def remove(service: Service, name: str) -> Response:
    """Take a machine's right away, in all workers at once."""
    Query(request.args, ())
    check_publishes_all()
    try:
        _change(service, partial(service.stores.machines.remove, name))
    except KeyError:
        raise ClientError(404, "no machine of this name has joined", key="name") from None
    logger.info("the right of %s was taken away", name)
    return Response(status=204, mimetype="text/plain")


def _told(runtime: Runtime, machine: Machine) -> dict[str, Any]:
    """Return what is said of a machine. Times are in seconds since 1970."""
    ages = [runtime.hub.replay_buffer.age(machine.id, name) for name in FAMILY_NAMES]
    sampled = [runtime.hub.now() - age for age in ages if age is not None]
    seen = max([*sampled, *([] if machine.used is None else [machine.used])], default=None)
    return {
        "name": machine.id,
        "joined": machine.made,
        "version": machine.version,
        "address": machine.used_from,
        "seen": None if seen is None else round(seen, 3),
    }


def _change(service: Service, change: Callable[[], T]) -> T:
    """Return what a change gives, made in a thread. Raises ClientError."""
    try:
        return service.runtime.rights.change(change)
    except WrongCode:
        raise ClientError(403, _WRONG[1]) from None
    except JoinRefused as refused:
        raise ClientError(409, str(refused), key="host") from None
    except OSError as error:
        _unusable(error)


def _unusable(error: OSError) -> NoReturn:
    reason = error.strerror or error
    raise ClientError(503, f"the list of machines can't be read or written: {reason}") from None
