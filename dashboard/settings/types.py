"""Single values: of each kind, how a text is read, and the words for what is allowed."""

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .durations import parse_duration
from .patterns import DNS_PATTERN, HOST_ALLOWED, HOST_PATTERN, SECRET_PATTERN, TAG_PATTERN

_UNIT_BYTES = {None: 1, "kiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    `parse` takes a text for a value, or raises ValueError; `none` is the value where there is none;
    what is `secret` is never shown.
    """

    parse: Callable[[str], Any]
    allowed: str
    none: Any = ""
    secret: bool = False


def matching(pattern: str, allowed: str, *, secret: bool = False) -> Kind:
    """A text that matches a pattern as a whole; its letters are composed (NFC)."""

    def parse(text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return Kind(parse, allowed, secret=secret)


def list_of(
    pattern: str, allowed: str, *, different: int | None = None, most: int | None = None
) -> Kind:
    """Items that match a pattern, separated by commas.

    `different` is how many there are at most, all different; of `most` those that are there twice
    count once.
    """

    def parse(text: str) -> tuple[str, ...]:
        items = _items(text)
        if not all(re.fullmatch(pattern, item) for item in items):
            raise ValueError
        if different is not None and not len(items) == len(set(items)) <= different:
            raise ValueError
        if most is not None and len(items := tuple(dict.fromkeys(items))) > most:
            raise ValueError
        return items

    return Kind(parse, allowed, none=())


def duration(low: str, high: str, examples: str = "") -> Kind:
    """Seconds, from a number with or without a unit."""
    such_as = f", such as {examples}" if examples else ""
    parse = _seconds_between(parse_duration(low), parse_duration(high))
    return Kind(parse, f"a duration from {low} to {high}{such_as}")


def seconds(low: float, high: float) -> Kind:
    """The same, where it is mostly a number of seconds."""
    return Kind(_seconds_between(low, high), f"seconds from {low:g} to {high:g}")


def whole(low: int, high: int, what: str = "a whole number") -> Kind:
    """A whole number."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text.strip()) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return Kind(parse, f"{what} from {low} to {high}")


def most(low: int, high: int) -> Kind:
    """A whole number, or "none" for no bound: 0."""
    number = whole(low, high)

    def parse(text: str) -> int:
        return 0 if text.strip() == "none" else int(number.parse(text))

    return Kind(parse, f"{number.allowed}, or none", none=0)


def byte_count(low: int, high: int) -> Kind:
    """Bytes, from a number with or without a unit."""

    def parse(text: str) -> int:
        match = re.fullmatch(r"([0-9]{1,15})\s*([kMGT]iB)?", text.strip())
        size = int(match[1]) * _UNIT_BYTES[match[2]] if match else 0
        if not low <= size <= high:
            raise ValueError
        return size

    return Kind(parse, f"bytes from {low} to {high}, also such as 64kiB, 1MiB or 2GiB")


def one_of(*words: str) -> Kind:
    """One of some words, in either case."""

    def parse(text: str) -> str:
        word = text.strip().lower()
        if word not in words:
            raise ValueError
        return word

    return Kind(parse, f"{', '.join(words[:-1])} or {words[-1]}")


def machine_name() -> str:
    """What this machine calls itself, as a host name of events."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:253]
    return name or "localhost"


def _items(text: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFC", text)
    items = tuple(item.strip() for item in text.split(",") if item.strip())
    if not items:
        raise ValueError
    return items


def _seconds_between(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = parse_duration(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return parse


def _switch(text: str) -> bool:
    values = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    try:
        return values[text.strip().lower()]
    except KeyError:
        raise ValueError from None


def _networks(text: str) -> tuple[str, ...]:
    items = _items(text)
    if items == ("none",):
        return ()
    for item in items:
        ipaddress.ip_network(item)  # raises ValueError
    return items


SWITCH = Kind(_switch, "on or off")
SECRET = matching(SECRET_PATTERN, "16 to 512 visible ASCII characters", secret=True)
HOST = matching(HOST_PATTERN, HOST_ALLOWED)
HOST_NAMES = list_of(DNS_PATTERN, "host names without ports, separated by commas")
TAGS = list_of(
    TAG_PATTERN,
    "at most 20 different tags of letters, digits, '_', '.' and '-', separated by commas",
    different=20,
)
NETWORKS = Kind(
    _networks,
    "IP addresses and networks such as 10.0.0.0/8, separated by commas; or none",
    none=(),
)
HISTORY = matching(r"(?i:off)|/[^\x00]*", "an absolute path, or off")
FOLDER = matching(r"/[^\x00]*", "an absolute path")
