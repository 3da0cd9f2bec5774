"""The commands of Flask's own `flask`: publishing, reading, signing, looking (docs/cli.md).

They start nothing of the service. They write to the log that the settings name, whether or not the
service runs, or to another Vitals over HTTP; `tail` is a client of the stream like any other;
`agent` becomes a process of its own.
"""

import errno
import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from functools import wraps
from pathlib import Path
from typing import Any

import click
from gevent import monkey

from dashboard import settings
from dashboard.cli.usage_error import UsageError

__all__ = ["Commands", "load_settings"]

# Each is a function of its name in a module of its name.
_NAMES = (
    *("ack", "agent", "doctor", "export", "invite", "join", "log", "machines"),
    *("progress", "publish", "sign", "silence", "tail"),
)


class Commands(click.Group):
    """The commands, each imported when it is asked for: the service asks for none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *_NAMES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, None where there is none."""
        if cmd_name not in _NAMES:
            return super().get_command(ctx, cmd_name)
        try:
            module = importlib.import_module(f"dashboard.cli.{cmd_name}")
        except ModuleNotFoundError as error:  # of vitals-agent, which brings less
            raise UsageError(
                f"{cmd_name} needs {error.name}: install vitals, not vitals-agent"
            ) from None
        command: click.Command = copy(getattr(module, cmd_name))
        command.callback = _with_standard_streams(command.callback)
        return command


def _with_standard_streams(run: Callable[..., Any] | None) -> Callable[..., Any]:
    """Let a command take closed streams for empty ones, and tell of a full disk in one line."""
    assert run is not None

    @wraps(run)
    def command(*given: Any, **options: Any) -> Any:
        for name, mode in (("stdin", "r"), ("stdout", "w")):
            if getattr(sys, name) is None:
                setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115
        try:
            result = run(*given, **options)
            sys.stdout.flush()
        except OSError as error:
            if error.errno == errno.EPIPE:  # which click knows
                raise
            # Python would complain once more when it closes the file.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror or error}") from None
        return result

    return command


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
        from dashboard.runtime import NEEDS_GEVENT  # with all of the service, which serves then

        raise UsageError(NEEDS_GEVENT)
    return found


def _address(host: str) -> str | tuple[str]:
    return host if host.startswith("unix://") else (host,)
