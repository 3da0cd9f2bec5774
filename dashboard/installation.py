"""What is installed, a checkout or a wheel: its version, its files, and where it keeps its own."""

import hashlib
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
# A wheel has inside of the package what lies beside it in a checkout (pyproject.toml).
_IN_WHEEL = PACKAGE / "files"
IS_WHEEL = _IN_WHEEL.is_dir()
# The folder of app.py, gunicorn.conf.py, pyproject.toml, templates/ and static/.
FILES = _IN_WHEEL if IS_WHEEL else PACKAGE.parent
_PARTS = (FILES / "app.py", FILES / "templates", FILES / "static", PACKAGE)
_SUFFIXES = {".py", ".json", ".html", ".js", ".css", ".svg", ".woff2"}
_MACHINE_STATE = Path("/var/lib/vitals")
_MACHINE_CONFIG = Path("/etc/vitals/vitals.toml")


def build_id() -> str:
    """Return twelve hexadecimal digits that change whenever a file of code or page does."""
    digest = hashlib.sha256()
    for part in _PARTS:
        for path in sorted(part.rglob("*")) if part.is_dir() else [part]:
            # From a wheel the other parts lie inside of the package.
            is_again = IS_WHEEL and part == PACKAGE and FILES in path.parents
            if path.suffix in _SUFFIXES and path.is_file() and not is_again:
                digest.update(path.relative_to(part.parent).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def version() -> str:
    """Return the project's version, "unknown" where its pyproject.toml is missing."""
    try:
        return str(project()["version"])
    except OSError:
        return "unknown"


@cache
def project() -> dict[str, Any]:
    """Return what pyproject.toml says of the project: `version`, `description` and the like."""
    found: dict[str, Any] = tomllib.loads((FILES / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def release(build: str) -> str:
    """Return what people are told of a build: its version, and the id itself."""
    return f"{version()}, build {build}"


def default_instance() -> Path:
    """Return the folder of the log and its like where the setting INSTANCE names none.

    In a checkout it is `instance` there. From a wheel it is /var/lib/vitals for root and whoever
    may write there, and for other users a folder of their own by the XDG rules.
    """
    if not IS_WHEEL:
        return FILES / "instance"
    if os.geteuid() == 0 or os.access(_MACHINE_STATE, os.W_OK):
        return _MACHINE_STATE
    return _xdg("XDG_STATE_HOME", ".local/state") / "vitals"


def default_config() -> Path | None:
    """Return the settings' file that the command `vitals` reads unless DASHBOARD_CONFIG names one.

    The user's own goes before the machine's, which not every user may read; None where there is
    neither.
    """
    files = (_user_config(), _MACHINE_CONFIG)
    return next((file for file in files if os.access(file, os.R_OK) and file.is_file()), None)


def own_config() -> Path:
    """Return the settings' file that this user may make: the machine's for root, else his own."""
    return _MACHINE_CONFIG if os.geteuid() == 0 else _user_config()


def _user_config() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config") / "vitals" / "vitals.toml"


def _xdg(variable: str, otherwise: str) -> Path:
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / otherwise
