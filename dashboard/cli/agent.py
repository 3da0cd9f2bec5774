"""`flask agent`: this machine's sampler, without a service."""

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

import click

from dashboard.installation import PACKAGE


@click.command()
def agent() -> None:
    """Sample this machine for the log that LOG names, and serve nothing.

    LOG may be a Redis or a file, or the URL of another Vitals, whose PUBLISH_TOKEN is the
    token. What can't be sent waits, within bounds. It runs until it is told to stop, and then sends
    what it has.
    """
    become_agent(os.environ)


def become_agent(environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by an agent's with the settings of an environment."""
    # A process of its own, as this one has Flask and all pages in memory: three times as much.
    paths = [str(PACKAGE.parent), *filter(None, [environ.get("PYTHONPATH")])]
    # Its few threads hardly allocate: an arena for each would be a megabyte of nothing.
    own = {"MALLOC_ARENA_MAX": "1", **environ, "PYTHONPATH": os.pathsep.join(paths)}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "dashboard.agent"], own)
