"""The commands of Flask's own `flask`: publishing, reading, signing, looking (docs/cli.md).

They start nothing of the service. They write to the log that the settings name, whether or not the
service runs, or to another Vitals over HTTP; `tail` is a client of the stream like any other;
`agent` becomes a process of its own.
"""

import os

import click

from dashboard import settings
from dashboard.cli import agent, doctor, log, progress, publish, sign, tail
from dashboard.cli.target import Wrong

__all__ = ["load_settings", "register"]


def register(group: click.Group) -> None:
    """Add the commands to a group: that of a Flask app."""
    writing = (publish.publish, progress.progress, log.log)
    for command in (*writing, tail.tail, sign.sign, agent.agent, doctor.doctor):
        group.add_command(command)


def load_settings() -> settings.Settings:
    """The settings of the environment. Raises SettingError, or inside of a command Wrong."""
    try:
        return settings.load(os.environ)
    except settings.SettingError as error:
        if click.get_current_context(silent=True) is None:
            raise
        raise Wrong(str(error)) from None
