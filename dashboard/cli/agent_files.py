"""What a machine that joins has on its disk: the settings of its agent, and a unit of systemd.

The unit is deploy/vitals-agent.service, with the program and the settings that there are. A user's
own is without what only the system's manager can do.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from dashboard.installation import FILES, PACKAGE, default_config, own_config
from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.ownership import make_folder

NAME = "vitals-agent.service"
_STATE = "vitals-agent"  # below /var/lib
# Of the unit's keys those that are written anew, and those that a user's manager takes, too.
_OWN = {"User", "Group", "WorkingDirectory", "Environment", "ExecStart", "Documentation"}
_ANYBODYS = (
    *("KillMode", "TimeoutStopSec", "Restart", "RestartSec", "RestartPreventExitStatus"),
    *("SyslogIdentifier", "UMask", "MemoryHigh", "MemoryMax", "TasksMax", "NoNewPrivileges"),
)


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
    command = ["systemctl", *scope, "--quiet", *arguments]
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
