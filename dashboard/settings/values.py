"""Single values: each of these takes a text for a value, or raises ValueError."""

import ipaddress
import re
import socket
from collections.abc import Callable

from .names import HOST_PATTERN, SECRET_PATTERN, TAG_PATTERN

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", re.ASCII)
UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            raise ValueError
        seconds = float(match[1]) * UNIT_SECONDS[match[2] or "s"]
        if not low <= seconds <= high:
            raise ValueError
        return seconds

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text.strip()) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return parse


def switch(text: str) -> bool:
    values = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    try:
        return values[text.strip().lower()]
    except KeyError:
        raise ValueError from None


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        word = text.strip().lower()
        if word not in words:
            raise ValueError
        return word

    return parse


def byte_count(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        match = re.fullmatch(r"([0-9]{1,12})\s*([kM]iB)?", text.strip())
        size = int(match[1]) * {None: 1, "kiB": 1 << 10, "MiB": 1 << 20}[match[2]] if match else 0
        if not low <= size <= high:
            raise ValueError
        return size

    return parse


def most(low: int, high: int) -> Callable[[str], int]:
    """A whole number, or "none" for no bound: 0."""
    number = whole(low, high)
    return lambda text: 0 if text.strip() == "none" else number(text)


def networks(text: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in text.split(",") if item.strip())
    if not items:
        raise ValueError
    if items == ("none",):
        return ()
    for item in items:
        ipaddress.ip_network(item)  # raises ValueError
    return items


def secret(text: str) -> str:
    if not re.fullmatch(SECRET_PATTERN, text):
        raise ValueError
    return text


def list_of(pattern: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        items = tuple(item.strip() for item in text.split(",") if item.strip())
        if not items or not all(re.fullmatch(pattern, item) for item in items):
            raise ValueError
        return items

    return parse


def host(text: str) -> str:
    if not re.fullmatch(HOST_PATTERN, text):
        raise ValueError
    return text


_MOST_TAGS = 20


def tags(text: str) -> tuple[str, ...]:
    tags = list_of(TAG_PATTERN)(text)
    if len(tags) > _MOST_TAGS or len(set(tags)) < len(tags):
        raise ValueError
    return tags


def folder(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        raise ValueError
    return text


def machine_name() -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:253]
    return name or "localhost"
