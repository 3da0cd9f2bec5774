"""`[[scrape]]` and `[[command]]`: figures that other programs have."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from .tables import WrongTable, named_tables
from .types import Kind
from .validation import DURATION, convert, invalid

# Events that pages and alerts know as what they are, beside those of the families.
_BUILT_IN = {"alert", "busy", "error", "gap", "heartbeat", "hello", "log", "notice", "open"}
_BUILT_IN |= {"progress", "rules", "silence"}
MOST_SOURCES = 50
_NAME = "a name of a-z, then a-z, 0-9, '_' or '-', at most 64, which no built-in event has"
_EVERY = "a duration from 1s to 1d, such as 15 or 5m"

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,63}\Z", description=_NAME)]
Every = Annotated[float, Meta(ge=1, le=86400, description=_EVERY, extra=DURATION)]
_Glob = Annotated[str, Meta(min_length=1, max_length=300)]
_Word = Annotated[str, Meta(max_length=4096, pattern=r"^[^\x00]*\Z")]


class Scrape(msgspec.Struct, frozen=True, kw_only=True):
    """An address that answers in the text format of Prometheus, or OpenMetrics."""

    name: Name
    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s\x00-\x1f@]+\Z",
            max_length=2000,
            description="a URL of http:// or https://, without a user and a password",
        ),
    ]
    every: Every = 15.0
    keep: Annotated[
        tuple[_Glob, ...],
        Meta(
            min_length=1,
            max_length=100,
            description='a list of 1 to 100 patterns such as ["node_load*"]',
        ),
    ] = ("*",)
    rename: Annotated[
        dict[_Glob, _Glob],
        Meta(
            max_length=100,
            description='at most 100 pairs such as { "node_*" = "*" }, with at most one * each',
        ),
    ] = msgspec.field(default_factory=dict)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A program that writes figures."""

    name: Name
    run: Annotated[
        tuple[_Word, ...],
        Meta(
            min_length=1,
            max_length=100,
            description='a list of a program and its arguments such as ["cat", "/proc/uptime"]',
        ),
    ]
    every: Every = 60.0
    timeout: Annotated[
        Annotated[float, Meta(ge=0.1)] | None,
        Meta(description="a duration from 0.1s, and not longer than every", extra=DURATION),
    ] = None

    @property
    def deadline(self) -> float:
        """Seconds that a run may take."""
        return min(10.0, self.every) if self.timeout is None else self.timeout


Source = TypeVar("Source", Scrape, Command)


def _kind(table: str, struct: type[Source], check: Callable[[Source], str]) -> Kind:
    def read(given: dict[str, Any]) -> Source:
        source = convert(given, struct)
        is_taken = source.name in _BUILT_IN | _families()
        if wrong := "name" if is_taken else check(source):
            raise invalid(struct, wrong, given)
        return source

    return named_tables(table, read)


def check_names(sources: Iterable[Scrape | Command]) -> None:
    """Raise WrongTable where two sources have the same name, or where there are too many."""
    names = [source.name for source in sources]
    if len(names) > MOST_SOURCES:
        raise WrongTable(f"there are {len(names)}; allowed are {MOST_SOURCES} in all")
    for name in names:
        if names.count(name) > 1:
            raise WrongTable(f"name={name!r}: there are two of this name")


@lru_cache(maxsize=1)  # of one start: a reload loads this module anew
def _families() -> frozenset[str]:
    """Return the names of the families, as their files say them: the master imports none."""
    files = Path(__file__).parents[1].joinpath("metrics").glob("*.py")
    declared = r'^    name = "(\w+)"'
    return frozenset(
        name
        for file in files
        for name in re.findall(declared, file.read_text("utf-8"), re.MULTILINE)
    )


def _wrong_in_scrape(scrape: Scrape) -> str:
    try:
        parts = urlsplit(scrape.url)
        is_url = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        return "url"
    stars = [text.count("*") for pair in scrape.rename.items() for text in pair]
    pairs = zip(stars[::2], stars[1::2], strict=True)
    return "" if all(left <= 1 and right <= left for left, right in pairs) else "rename"


def _wrong_in_command(command: Command) -> str:
    if not command.run[0]:
        return "run"
    return "timeout" if command.timeout is not None and command.timeout > command.every else ""


SCRAPES = _kind("scrape", Scrape, _wrong_in_scrape)
COMMANDS = _kind("command", Command, _wrong_in_command)
