"""Every setting, declared once: key, default, what is allowed, meaning.

This is the only reader of the environment. A setting is the environment variable `DASHBOARD_<KEY>`
or the key `<key>` (either case) of the TOML file that `DASHBOARD_CONFIG` names; the environment
wins. A wrong or unknown one raises `SettingError`, whose text is one line for the operator.

Some keys are tables of the file rather than single values: `[[alert]]`, `[alerts]`, `[notify]` and
`[[publish]]`. As a variable each is the same as JSON.

It imports nothing of the package: gunicorn.conf.py loads this file alone, so that the master
process stays free of the application's code and a HUP brings in a new version whole.
"""

import dataclasses
import difflib
import ipaddress
import json
import re
import reprlib
import socket
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PREFIX = "DASHBOARD_"
HOST_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
SECRET_PATTERN = r"[!-~]{16,512}"

# A run of any characters is `*`: what a right is limited to, of hosts and of events' names.
HOSTS_PATTERN = r"[A-Za-z0-9*](?:[A-Za-z0-9._*-]{0,251}[A-Za-z0-9*])?"
EVENTS_PATTERN = r"[a-z*][a-z0-9_.*-]{0,63}"

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


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        word = text.strip().lower()
        if word not in words:
            raise ValueError
        return word

    return parse


