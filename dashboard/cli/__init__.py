"""The commands of Flask's own `flask`: publishing, reading, signing, looking (docs/cli.md).

They start nothing of the service. They write to the log that the settings name, whether or not the
service runs, or to another Vitals over HTTP; `tail` is a client of the stream like any other;
`agent` becomes a process of its own.
"""

import os

import click
from gevent import monkey

from dashboard import settings
from dashboard.cli import agent, doctor, export, log, progress, publish, sign, tail
from dashboard.cli.target import UsageError
from dashboard.runtime import NEEDS_GEVENT

__all__ = ["load_settings", "register"]


def register(group: click.Group) -> None:
    """Add the commands to a group: that of a Flask app."""
    writing = (publish.publish, progress.progress, log.log)
    for command in (*writing, tail.tail, export.export, sign.sign, agent.agent, doctor.doctor):
        group.add_command(command)


def load_settings() -> settings.Settings:
    """The settings of the environment, for a command or for whoever imports the application.

    All but our own commands serve it, `flask run` among them, so there they have to be those of a
    service: once at the start, and not at each request. Raises SettingError, or in a command
    UsageError.
    """
    context = click.get_current_context(silent=True)
    run = context if context is not None and context.command.name == "run" else None
    try:
        found = settings.load(os.environ)
        if context is None or run is not None:
            settings.check_serves(found)
        if run is not None:
            settings.check_bound(found, [_address(run.params["host"])])
    except settings.SettingError as error:
        if context is None:
            raise
        raise UsageError(str(error)) from None
    if run is not None and not monkey.is_module_patched("socket"):
        raise UsageError(NEEDS_GEVENT)
    return found


def _address(host: str) -> str | tuple[str]:
    return host if host.startswith("unix://") else (host,)
