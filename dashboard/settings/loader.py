"""Reading the settings: from the environment, and from the file that it names."""

import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .notify import check_routes
from .publishers import check_users
from .schema import Settings
from .setting import is_table
from .sources import check_names
from .tables import WrongTable
from .urls import LOG_URL
from .validation import InvalidField

PREFIX = "DASHBOARD_"
_TABLES = frozenset(field.name for field in dataclasses.fields(Settings) if is_table(field))
_PLAIN = frozenset(field.name for field in dataclasses.fields(Settings)) - _TABLES


class SettingError(Exception):
    """A setting that cannot be used; the text names the key, the value and what is allowed."""


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment and the TOML file that its DASHBOARD_CONFIG names.

    Raises `SettingError` for the first key that is unknown or whose value is not allowed, and
    for a file that cannot be read.
    """
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    for key, (where, text) in _given(environ).items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"; did you mean {near[0].upper()}?" if near else ""
            known = ", ".join(name.upper() for name in fields)
            raise SettingError(f"{where}: there is no such setting{hint} (there are {known})")
        kind = fields[key].metadata["kind"]
        try:
            values[key] = kind.parse(text)
        except (WrongTable, InvalidField) as error:
            raise SettingError(f"{where}: {error}") from None
        except ValueError:
            # This line ends up in logs.
            hidden = kind.secret or (kind is LOG_URL and "@" in text)
            shown_text = re.sub(r"//[^/@\s]*@", "//…@", text)  # a URL may hold a password
            shown = " (not shown, as it is a secret)" if hidden else f"={shown_text!r}"
            raise SettingError(f"{where}{shown}: allowed is {kind.allowed}") from None
    settings = Settings(**values)
    try:
        check_names([*settings.scrape, *settings.command])
    except WrongTable as error:
        raise SettingError(f"scrape and command: {error}") from None
    try:
        check_users(values)
        check_routes(settings.routes, settings.notify)
    except WrongTable as error:
        raise SettingError(str(error)) from None
    return settings


def as_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The same settings as variables alone, with those of the file that DASHBOARD_CONFIG names.

    Raises `SettingError` for a file that cannot be read.
    """
    return {PREFIX + key.upper(): text for key, (_, text) in _given(environ).items()}


def without_prefix(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that are named as a setting is and lack the prefix, so are not read.

    Only names of several words, such as READ_TOKEN: others may mean something else.
    """
    names = [field.name.upper() for field in dataclasses.fields(Settings)]
    return [name for name in names if "_" in name and name in environ]


def _given(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Each key that is given, with where it stands and its text."""
    given: dict[str, tuple[str, str]] = {}
    path = environ.get(PREFIX + "CONFIG")
    if path:
        for key, value in _read_file(path).items():
            # A TOML date is no JSON; as a text it is refused like any other wrong value.
            text = json.dumps(value, default=str) if key.lower() in _TABLES else str(value)
            given[key.lower()] = (f"{key} in {path}", text)
    for name, text in environ.items():
        if name.startswith(PREFIX) and name != PREFIX + "CONFIG":
            given[name.removeprefix(PREFIX).lower()] = (name, text)
    return given


def _read_file(path: str) -> dict[str, Any]:
    try:
        content = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SettingError(f"{PREFIX}CONFIG={path!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{PREFIX}CONFIG={path!r}: not TOML: {error}") from None
    for key, value in content.items():
        # true and false are numbers to Python
        if not isinstance(value, str | int | float) and key.lower() in _PLAIN:
            raise SettingError(f"{key} in {path}: a text, a number, true or false is wanted")
    return content
