"""`flask publish`: one event, or one for each line of standard input."""

import sys
import time
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from dashboard.cli.target import Target, with_target
from dashboard.cli.usage_error import UsageError
from dashboard.errors import ClientError
from dashboard.events.event import Event
from dashboard.events.strict_json import decode, encode, text_of
from dashboard.log.contract import LogUnavailable, Refused
from dashboard.publications import MOST_EVENT_BYTES, read_events

_PATIENCE = 10.0  # seconds in which a log that is away may come back
_PAUSE = 0.5


@click.command()
@click.argument("name")
@click.argument("data", nargs=-1)
@click.option(
    "--lines", is_flag=True, help="Read a JSON object from each line, and publish it as it comes."
)
@with_target
def publish(name: str, data: tuple[str, ...], lines: bool, target: Target) -> None:
    """Put an event on every stream, and print its id.

    NAME is what browsers listen for; `message` makes an unnamed event. DATA is a JSON object, `-`
    for one from standard input, or fields: KEY=TEXT, or KEY:=JSON for numbers and all else.

    \b
        flask publish deploy version=1.2 by=ann
        flask publish temperature room=attic celsius:=31.5
        flask publish deploy '{"version": "1.2"}'
        flask publish deploy - < deploy.json
    """
    try:
        if not lines:
            _publish(target, name, _given(data))
            return
        if data not in ((), ("-",)):
            raise click.UsageError("with --lines the data comes from standard input")
        read_line = partial(sys.stdin.buffer.readline, 2 * MOST_EVENT_BYTES)
        for number, line in enumerate(iter(read_line, b""), 1):
            try:
                if line.strip():
                    _publish(target, name, decode(text_of(line)))
            except ClientError as error:
                raise UsageError(f"line {number}: {error.detail}") from None
    except ClientError as error:
        raise UsageError(error.detail) from None
    except Refused as error:
        raise UsageError(str(error)) from None
    except LogUnavailable as error:
        raise click.ClickException(str(error)) from None


def _publish(target: Target, name: str, data: Any) -> None:
    body = encode({"event": name, "data": data}).encode()
    events = read_events(body, lines=False, host=target.host, now=time.time())
    for event_id in _send(target, events):
        click.echo(event_id)


def _send(target: Target, events: Sequence[Event]) -> list[Any]:
    key = uuid.uuid4().hex
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return list(target.send(events, key))
        except Refused:
            raise
        except LogUnavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


def _given(arguments: Sequence[str]) -> Any:
    """The value of DATA. Raises ClientError and UsageError."""
    if not arguments:
        return {}
    first, *others = arguments
    if first == "-" and not others:
        body = sys.stdin.buffer.read(2 * MOST_EVENT_BYTES)
        return decode(text_of(body))
    if first.lstrip().startswith(("{", "[", '"')) and not others:
        return decode(text_of(first.encode("utf-8", "surrogateescape")))
    fields: dict[str, Any] = {}
    for argument in arguments:
        key, value = _field(argument)
        if key in fields:
            raise UsageError(f"DATA: {key!r} is given twice")
        fields[key] = value
    return fields


def _field(argument: str) -> tuple[str, Any]:
    text = text_of(argument.encode("utf-8", "surrogateescape"))
    key, equals, value = text.partition("=")
    if not equals or key in ("", ":"):
        raise UsageError(
            f"DATA: {argument!r}: wanted is a JSON object, '-', or fields such as key=text and "
            "key:=1.5"
        )
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], decode(value)
    except ClientError as error:
        raise UsageError(f"DATA: {argument!r}: {error.detail}") from None