def _bytes(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        match = re.fullmatch(r"([0-9]{1,12})\s*([kM]iB)?", text.strip())
        size = int(match[1]) * {None: 1, "kiB": 1 << 10, "MiB": 1 << 20}[match[2]] if match else 0
        if not low <= size <= high:
            raise ValueError
        return size

    return parse


def _most(low: int, high: int) -> Callable[[str], int]:
    """A whole number, or "none" for no bound: 0."""
    number = _whole(low, high)
    return lambda text: 0 if text.strip() == "none" else number(text)


def _networks(text: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in text.split(",") if item.strip())
    if not items:
        raise ValueError
    if items == ("none",):
        return ()
    for item in items:
        ipaddress.ip_network(item)  # raises ValueError
    return items


def _secret(text: str) -> str:
    if not re.fullmatch(SECRET_PATTERN, text):
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


def server_url(text: str) -> str:
    """The URL of a Vitals, without a slash at its end. Raises ValueError for what is none."""
    if not re.fullmatch(rf"{_ORIGIN}(?:/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError
    _ = urlsplit(text).port  # raises it for a port or an address that can't be
    return text.rstrip("/")


def _host(text: str) -> str:
    if not re.fullmatch(HOST_PATTERN, text):
        raise ValueError
    return text


APPEND_ONLY = ("http://", "https://")


def _log_url(text: str) -> str:
    if text.startswith(APPEND_ONLY):
        return server_url(text)
    # The two slashes that begin a network location belong to the form; what follows the third
    # is the path, so sqlite:////var/lib/x.db is absolute and sqlite:///x.db is relative.
    if not re.fullmatch(r"sqlite:///[^\x00?#]+", text) and not _is_redis_url(text):
        raise ValueError
    return text


TAG_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
_MOST_TAGS = 20


def _tags(text: str) -> tuple[str, ...]:
    tags = _list_of(TAG_PATTERN)(text)
    if len(tags) > _MOST_TAGS or len(set(tags)) < len(tags):
        raise ValueError
    return tags


def _folder(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        raise ValueError
    return text


_REDIS_USER = r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*(?::[A-Za-z0-9._~!$&'()*+,;=:%-]*)?@)?"
_REDIS_SERVER = re.compile(rf"rediss?://{_REDIS_USER}[A-Za-z0-9.:\[\]-]+(?:/\d{{0,4}})?", re.ASCII)
_REDIS_SOCKET = re.compile(rf"unix://{_REDIS_USER}/[^\x00?#\s]+")
_REDIS_OPTIONS = {
    "prefix": r"[A-Za-z0-9_.-]{1,64}",
    "run_directory": r"[^\x00]+",
    "db": r"\d{1,4}",
    "ssl_ca_certs": r"[^\x00]+",
    "ssl_certfile": r"[^\x00]+",
    "ssl_keyfile": r"[^\x00]+",
}


def _is_redis_url(text: str) -> bool:
    place, _, query = text.partition("?")
    if not _REDIS_SERVER.fullmatch(place) and not _REDIS_SOCKET.fullmatch(place):
        return False
    parts = urlsplit(place)
    _ = parts.port  # raises ValueError for what can't be one
    if parts.scheme != "unix" and not parts.hostname:
        return False
    options = parse_qs(query, keep_blank_values=True, strict_parsing=True) if query else {}
    allowed = {"prefix", "run_directory"}
    if parts.scheme == "unix":
        allowed.add("db")
    if parts.scheme == "rediss":
        allowed |= {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
    return all(
        key in allowed and len(values) == 1 and re.fullmatch(_REDIS_OPTIONS[key], values[0])
        for key, values in options.items()
    )


def _machine_name() -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:253]
    return name or "localhost"


# The tables of the file: rules for alerts, and where their alerts go.

# The names in dashboard/metrics, which this file can't import.
FAMILIES = (
    *("cpu", "memory", "load", "disk", "filesystem"),
    *("network", "pressure", "processes", "sensors", "system"),
)
LEVELS = ("info", "warning", "critical")
WILDCARD = "*"

_RULE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(-?\d{1,18}(?:\.\d{1,9})?)", re.ASCII)
_PART = r"""\*|"[^"]+"|[^\s."*<>=]+"""
_WHEN = re.compile(rf"([a-z]+)((?:\.(?:{_PART}))+)\s*([<>].*)")
_CLOCK = r"([01]?\d|2[0-3])(?::([0-5]\d))?"
_QUIET = re.compile(rf"{_CLOCK}\s*-\s*{_CLOCK}", re.ASCII)
_RATE = re.compile(r"([1-9]\d{0,3})\s*/\s*([smhd])", re.ASCII)


class _WrongTable(ValueError):
    """What is wrong in a table, with the rule, the key, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a number is compared with; `sign` is one of > >= < <=."""

    sign: str
    number: float

    def holds(self, value: float) -> bool:
        """Whether a number is on this side."""
        if self.sign[0] == ">":
            return value > self.number or (self.sign == ">=" and value == self.number)
        return value < self.number or (self.sign == "<=" and value == self.number)

    def opposite(self) -> "Comparison":
        """What holds where this one doesn't."""
        return Comparison({">": "<=", ">=": "<", "<": ">=", "<=": ">"}[self.sign], self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When there is an alert: a figure of a family that was beyond a limit for so many seconds.

    `path` leads to the figure through the family's data; a part that is the wildcard stands for
    every item of a list or an object, each of which has an alert of its own.
    """

    name: str
    family: str
    path: tuple[str, ...]
    condition: Comparison
    clear: Comparison
    lasting: float = 0.0
    level: str = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """`defaults` is whether the built-in rules hold."""

    defaults: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where alerts are sent: apprise's URLs, which may hold passwords.

    `quiet` is a stretch of the day as minutes since midnight, by the machine's clock; `rate` is so
    many messages in so many seconds for each URL.
    """

    urls: tuple[str, ...] = ()
    quiet: tuple[int, int] | None = None
    rate: tuple[int, float] = (10, 3600.0)


def _rules(text: str) -> tuple[Rule, ...]:
    tables = _json(text)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _WrongTable("allowed are tables [[alert]]; as a variable, a JSON list of objects")
    rules = [_rule(table, number) for number, table in enumerate(tables, start=1)]
    for rule in rules:
        if [other.name for other in rules].count(rule.name) > 1:
            raise _WrongTable(f"rule {rule.name!r}: there are two rules of this name")
    return tuple(rules)


def _rule(table: dict[str, Any], number: int) -> Rule:
    name = table.get("name")
    rule = f"rule {number}" if name is None else f"rule {reprlib.repr(name)}"
    _check_keys(table, ("name", "when", "for", "clear", "level"), f"{rule}: ")

    def wrong(key: str, allowed: str) -> _WrongTable:
        given = f"{key}={reprlib.repr(table[key])}" if key in table else f"{key} is missing"
        return _WrongTable(f"{rule}: {given}: allowed is {allowed}")

    if not isinstance(name, str) or not _RULE_NAME.fullmatch(name):
        raise wrong("name", "letters, digits, '.', '_' and '-', at most 64")
    when = _WHEN.fullmatch(str(table.get("when")).strip())
    condition = when and _comparison(when[3])
    if not when or not condition:
        raise wrong("when", "FAMILY.FIELD, one of > >= < <=, and a number: cpu.percent > 90")
    if when[1] not in FAMILIES:
        raise wrong("when", f"a field of one of the families {', '.join(FAMILIES)}")
    clear = condition.opposite()
    if "clear" in table:
        given = _comparison(str(table["clear"]).strip())
        if not given or not _is_behind(given, condition):
            raise wrong(
                "clear", f"one of > >= < <= and a number, {clear.sign} {clear.number:g} or beyond"
            )
        clear = given
    try:
        lasting = _duration(0, 86400)(str(table.get("for", 0)))
    except ValueError:
        raise wrong("for", "a duration from 0s to 24h, such as 90s, 5m or 1h") from None
    level = table.get("level", "warning")
    if level not in LEVELS:
        raise wrong("level", ", ".join(LEVELS))
    path = tuple(part.strip('"') for part in re.findall(_PART, when[2]))
    return Rule(
        name=name,
        family=when[1],
        path=path,
        condition=condition,
        clear=clear,
        lasting=lasting,
        level=level,
    )


def _comparison(text: str) -> Comparison | None:
    match = _COMPARISON.fullmatch(text)
    return match and Comparison(match[1], float(match[2]))


def _is_behind(clear: Comparison, condition: Comparison) -> bool:
    """Whether what ends an alert lies on the other side of what raises it."""
    if clear.sign[0] == condition.sign[0]:
        return False
    if clear.number == condition.number:
        return "=" not in clear.sign or "=" not in condition.sign
    return not condition.holds(clear.number)


def _alerts(text: str) -> Alerts:
    table = _table(text, ("defaults",))
    try:
        return Alerts(defaults=_switch(str(table.get("defaults", True))))
    except ValueError:
        raise _WrongTable(f"defaults={table['defaults']!r}: allowed is true or false") from None


def _notify(text: str) -> Notify:
    table = _table(text, ("urls", "quiet", "rate"))
    urls = table.get("urls", [])
    if not isinstance(urls, list) or len(urls) > 20:
        raise _WrongTable("urls: allowed is a list of at most 20 URLs")
    for number, url in enumerate(urls, start=1):  # not shown, as it may hold a password
        if not isinstance(url, str) or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s\x00]+", url):
            raise _WrongTable(f"urls: number {number} (not shown): allowed are URLs of apprise")
    quiet, rate = table.get("quiet"), table.get("rate")
    hours = _QUIET.fullmatch(str(quiet).strip())
    if quiet is not None and hours is None:
        raise _WrongTable(f"quiet={quiet!r}: allowed are hours such as 22-07 or 22:30-06:45")
    times = _RATE.fullmatch(str(rate).strip())
    if rate is not None and times is None:
        raise _WrongTable(f"rate={rate!r}: allowed is a number of messages per s, m, h or d: 10/h")
    return Notify(
        urls=tuple(dict.fromkeys(urls)),
        quiet=hours and (_minute(hours[1], hours[2]), _minute(hours[3], hours[4])),
        rate=(int(times[1]), _UNIT_SECONDS[times[2]]) if times else Notify().rate,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Somebody who may publish: patterns of events' names and of hosts, None for all.

    The token is left out of its own repr, which may end up in a log.
    """

    name: str
    token: str = dataclasses.field(repr=False)
    events: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None


def _publishers(text: str) -> tuple[Publisher, ...]:
    tables = _json(text)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _WrongTable("allowed are tables [[publish]]; as a variable, a JSON list of objects")
    found: list[Publisher] = []
    for number, table in enumerate(tables, start=1):
        publisher = _publisher(table, number)
        for other in found:
            for key in ("name", "token"):
                if getattr(other, key) == getattr(publisher, key):
                    raise _WrongTable(f"token {publisher.name!r}: another has the same {key}")
        found.append(publisher)
    return tuple(found)


def _publisher(table: dict[str, Any], number: int) -> Publisher:
    name = table.get("name")
    if not isinstance(name, str) or not _RULE_NAME.fullmatch(name):
        raise _WrongTable(
            f"token number {number}: name: allowed are letters, digits, '.', '_' and '-', "
            "at most 64"
        )
    _check_keys(table, ("name", "token", "events", "hosts"), f"token {name!r}: ")
    token = table.get("token")
    if not isinstance(token, str) or not re.fullmatch(SECRET_PATTERN, token):
        raise _WrongTable(
            f"token {name!r}: token (not shown, as it is a secret): "
            "allowed is 16 to 512 visible ASCII characters"
        )
    limits = {}
    for key, pattern, allowed in (
        ("events", EVENTS_PATTERN, 'names of events such as ["deploy", "build.*"]'),
        ("hosts", HOSTS_PATTERN, 'names of hosts such as ["db-1", "web-*"]'),
    ):
        items = table.get(key)
        if items is not None and not (
            isinstance(items, list)
            and 0 < len(items) <= 100
            and all(isinstance(item, str) and re.fullmatch(pattern, item) for item in items)
        ):
            raise _WrongTable(
                f"token {name!r}: {key}={reprlib.repr(items)}: "
                f"allowed is a list of 1 to 100 {allowed}"
            )
        limits[key] = None if items is None else tuple(items)
    return Publisher(name=name, token=token, **limits)


def _minute(hour: str, minute: str | None) -> int:
    return int(hour) * 60 + int(minute or 0)


def _table(text: str, keys: tuple[str, ...]) -> dict[str, Any]:
    table = _json(text)
    if not isinstance(table, dict):
        raise _WrongTable("allowed is one table; as a variable, a JSON object")
    _check_keys(table, keys)
    return table


def _check_keys(table: dict[str, Any], allowed: tuple[str, ...], where: str = "") -> None:
    for key in table:
        if key not in allowed:
            raise _WrongTable(f"{where}unknown key {key!r}; allowed: {', '.join(allowed)}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _WrongTable("not JSON") from None


def _is_table(field: "dataclasses.Field[Any]") -> bool:
    return "shown" not in field.metadata


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
        "sqlite:///PATH (four slashes for an absolute path), a Redis as in docs/redis.md "
        "(redis://USER:PASSWORD@HOST:PORT/DB, rediss:// for TLS, unix:///SOCKET), "
        "or for an agent a Vitals' https://URL",
        "where events go; many machines share one in Redis: docs/redis.md",
        "`sqlite:///` + instance folder + `events.db`",
    )
    instance: str = _setting(
        _is(""),
        _folder,
        "an absolute path",
        "the folder for the log and what processes keep beside it; without: `instance` here",
        "none",
    )
    host_name: str = _setting(
        {"default_factory": _machine_name},
        _host,
        "letters, digits, '.', '_' and '-', at most 253",
        "`host` in this machine's events",
        "the machine's host name",
    )
    host_tags: tuple[str, ...] = _setting(
        _is(()),
        _tags,
        "at most 20 different tags of letters, digits, '_', '.' and '-', separated by commas",
        "`tags` of this machine; the first one is its group on the wall",
        "none",
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
    publish_token: str = _setting(
        _is(""),
        _secret,
        "16 to 512 visible ASCII characters",
        "what publishing over HTTP needs, as bearer token; without one it is off",
        "none",
    )
    publish_to: str = _setting(
        _is(""),
        server_url,
        "the URL of a Vitals, such as https://vitals.example:8000",
        "the Vitals to which the `flask` commands publish, with `PUBLISH_TOKEN`; without: the log",
        "none",
    )
    secret_key: str = _setting(
        _is(""),
        _secret,
        "16 to 512 visible ASCII characters",
        "signs cookies and links; a new one ends them all (without: `READ_TOKEN` does)",
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
    screens: bool = _setting(
        _is(True),
        _switch,
        "on or off",
        "take reports of displays that give themselves a name, and list them at `/screens`",
        "`on`",
    )
    parking: bool = _setting(
        _is(True),
        _switch,
        "on or off",
        "keep a stream that has caught up as a bare socket; off: a greenlet each",
        "`on`",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        _is(("127.0.0.1", "::1")),
        _networks,
        "IP addresses and networks such as 10.0.0.0/8, separated by commas; or none",
        "proxies whose `X-Forwarded-For`, `-Proto` and `-Host` (or `Forwarded`) are believed",
        "`127.0.0.1,::1`",
    )
    failed_attempts: int = _setting(
        _is(10),
        _whole(1, 10_000),
        "a whole number from 1 to 10000",
        "wrong tokens that an address may try in a minute at each worker",
        "`10`",
    )
    max_streams_per_address: int = _setting(
        _is(0),
        _most(1, 1_000_000),
        "a whole number from 1 to 1000000, or none",
        "streams of one address (IPv6: of one /64) that a worker holds",
        "none",
    )
    max_feeds: int = _setting(
        _is(4096),
        _whole(1, 1_000_000),
        "a whole number from 1 to 1000000",
        "distinct filters that a worker's streams may have between them",
        "`4096`",
    )
    max_requests: int = _setting(
        _is(1000),
        _whole(1, 100_000),
        "a whole number from 1 to 100000",
        "requests, beside streams, that a worker answers at once",
        "`1000`",
    )
    max_waiting: int = _setting(
        _is(2000),
        _whole(1, 100_000),
        "a whole number from 1 to 100000",
        "connections of a worker that have no whole request yet; one more ends the oldest",
        "`2000`",
    )
    header_timeout: float = _setting(
        _is(10.0),
        _duration(0.1, 600),
        "a duration from 0.1s to 10m",
        "seconds that a new connection has for its first request, TLS included",
        "`10`",
    )
    keep_alive: float = _setting(
        _is(1.0),
        _duration(0.1, 600),
        "a duration from 0.1s to 10m",
        "seconds that a connection is kept for a further request",
        "`1`",
    )
    body_timeout: float = _setting(
        _is(30.0),
        _duration(0.1, 600),
        "a duration from 0.1s to 10m",
        "seconds that a request's body may take",
        "`30`",
    )
    max_body: int = _setting(
        _is(1 << 20),
        _bytes(1024, 64 << 20),
        "bytes from 1024 to 67108864, also such as 64kiB or 1MiB",
        "the largest body that may be published",
        "`1MiB`",
    )
    max_request_line: int = _setting(
        _is(8190),
        _whole(256, 8190),
        "a whole number from 256 to 8190",
        "bytes of a request's first line, which has the URL",
        "`8190`",
    )
    max_headers: int = _setting(
        _is(100),
        _whole(10, 1000),
        "a whole number from 10 to 1000",
        "headers of a request, of 8190 bytes at most each",
        "`100`",
    )
    output_format: str = _setting(
        _is("text"),
        _one_of("text", "json"),
        "text or json",
        "form of the lines that the service prints about itself",
        "`text`",
    )
    output_level: str = _setting(
        _is("info"),
        _one_of("debug", "info", "warning", "error", "critical"),
        "debug, info, warning, error or critical",
        "which of these lines it prints: those of this level and above",
        "`info`",
    )
    # Tables of the file; docs/alerts.md has what is in the first three, docs/security.md the last.
    alert: tuple[Rule, ...] = dataclasses.field(default=(), metadata={"parse": _rules})
    alerts: Alerts = dataclasses.field(default=Alerts(), metadata={"parse": _alerts})
    notify: Notify = dataclasses.field(default=Notify(), metadata={"parse": _notify})
    publish: tuple[Publisher, ...] = dataclasses.field(default=(), metadata={"parse": _publishers})


def table() -> list[tuple[str, str, str]]:
    """The rows (key, default, meaning) of the settings, in the order of their declaration."""
    return [
        (field.name.upper(), field.metadata["shown"], field.metadata["meaning"])
        for field in dataclasses.fields(Settings)
        if not _is_table(field)
    ]


def secrets(settings: Settings) -> tuple[str, ...]:
    """The values that nobody is to see printed."""
    fields = dataclasses.fields(settings)
    values = [getattr(settings, f.name) for f in fields if f.metadata["parse"] is _secret]
    tokens = [publisher.token for publisher in settings.publish]
    return tuple(value for value in (*values, *tokens, *settings.notify.urls) if value)


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
        except _WrongTable as error:
            raise SettingError(f"{where}: {error}") from None
        except ValueError:
            # This line ends up in logs.
            secret = metadata["parse"] is _secret or (metadata["parse"] is _log_url and "@" in text)
            shown_text = re.sub(r"//[^/@\s]*@", "//…@", text)  # a URL may hold a password
            shown = " (not shown, as it is a secret)" if secret else f"={shown_text!r}"
            raise SettingError(f"{where}{shown}: allowed is {metadata['allowed']}") from None
    return Settings(**values)


def check_serves(settings: Settings) -> None:
    """Raise SettingError for settings that are an agent's: with them nothing could be shown."""
    if settings.log.startswith(APPEND_ONLY):
        raise SettingError(
            f"LOG={settings.log!r}: another Vitals takes events, but can't be read like a log, so "
            "there would be nothing to serve: `flask agent` is for it; a service has a log of "
            "sqlite:/// or redis://"
        )


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
        if not isinstance(value, str | int | float) and key.lower() not in _TABLES:
            raise SettingError(f"{key} in {path}: a text, a number, true or false is wanted")
    return content


_TABLES = frozenset(field.name for field in dataclasses.fields(Settings) if _is_table(field))
