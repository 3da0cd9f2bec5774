"""`vitals machines`: those that joined this wall."""

import os

import click

from dashboard import settings
from dashboard.access.right_store import minute
from dashboard.access.stores import open_stores
from dashboard.cli.usage_error import UsageError


@click.command()
@click.option("--remove", metavar="NAME", help="Take the right of one away; list none.")
def machines(remove: str | None) -> None:
    """List the machines that joined this wall by a code, or take the right of one away.

    A line has its name, when it joined, its version, and when and from where it was heard last, in
    UTC. The settings have to be those of the service.
    """
    store = open_stores(settings.load(os.environ)).machines
    try:
        if remove is not None:
            store.remove(remove)
            return
        known = store.machines()
    except KeyError:
        raise UsageError(f"--remove: no machine {remove!r} has joined") from None
    except OSError as error:
        raise UsageError(f"the list of machines can't be read or written: {error}") from None
    for each in known:
        heard = "not heard yet" if each.used is None else f"heard {minute(each.used)}"
        version = f"version {each.version or 'unknown'}"
        print(each.id, f"joined {minute(each.made)}", version, heard, each.used_from, sep="  ")
