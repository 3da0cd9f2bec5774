"""Where this program's files lie, and where it keeps its own: in a checkout or from a wheel."""

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
# A wheel has inside of the package what lies beside it in a checkout (pyproject.toml).
_IN_WHEEL = PACKAGE / "files"
IS_WHEEL = _IN_WHEEL.is_dir()
# The folder of app.py, gunicorn.conf.py, pyproject.toml, templates/ and static/.
FILES = _IN_WHEEL if IS_WHEEL else PACKAGE.parent
_MACHINE_STATE = Path("/var/lib/vitals")
_MACHINE_CONFIG = Path("/etc/vitals/vitals.toml")


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

    The user's own goes before the machine's; None where there is neither.
    """
    files = (_user_config(), _MACHINE_CONFIG)
    return next((file for file in files if file.is_file()), None)


def own_config() -> Path:
    """Return the settings' file that this user may make: the machine's for root, else his own."""
    return _MACHINE_CONFIG if os.geteuid() == 0 else _user_config()


def _user_config() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config") / "vitals" / "vitals.toml"


def _xdg(variable: str, otherwise: str) -> Path:
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / otherwise
