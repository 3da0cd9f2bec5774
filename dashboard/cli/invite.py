"""`vitals invite`: a code by which another machine joins this wall."""

import os
import sys

import click

from dashboard import settings
from dashboard.access.machine_store import JoinRefused
from dashboard.access.stores import open_stores
from dashboard.cli.target import Value
from dashboard.cli.usage_error import UsageError
from dashboard.posix.own_address import url_to_open
from dashboard.settings.types import HOST
from dashboard.settings.urls import SERVER_URL


@click.command()
@click.option(
    "--host", metavar="NAME", type=Value(HOST), help="The only name that may join [default: any]."
)
@click.option(
    "--url",
    metavar="BASE",
    type=Value(SERVER_URL),
    help="The wall's address for other machines [default: this machine's, port 8000].",
)
def invite(host: str | None, url: str | None) -> None:
    """Print a code by which another machine joins this wall, and the line to paste there.

    The code is good once, for an hour. The settings have to be those of the service.
    """
    store = open_stores(settings.load(os.environ)).machines
    try:
        code = store.invite(host)
    except (JoinRefused, OSError) as error:
        raise UsageError(f"no code could be made: {error}") from None
    print("good once, for an hour; the line is for the other machine:", file=sys.stderr)
    print(code)
    line = f"vitals join {url or url_to_open('http://0.0.0.0:8000')} {code}"
    print(line + (f" --host {host}" if host else ""))
