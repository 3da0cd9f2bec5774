"""Every setting, declared once: key, default, what is allowed, meaning.

This is the only reader of the environment. A setting is the environment variable `DASHBOARD_<KEY>`
or the key `<key>` (either case) of the TOML file that `DASHBOARD_CONFIG` names; the environment
wins. A wrong or unknown one raises `SettingError`, whose text is one line for the operator.

It imports nothing of the package: gunicorn.conf.py loads this file alone, so that the master
process stays free of the application's code and a HUP brings in a new version whole.
"""

import dataclasses
import difflib
import re
import socket
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "DASHBOARD_"
HOST_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", re.ASCII)
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class SettingError(Exception):
    """A setting that cannot be used; the text names the key, the value and what is allowed."""


def _duration(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            raise ValueError
        seconds = float(match[1]) * _UNIT_SECONDS[match[2] or "s"]
        if not low <= seconds <= high:
            raise ValueError
        return seconds

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text.strip()) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return parse


def _switch(text: str) -> bool:
    values = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    try:
        return values[text.strip().lower()]
    except KeyError:
        raise ValueError from None


def _secret(text: str) -> str:
    if not re.fullmatch(r"[!-~]{16,512}", text):
        raise ValueError
    return text


def _list_of(pattern: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        items = tuple(item.strip() for item in text.split(",") if item.strip())
        if not items or not all(re.fullmatch(pattern, item) for item in items):
            raise ValueError
        return items

    return parse


_ORIGIN = rf"https?://(?:{HOST_PATTERN}|\[[0-9A-Fa-f:.]+\])(?::\d{{1,5}})?"


def _host(text: str) -> str:
    if not re.fullmatch(HOST_PATTERN, text):
        raise ValueError
    return text


def _log_url(text: str) -> str:
    # The two slashes that begin a network location belong to the form; what follows the third
    # is the path, so sqlite:////var/lib/x.db is absolute and sqlite:///x.db is relative.
    if not re.fullmatch(r"sqlite:///[^\x00?#]+", text):
        raise ValueError
    return text


def _machine_name() -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:253]
    return name or "localhost"


def _setting(
    default: Any, parse: Callable[[str], Any], allowed: str, meaning: str, shown: str
) -> Any:
    """One row of the table. `shown` is the default as the README prints it."""
    metadata = {"parse": parse, "allowed": allowed, "meaning": meaning, "shown": shown}
    return dataclasses.field(metadata=metadata, **default)


def _is(value: Any) -> dict[str, Any]:
    return {"default": value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one service. Durations are seconds, `retry` is milliseconds."""

    log: str = _setting(
        _is(""),
        _log_url,
        "sqlite:///PATH (four slashes for an absolute path)",
        "where events go",
        "`sqlite:///` + instance folder + `events.db`",
    )
    host_name: str = _setting(
        {"default_factory": _machine_name},
        _host,
        "letters, digits, '.', '_' and '-', at most 253",
        "`host` in this machine's events",
        "the machine's host name",
    )
    interval: float = _setting(
        _is(1.0),
        _duration(0.05, 3600),
        "seconds from 0.05 to 3600",
        "seconds between samples of the fast families, 0.05 to 3600",
        "`1`",
    )
    retention: float = _setting(
        _is(6 * 3600.0),
        _duration(10, 366 * 86400),
        "a duration from 10s to 366d, such as 90s, 30m, 6h or 7d",
        "age at which events leave the log",
        "`6h`",
    )
    replay: float = _setting(
        _is(300.0),
        _duration(0, 366 * 86400),
        "a duration from 0s to 366d, such as 90s, 5m or 1h",
        "the longest absence that a stream replays; a longer one gets `gap`",
        "`5m`",
    )
    heartbeat: float = _setting(
        _is(15.0),
        _duration(0.1, 3600),
        "seconds from 0.1 to 3600",
        "seconds of silence before a `heartbeat` event",
        "`15`",
    )
    retry: int = _setting(
        _is(2000),
        _whole(100, 600_000),
        "whole milliseconds from 100 to 600000",
        "ms; each connection is told a jittered 0.5 to 1.5 times this",
        "`2000`",
    )
    max_streams: int = _setting(
        _is(16_000),
        _whole(1, 1_000_000),
        "a whole number from 1 to 1000000",
        "streams a worker holds, if the descriptor limit allows as many",
        "`16000`",
    )
    read_token: str = _setting(
        _is(""),
        _secret,
        "16 to 512 visible ASCII characters",
        "what reading needs: as bearer token, or in the sign-in page",
        "none",
    )
    secret_key: str = _setting(
        _is(""),
        _secret,
        "16 to 512 visible ASCII characters",
        "signs the sign-in cookies; a new one ends them all (without: made from `READ_TOKEN`)",
        "none",
    )
    public: bool = _setting(
        _is(False),
        _switch,
        "on or off",
        "may be bound to other than loopback addresses without a `READ_TOKEN`",
        "`off`",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        _is(()),
        _list_of(HOST_PATTERN),
        "host names without ports, separated by commas",
        "names by which browsers may ask, beside IP addresses, localhost and the machine's name",
        "none",
    )
    allowed_origins: tuple[str, ...] = _setting(
        _is(()),
        _list_of(_ORIGIN),
        "origins such as https://intranet.example, separated by commas",
        "other origins whose pages may read the stream and the history",
        "none",
    )
    frame_ancestors: tuple[str, ...] = _setting(
        _is(()),
        _list_of(_ORIGIN),
        "origins such as https://intranet.example, separated by commas",
        "other origins that may show the pages in a frame",
        "none",
    )
    gzip: bool = _setting(
        _is(True),
        _switch,
        "on or off",
        "compress streams for clients that accept it",
        "`on`",
    )
    parking: bool = _setting(
        _is(True),
        _switch,
        "on or off",
        "keep a stream that has caught up as a bare socket; off: a greenlet each",
        "`on`",
    )


def table() -> list[tuple[str, str, str]]:
    """The rows (key, default, meaning) of the settings, in the order of their declaration."""
    return [
        (field.name.upper(), field.metadata["shown"], field.metadata["meaning"])
        for field in dataclasses.fields(Settings)
    ]


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
        metadata = fields[key].metadata
        try:
            values[key] = metadata["parse"](text)
        except ValueError:
            secret = metadata["parse"] is _secret  # this line ends up in logs
            shown = " (not shown, as it is a secret)" if secret else f"={text!r}"
            raise SettingError(f"{where}{shown}: allowed is {metadata['allowed']}") from None
    return Settings(**values)


def as_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The same settings as variables alone, with those of the file that DASHBOARD_CONFIG names.

    Raises `SettingError` for a file that cannot be read.
    """
    return {PREFIX + key.upper(): text for key, (_, text) in _given(environ).items()}


def _given(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Each key that is given, with where it stands and its text."""
    given: dict[str, tuple[str, str]] = {}
    path = environ.get(PREFIX + "CONFIG")
    if path:
        for key, value in _read_file(path).items():
            given[key.lower()] = (f"{key} in {path}", str(value))
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
        if not isinstance(value, str | int | float):  # true and false are numbers to Python
            raise SettingError(f"{key} in {path}: a text, a number, true or false is wanted")
    return content
