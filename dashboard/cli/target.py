"""Where a command sends its events: this machine's log, or another Vitals over HTTP."""

import functools
import http.client
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec

from dashboard import settings
from dashboard.cli.usage_error import UsageError
from dashboard.client.http import dial, explanation, reason_of, request_target
from dashboard.events.event import Event, EventId
from dashboard.log.contract import AppendLog, LogUnavailable
from dashboard.log.http import HTTPLog, is_refused
from dashboard.log.opening import log_url, open_to_append
from dashboard.settings.types import HOST, Kind
from dashboard.settings.urls import SERVER_URL

_TIMEOUT = 10.0  # seconds
_MOST_ANSWER = 1 << 20
_SECRET = re.compile(settings.SECRET_PATTERN)


class Target:
    """An open log, and the name of the machine whose events go there."""

    def __init__(self, host: str, *, url: str = "", token: str = "") -> None:
        """Without a URL it is the log that the settings name. Raises LogUnavailable."""
        self.host, self.url, self.token = host, url, token
        ours = settings.load(os.environ)
        self._log: AppendLog = HTTPLog(url, token) if url else open_to_append(ours)
        self._is_file = not url and log_url(ours).startswith("sqlite:")

    def send(self, events: Sequence[Event], key: str) -> list[EventId]:
        """Log a batch; sent again under its key it is logged once. Raises LogUnavailable."""
        # What a file says it did not take it did not take: no key has to be kept there.
        return (
            self._log.append(events)
            if self._is_file
            else self._log.append_idempotent(key, "", events)
        )

    def close(self) -> None:
        """Let go of the log. A connection ends with the process: a thread may still wait for it."""
        if self._is_file:
            self._log.close()


class Value(click.ParamType[Any]):
    """The value of an option, read and refused as a setting of its kind would be."""

    name = "text"

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what a text stands for. Raises click.BadParameter."""
        try:
            return self._kind.parse(value)
        except ValueError:
            self.fail(f"{value!r}: allowed is {self._kind.allowed}", param, ctx)


def token_options(purpose: str, setting: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options --token-file and --token, for `given_token`."""
    in_file = f"Where {purpose} is [default: the setting {setting}]."
    add_file = click.option("--token-file", metavar="FILE", help=in_file)
    shown = "The token itself; all users' `ps` shows it."
    add_token = click.option("--token", metavar="TOKEN", help=shown)

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        return add_file(add_token(command))

    return add


def given_token(token: str | None, file: str | None, *, default: str) -> str:
    """Return the token of --token or --token-file, else the setting's. Raises UsageError."""
    if token is not None and file is not None:
        raise click.UsageError("--token and --token-file: one of the two is enough")
    if file is not None:
        try:
            token = Path(file).read_text("utf-8", errors="replace").strip()
        except OSError as error:
            raise UsageError(f"--token-file {file}: {error.strerror}") from None
    token = default if token is None else token
    if token and not _SECRET.fullmatch(token):
        raise UsageError("the token: a token is 16 to 512 visible ASCII characters")
    return token


def with_target(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --to, --token, --token-file and --host, and `target` for them."""

    @click.option(
        *("--to", "url"),
        metavar="URL",
        type=Value(SERVER_URL),
        help="Send to the Vitals at this URL, not to this machine's log [default: PUBLISH_TO].",
    )
    @token_options("the token for --to", "PUBLISH_TOKEN")
    @click.option(
        *("--host", "host"),
        metavar="NAME",
        type=Value(HOST),
        help="The machine that it is about [default: HOST_NAME].",
    )
    @functools.wraps(function)
    def command(
        *,
        url: str | None,
        token: str | None,
        token_file: str | None,
        host: str | None,
        **others: Any,
    ) -> Any:
        ours = settings.load(os.environ)
        is_given = token is not None or token_file is not None
        url = url or ours.publish_to
        if url:
            token = given_token(token, token_file, default=ours.publish_token)
            if not token:
                raise click.UsageError(
                    f"{url} wants a token: --token-file, or the setting PUBLISH_TOKEN"
                )
        elif is_given:
            raise click.UsageError("a token is for --to: this machine's log needs none")
        try:
            target = Target(host or ours.host_name, url=url, token=token or "")
        except LogUnavailable as error:
            raise click.ClickException(str(error)) from None
        with closing(target):
            return function(target=target, **others)

    return command


def post(url: str, path: str, body: dict[str, Any], *, token: str = "") -> bytes:
    """Ask the Vitals at a URL to make something; return its answer. Raises ClickException."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    connection = dial(url, _TIMEOUT)
    try:
        target = request_target(url.rstrip("/") + path)
        connection.request("POST", target, msgspec.json.encode(body), headers)
        response = connection.getresponse()
        answer = response.read(_MOST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(f"{url}: {reason_of(error)}") from None
    finally:
        connection.close()
    if response.status != 201:
        there = response.headers.get("Location")
        more = f"; it leads to {there[:200]!r}" if there else ""
        kind = UsageError if is_refused(response.status) else click.ClickException
        raise kind(f"{url}: {explanation(response.status, answer)}{more}")
    return answer


def echo_err(text: str) -> None:
    """Tell the operator, on standard error, in the name of the command: `flask` or `vitals`."""
    program = Path(sys.argv[0])  # .../bin/flask, or .../flask/__main__.py
    name = "flask" if "flask" in (program.name, program.parent.name) else "vitals"
    print(f"{name}: {text}", file=sys.stderr, flush=True)
