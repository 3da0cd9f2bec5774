"""`flask sign`: a key that gives a right to read, limited and with an end."""

import os
import re
import sys
import time
from collections.abc import Callable
from urllib.parse import quote

import click

from dashboard import settings
from dashboard.access.secret_key import secret_key
from dashboard.access.signed_links import LONGEST, SignedLinks
from dashboard.cli.target import UsageError
from dashboard.events.scope import Scope

_MOST = 100


def _patterns(pattern: str, allowed: str) -> Callable[..., tuple[str, ...] | None]:
    def parse(
        context: click.Context, parameter: click.Parameter, value: str | None
    ) -> tuple[str, ...] | None:
        if value is None:
            return None
        items = tuple(dict.fromkeys(item.strip() for item in value.split(",")))
        for item in items:
            if not re.fullmatch(pattern, item):
                raise click.BadParameter(f"{item!r}: allowed are {allowed}, separated by commas")
        if len(items) > _MOST:
            raise click.BadParameter(f"{len(items)} items; at most {_MOST}")
        return items

    return parse


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> float:
    try:
        seconds = settings.parse_duration(value)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= LONGEST or value.strip()[-1].isdigit():
        raise click.BadParameter(f"{value!r}: allowed is such as 12h, 90d or 4w, at most 3660d")
    return seconds


def _path(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"/(?![/\\])[!-~]*", value) or "#" in value:
        raise click.BadParameter(f"{value!r}: wanted is a path of this service, such as /embed/cpu")
    return value


def _base(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else settings.server_url(value)
    except ValueError:
        raise click.BadParameter(f"{value!r}: wanted is one such as https://wall.example") from None


@click.command()
@click.option(
    "--events",
    metavar="NAMES",
    callback=_patterns(settings.EVENTS_PATTERN, "names of events such as cpu or build.*"),
    help="Only these events: cpu,memory,build.* [default: all].",
)
@click.option(
    "--host",
    "hosts",
    metavar="NAMES",
    callback=_patterns(settings.HOSTS_PATTERN, "names of hosts such as db-1 or web-*"),
    help="Only these hosts: db-1,web-* [default: all].",
)
@click.option(
    "--expires",
    metavar="TIME",
    default="90d",
    show_default=True,
    callback=_seconds,
    help="For how long it is good: 12h, 90d, 52w.",
)
@click.option(
    "--path",
    metavar="PATH",
    default="/",
    show_default=True,
    callback=_path,
    help="What the link opens: /?distance=4m, /embed/cpu.",
)
@click.option("--url", metavar="BASE", callback=_base, help="Print a whole link as well.")
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
