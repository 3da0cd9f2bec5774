"""`flask doctor`: what is wrong with a stream, ours or not, and what to change."""

import os
import sys
from urllib.parse import urlsplit

import click
import msgspec

from dashboard import settings
from dashboard.cli.target import Value, given_token, token_options
from dashboard.cli.usage_error import UsageError
from dashboard.doctor import Finding, Unreachable, examine, probe
from dashboard.settings.types import matching

_MARKS = {"ok": "ok", "note": "note", "problem": "PROBLEM"}
_ORIGIN = matching(r"https?://[^/?#\s]+", "one such as https://intranet.example")
_PROBLEMS, _UNREACHABLE = 1, 2


@click.command()
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option(
    "--origin",
    type=Value(_ORIGIN),
    metavar="ORIGIN",
    help="Whether pages of this origin may read it, as https://a.b.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 3600),
    default=20,
    show_default=True,
    help="How long to look.",
)
@token_options("its token", "READ_TOKEN")
def doctor(
    url: str,
    as_json: bool,
    origin: str | None,
    seconds: float,
    token: str | None,
    token_file: str | None,
) -> None:
    """Look at the stream at URL from outside, and say in plain words what to change.

    Any endpoint of Server-Sent Events will do; of a Vitals its address is enough. Redirects are
    followed.

    Ends with status 0 if all is well, with 1 if there are problems, with 2 if it could not look.
    """
    url = _checked(url)
    default = settings.load(os.environ).read_token
    given = given_token(token, token_file, default=default)
    try:
        observation = probe(url, seconds=seconds, token=given, origin=origin)
    except Unreachable as error:
        raise UsageError(f"{url}: {error}") from None
    url, findings = observation.url, examine(observation)
    is_well = all(finding.level != "problem" for finding in findings)
    if as_json:
        answer = {"url": url, "ok": is_well, "findings": findings}
        click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
    else:
        click.echo("\n".join([url, *(_lines(finding) for finding in findings)]))
    sys.exit(0 if is_well else _PROBLEMS)


def _checked(text: str) -> str:
    """Return the URL without its fragment. Raises UsageError."""
    parts = urlsplit(text)
    try:
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise UsageError(f"{text!r}: wanted is a URL such as https://vitals.example/stream")
    return parts._replace(path=parts.path or "/", fragment="").geturl()


def _lines(finding: Finding) -> str:
    text = f"{_MARKS[finding.level]:>7}  {finding.check:<13} {_harmless(finding.text)}"
    return f"{text}\n{'':24}→ {_harmless(finding.advice)}" if finding.advice else text


def _harmless(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
