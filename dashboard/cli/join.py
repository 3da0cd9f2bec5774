"""`vitals join`: this machine's samples go to another one's wall, from one line.

Written are the settings of an agent, and a unit of systemd: deploy/vitals-agent.service, with the
program and the settings that there are. A user's own is without what only the system's manager can
do.
"""

import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dashboard import settings
from dashboard.cli.agent import become_agent
from dashboard.cli.target import Value, echo_err, post
from dashboard.cli.usage_error import UsageError
from dashboard.installation import FILES, PACKAGE, default_config, own_config, version
from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.ownership import make_folder
from dashboard.settings.types import HOST
from dashboard.settings.urls import SERVER_URL

NAME = "vitals-agent.service"
_STATE = "vitals-agent"  # below /var/lib
# Of the unit's keys those that are written anew, and those that a user's manager takes, too.
_OWN = {"User", "Group", "WorkingDirectory", "Environment", "ExecStart", "Documentation"}
_ANYBODYS = (
    *("KillMode", "TimeoutStopSec", "Restart", "RestartSec", "RestartPreventExitStatus"),
    *("SyslogIdentifier", "UMask", "MemoryHigh", "MemoryMax", "TasksMax", "NoNewPrivileges"),
)
_CLOCK_OFFSET = 5.0  # seconds by which clocks may differ without a word
_PATIENCE = 30.0  # seconds until the first sample was taken
_WRITTEN = ("log", "publish_token", "host_name")


@click.command()
@click.argument("url", type=Value(SERVER_URL))
@click.argument("code")
@click.option(
    "--host", metavar="NAME", type=Value(HOST), help="This machine's name [default: HOST_NAME]."
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the settings are written [default: the file that vitals reads].",
)
@click.option("--no-start", is_flag=True, help="Write the settings, and start nothing.")
@click.option("--foreground", is_flag=True, help="Run the agent here, also where systemd is.")
def join(
    url: str, code: str, host: str | None, config: Path | None, no_start: bool, foreground: bool
) -> None:
    """Join the wall at URL by a CODE, which `vitals invite` there or its page /machines prints.

    This machine gets a token of its own, by which it sends its samples and nothing of others. The
    settings go to a file for this user alone. Where systemd is, a unit runs the agent from now on;
    else it runs here, until it is told to stop. Join again, with a new code, to change the name.
    """
    host = host or settings.load(os.environ).host_name
    path = config.absolute() if config else settings_file()
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
    try:
        if not path.exists():
            return None
        found = settings.load({"DASHBOARD_CONFIG": str(path)})
    except (settings.SettingError, OSError) as error:
        raise UsageError(str(error)) from None
    is_agents = found.log.startswith(settings.APPEND_ONLY)
    if not is_agents and (found.log or found.read_token or found.publish_token):
        raise UsageError(
            f"{path} has the settings of a wall, which would be an agent's then: name another file "
            "with --config"
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


def settings_file() -> Path:
    """Return the file with the settings of this user's agent, which may not be there yet."""
    given = os.environ.get("DASHBOARD_CONFIG")
    path = Path(given) if given else default_config()
    return path if path is not None and os.access(path, os.W_OK) else own_config()


def write_settings(path: Path, settings: Mapping[str, str]) -> None:
    """Write texts into a settings' file (0600), in the place of those of before.

    What else is in the file stays. Raises OSError, and ValueError for a file that can't be changed.
    """
    text = path.read_text("utf-8") if path.exists() else ""
    head, bracket, tables = re.split(r"(^[ \t]*\[|\Z)", text, maxsplit=1, flags=re.MULTILINE)
    names = "|".join(settings)
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
    rest = re.sub(rf"(?im)^[ \t]*(?:{names})[ \t]*=.*\n?", "", head)
    written = "".join(lines) + rest + bracket + tables
    before, after = tomllib.loads(text), tomllib.loads(written)
    for found in (before, after):
        for key in [key for key in found if key.lower() in settings]:
            del found[key]
    if before != after:
        raise ValueError("its keys can't be told apart")
    make_folder(path.parent, 0o755)
    write_atomically(path, written.encode())


def unit_folder() -> Path | None:
    """Return where this user's units are; None where there is no systemd for him."""
    if os.geteuid() == 0:
        return Path("/etc/systemd/system") if Path("/run/systemd/system").is_dir() else None
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime or not (Path(runtime) / "systemd" / "private").exists():
        return None
    return Path.home() / ".config" / "systemd" / "user"


def install_unit(folder: Path, config: Path) -> None:
    """Write the unit, and have it started at each boot. Raises OSError and CalledProcessError."""
    make_folder(folder, 0o755)
    text = unit(config, is_system=os.geteuid() == 0)
    (folder / NAME).write_text(text, "utf-8")
    systemctl("daemon-reload")
    systemctl("enable", NAME)


def systemctl(*arguments: str, seconds: float = 60.0) -> None:
    """Tell the manager of this user. Raises OSError, and subprocess's own errors."""
    scope = [] if os.geteuid() == 0 else ["--user"]
    command = ["systemctl", *scope, *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds)


def unit(config: Path, *, is_system: bool) -> str:
    """Return the unit of an agent with a settings' file."""
    environ = {"PYTHONPATH": str(PACKAGE.parent), "DASHBOARD_CONFIG": str(config)}
    # It is ready when the wall accepts its samples, however long that takes.
    own = {
        "Type": "notify",
        "TimeoutStartSec": "infinity",
        "Environment": "MALLOC_ARENA_MAX=1",
        "ExecStart": f'"{sys.executable}" -m dashboard.agent',
    }
    if is_system:
        # Root's settings are handed to a user of its own, or to him who alone can read the program.
        is_open = all(_is_open(path) for path in (PACKAGE, Path(sys.executable)))
        own |= {"StateDirectory": _STATE, "LoadCredential": f"vitals.toml:{config}"}
        own |= {"DynamicUser": "yes"} if is_open else {"User": str(PACKAGE.stat().st_uid)}
        environ["DASHBOARD_INSTANCE"] = f"/var/lib/{_STATE}"
        environ["DASHBOARD_CONFIG"] = "%d/vitals.toml"
    lines = []
    for line in (FILES / "deploy" / NAME).read_text("utf-8").splitlines():
        key, _, _ = line.partition("=")
        in_service = "[Service]" in lines and "[Install]" not in lines
        if key in own or key in _OWN or line.startswith("#"):
            continue
        if in_service and line and not is_system and key not in (*_ANYBODYS, "[Install]"):
            continue
        lines.append("WantedBy=default.target" if key == "WantedBy" and not is_system else line)
        if line == "[Service]":
            lines += [f"{name}={value}" for name, value in own.items()]
            lines += [f'Environment="{name}={value}"' for name, value in environ.items()]
    return "\n".join(lines) + "\n"


def _is_open(path: Path) -> bool:
    """Return True if other users can reach a file or folder."""
    return all(each.stat().st_mode & 0o1 for each in (path, *path.resolve().parents, *path.parents))
