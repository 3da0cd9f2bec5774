"""`flask sign`: a key that gives a right to read, limited and with an end; and their list."""

import os
import sys
import time

import click

from dashboard import settings
from dashboard.access.link_store import (
    LABEL,
    PATH,
    Link,
    LinksFull,
    LinkStore,
    new_id,
    with_key,
)
from dashboard.access.right_store import minute
from dashboard.access.secret_key import secret_key
from dashboard.access.signed_links import SignedLinks
from dashboard.access.stores import open_stores
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
_PATH = matching(PATH, "a path of this service, such as /embed/cpu")
_LABEL = matching(LABEL, "at most 100 characters, one line")


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
@click.option("--label", default="", type=Value(_LABEL), help="What the list says of it.")
@click.option("--list", "lists", is_flag=True, help="List the links instead; make none.")
@click.option("--revoke", metavar="ID", help="Revoke one of the list instead; make none.")
def sign(
    events: tuple[str, ...] | None,
    hosts: tuple[str, ...] | None,
    expires: float,
    path: str,
    url: str | None,
    label: str,
    lists: bool,
    revoke: str | None,
) -> None:
    """Print a key that lets whoever has it read, without the token.

    It may cover only some events and hosts, it ends by itself or when it is revoked, and a new
    SECRET_KEY ends all that there are. The settings have to be those of the service. --list has
    all links, by --label, with their last use and their end, in UTC.
    """
    ours = settings.load(os.environ)
    store = open_stores(ours).links
    if lists or revoke is not None:
        _revoke_or_list(store, revoke)
        return
    if not ours.secret_key and not ours.limits_reading:
        raise UsageError("there is nothing to sign with: set SECRET_KEY, or READ_TOKEN")
    if not ours.limits_reading:
        print("no READ_TOKEN is set here: everybody may read, with a key or not", file=sys.stderr)
    now = time.time()
    scope = Scope(events, hosts, now + expires, new_id())
    key = SignedLinks(secret_key(ours), ours.read_token).token(scope)
    _write_down(store, scope, label, now)
    assert scope.expires is not None
    print(f"{scope}, until {minute(scope.expires)} UTC", file=sys.stderr)
    print(key)
    if url is not None:
        print(f"{url}{with_key(path, key)}")


def _write_down(store: LinkStore, scope: Scope, label: str, now: float) -> None:
    """Put a link on the list. It is good without; where there is no list a line says so."""
    assert scope.link is not None
    assert scope.expires is not None
    link = Link(
        id=scope.link,
        label=label,
        events=scope.events,
        hosts=scope.hosts,
        made=round(now, 3),
        expires=round(scope.expires),
    )
    try:
        store.add(link)
    except (OSError, LinksFull) as error:
        print(f"not on the list of links until it is used: {error}", file=sys.stderr)


def _revoke_or_list(store: LinkStore, revoke: str | None) -> None:
    try:
        links = list(store.rights().values()) if revoke is None else [store.revoke(revoke)]
    except KeyError:
        raise UsageError(f"--revoke: no link {revoke!r} is known; --list has them") from None
    except OSError as error:
        raise UsageError(f"the links can't be read or written: {error}") from None
    for link in sorted(links, key=lambda link: link.made):
        end = f"expires {minute(link.expires)}"
        if link.revoked is not None:
            end = f"revoked {minute(link.revoked)}"
        used = "never used" if link.used is None else f"used {minute(link.used)} {link.used_from}"
        scope = Scope(link.events, link.hosts)
        print(link.id, f"made {minute(link.made)}", end, used, link.label or "-", scope, sep="  ")
