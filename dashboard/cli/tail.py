"""`flask tail`: what happens, as it happens, on the terminal."""

import json
import os
import re
import signal
import sys
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import click
import msgspec

from dashboard import settings
from dashboard.cli.target import Value, echo_err, given_token, token_options
from dashboard.cli.usage_error import UsageError
from dashboard.client import EventSource, Message, StreamRefused
from dashboard.events.event import EventId
from dashboard.settings.urls import SERVER_URL

# Of these there is nothing to tell; `gap` is told, as something is missing there.
_SILENT = frozenset({"hello", "heartbeat", "busy"})
_LONGEST_HEARTBEAT = 3600  # seconds
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # halves of pairs, too


@click.command()
@click.option("--events", metavar="NAMES", help="Only events of these names, as in cpu,log.")
@click.option("--host", metavar="NAMES", help="Only events of these machines.")
@click.option(
    "--since",
    metavar="WHEN",
    help="Begin so long ago (90s, 5m), as far as REPLAY reaches, or after an event's id.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="A JSON object with id, event and data a line."
)
@click.option(
    *("--from", "url"),
    metavar="URL",
    type=Value(SERVER_URL),
    default="http://127.0.0.1:8000",
    show_default=True,
    help="The Vitals to read from.",
)
@token_options("its token", "READ_TOKEN")
def tail(
    events: str | None,
    host: str | None,
    since: str | None,
    as_json: bool,
    url: str,
    token: str | None,
    token_file: str | None,
) -> None:
    """Print the stream, one event a line: first the newest of each kind, then what happens.

    It comes back by itself when the service was away, and goes on where it was: each event once.
    What it could not get is told by the event `gap`.
    """
    default = settings.load(os.environ).read_token
    given = [("events", events), ("host", host)]
    query = urlencode([(key, value) for key, value in given if value is not None])
    link = _Link(url)
    source = EventSource(
        f"{url}/stream?{query}" if query else f"{url}/stream",
        token=given_token(token, token_file, default=default),
        last_event_id=_position(since),
        on_error=link.failed,
    )
    show = _as_json if as_json else _as_text
    try:
        for messages in source.batches():
            for hello in (message for message in messages if message.event == "hello"):
                link.stands(hello, source)
            lines = [show(message) for message in messages if message.event not in _SILENT]
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
    except StreamRefused as error:
        raise UsageError(str(error)) from None
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        # Who read it has enough. Python would complain once more when it closes the file.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Link:
    """Tells the operator once when a service is away, and once when it is there again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_away = False

    def failed(self, reason: str, failures: int) -> None:
        """Note that a connection has ended; a single break of a stream that was well is no news."""
        if failures and not self._is_away:
            self._is_away = True
            echo_err(f"{self._url}: {reason}; trying again")

    def stands(self, hello: Message, source: EventSource) -> None:
        """Note that a stream has begun, and take its heartbeat for what silence may last."""
        if self._is_away:
            echo_err(f"{self._url}: there again")
        self._is_away = False
        data = _data(hello)
        heartbeat = data.get("heartbeat") if isinstance(data, dict) else None
        if isinstance(heartbeat, int | float) and 0 < heartbeat <= _LONGEST_HEARTBEAT:
            source.read_timeout = 2 * heartbeat + 10


def _position(since: str | None) -> str:
    """Return the id after which to begin, "" for none. Raises UsageError."""
    if since is None:
        return ""
    with suppress(ValueError):
        return str(EventId.at(time.time() - settings.parse_duration(since)))
    try:
        return str(EventId.parse(since))
    except ValueError:
        raise UsageError(
            f"--since {since!r}: wanted is a time such as 90s, 5m or 1h, or an id"
        ) from None


def _as_json(message: Message) -> str:
    fields = {"id": message.id, "event": message.event, "data": _data(message)}
    return _harmless(_fields(fields))


def _as_text(message: Message) -> str:
    data = _data(message)
    fields = dict(data) if isinstance(data, dict) else {"data": data}
    when, host = fields.pop("time", None), fields.pop("host", "")
    # What somebody published may hold anything in any field.
    is_time = isinstance(when, int | float) and 0 <= when < 1e11
    clock = time.strftime("%H:%M:%S", time.localtime(when)) if is_time else "--:--:--"
    words = {"log": _log_line, "progress": _progress_line}.get(message.event, _fields)(fields)
    return _harmless(f"{clock} {host} {message.event} {words}")


def _data(message: Message) -> Any:
    try:
        return json.loads(message.data)
    except (ValueError, RecursionError):
        return message.data


def _log_line(fields: dict[str, Any]) -> str:
    return f"{fields.get('source')} {fields.get('level')}: {fields.get('message')}"


def _progress_line(fields: dict[str, Any]) -> str:
    done, total, message = fields.get("done"), fields.get("total"), fields.get("message")
    figures = "" if done is None else f" {done}" if total is None else f" {done}/{total}"
    words = "" if message is None else f": {message}"
    return f"{fields.get('job')} {fields.get('state')}{figures}{words}"


def _fields(fields: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(fields).decode()
    except (ValueError, OverflowError):  # what only another program can have logged
        return json.dumps(fields)


def _harmless(text: str) -> str:
    """The text without control characters, which terminals obey."""
    return _UNWRITABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
