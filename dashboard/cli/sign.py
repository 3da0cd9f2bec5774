"""`flask sign`: a key that gives a right to read, limited and with an end."""

import os
import sys
import time
from urllib.parse import quote

import click

from dashboard import settings
from dashboard.access.secret_key import secret_key
from dashboard.access.signed_links import SignedLinks
from dashboard.cli.target import Value
from dashboard.cli.usage_error import UsageError
from dashboard.events.scope import Scope
from dashboard.settings.types import Kind, duration, list_of, matching
from dashboard.settings.urls import SERVER_URL

_EVENTS = list_of(
    settings.EVENTS_PATTERN, "1 to 100 names such as cpu or build.*, separated by commas", most=100
)
_HOSTS = list_of(
    settings.HOSTS_PATTERN, "1 to 100 names such as db-1 or web-*, separated by commas", most=100
)
_LASTING = duration("1s", "3660d")
_PATH = matching(r'/(?![/\\])[!"$-~]*', "a path of this service, such as /embed/cpu")


def _seconds(text: str) -> float:
    if text.strip()[-1:].isdigit():
        raise ValueError  # nobody means seconds
    return float(_LASTING.parse(text))


@click.command()
@click.option(
    "--events",
    metavar="NAMES",
    type=Value(_EVENTS),
    help="Only these events: cpu,memory,build.* [default: all].",
)
@click.option(
    "--host",
    "hosts",
    metavar="NAMES",
    type=Value(_HOSTS),
    help="Only these hosts: db-1,web-* [default: all].",
)
@click.option(
    "--expires",
    metavar="TIME",
    default="90d",
    show_default=True,
    type=Value(Kind(_seconds, f"{_LASTING.allowed}, such as 12h, 90d or 4w")),
    help="For how long it is good: 12h, 90d, 52w.",
)
@click.option(
    "--path",
    metavar="PATH",
    default="/",
    show_default=True,
    type=Value(_PATH),
    help="What the link opens: /?distance=4m, /embed/cpu.",
)
@click.option("--url", metavar="BASE", type=Value(SERVER_URL), help="Print a whole link as well.")
def sign(
    events: tuple[str, ...] | None,
    hosts: tuple[str, ...] | None,
    expires: float,
    path: str,
    url: str | None,
) -> None:
    """Print a key that lets whoever has it read, without the token.

    It may cover only some events and hosts, it ends by itself, and a new SECRET_KEY ends all that
    there are. The settings have to be those of the service.
    """
    ours = settings.load(os.environ)
    if not ours.secret_key and not ours.read_token:
        raise UsageError("there is nothing to sign with: set SECRET_KEY, or READ_TOKEN")
    if not ours.read_token:
        print("no READ_TOKEN is set here: everybody may read, with a key or not", file=sys.stderr)
    links = SignedLinks(secret_key(ours), ours.read_token)
    scope = Scope(events, hosts, time.time() + expires)
    key = links.token(scope)
    end = time.strftime("%Y-%m-%d %H:%M", time.gmtime(scope.expires))
    print(f"{scope}, until {end} UTC", file=sys.stderr)
    print(key)
    if url is not None:
        print(f"{url}{path}{'&' if '?' in path else '?'}key={quote(key)}")
