"""`vitals join`: this machine's samples go to another one's wall, from one line."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import click

from dashboard import settings
from dashboard.cli.agent import become_agent
from dashboard.cli.agent_files import (
    NAME,
    install_unit,
    settings_file,
    systemctl,
    unit_folder,
    write_settings,
)
from dashboard.cli.target import Value, echo_err, post
from dashboard.cli.usage_error import UsageError
from dashboard.installation import version
from dashboard.settings.types import HOST
from dashboard.settings.urls import SERVER_URL

_CLOCK_OFFSET = 5.0  # seconds by which clocks may differ without a word
_PATIENCE = 30.0  # seconds until the first sample was taken
_WRITTEN = ("log", "publish_token", "host_name")


@click.command()
@click.argument("url", type=Value(SERVER_URL))
@click.argument("code")
@click.option(
    "--host", metavar="NAME", type=Value(HOST), help="This machine's name [default: HOST_NAME]."
)
@click.option("--no-start", is_flag=True, help="Write the settings, and start nothing.")
@click.option("--foreground", is_flag=True, help="Run the agent here, also where systemd is.")
def join(url: str, code: str, host: str | None, no_start: bool, foreground: bool) -> None:
    """Join the wall at URL by a CODE, which `vitals invite` there or its page /machines prints.

    This machine gets a token of its own, by which it sends its samples and nothing of others. The
    settings go to a file for this user alone. Where systemd is, a unit runs the agent from now on;
    else it runs here, until it is told to stop. Join again, with a new code, to change the name.
    """
    host = host or settings.load(os.environ).host_name
    path = settings_file()
    before = _token_of_before(path, url)
    asked = {"code": code, "host": host, "time": time.time(), "version": version()}
    answer = _ask(url, asked | ({"before": before} if before else {}))
    try:
        write_settings(path, dict(zip(_WRITTEN, (url, answer["token"], host), strict=True)))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"joined, but {path} can't be written: {error}") from None
    echo_err(f"{host} has joined {url}; its settings are in {path}")
    ahead = answer["ahead"]
    if abs(ahead) > _CLOCK_OFFSET:
        order = "ahead of" if ahead > 0 else "behind"
        echo_err(
            f"this machine's clock is {abs(ahead):.0f} s {order} the wall's: set it, or its "
            "figures are drawn at the wrong time"
        )
    if no_start:
        return
    folder = None if foreground else unit_folder()
    if folder is None:
        # Variables go before the file.
        left = {f"DASHBOARD_{key.upper()}" for key in _WRITTEN}
        environ = {name: text for name, text in os.environ.items() if name not in left}
        become_agent(environ | {"DASHBOARD_CONFIG": str(path)})
    _start_unit(folder, path)
    print(f"{host} is on the wall")


def _token_of_before(path: Path, url: str) -> str | None:
    """Return the token by which this machine is in already. Raises UsageError."""
    if not path.exists():
        return None
    try:
        found = settings.load({"DASHBOARD_CONFIG": str(path)})
    except settings.SettingError as error:
        raise UsageError(str(error)) from None
    is_agents = found.log.startswith(settings.APPEND_ONLY)
    if not is_agents and (found.log or found.read_token or found.publish_token):
        raise UsageError(
            f"{path} has the settings of a wall, which would be an agent's then: let "
            "DASHBOARD_CONFIG name another file"
        )
    return found.publish_token if found.log == url else None


def _ask(url: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what a Vitals answers to a machine that wants to join. Raises ClickException."""
    try:
        found = json.loads(post(url, "/machines/join", asked))
        return {"token": str(found["token"]), "ahead": float(found["ahead"])}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise click.ClickException(f"{url}: what answers there is no Vitals") from None


def _start_unit(folder: Path, path: Path) -> None:
    """Have systemd run the agent; returns when the wall accepts its samples."""
    try:
        install_unit(folder, path)
        systemctl("restart", NAME, seconds=_PATIENCE)
    except subprocess.CalledProcessError as error:
        raise click.ClickException(f"systemd: {error.stderr.strip()}") from None
    except subprocess.TimeoutExpired:
        user = "" if os.geteuid() == 0 else "--user "
        raise click.ClickException(
            f"the agent runs, and no sample was accepted within {_PATIENCE:.0f} s: "
            f"journalctl {user}-u {NAME} says why"
        ) from None
    except OSError as error:
        raise click.ClickException(f"{folder / NAME}: {error}") from None
