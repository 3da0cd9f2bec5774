"""Screens: the displays that tell this service how they are, as the log knows them.

A report is an event `screen.NAME`, and the wish that a display loads its page anew, shows another
or says its name is an event `screen.NAME.reload`, `.show` or `.identify`. There is no other store:
each worker knows all screens from the newest events, which it remembers anyway, and a screen that
has been silent for RETENTION leaves with its event.

Whoever may read may report. So what can come is bounded: fields by their length, each name to one
event in `PAUSE` seconds, and all of them to `MOST` names.
"""

import re
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dashboard.errors import ClientError
from dashboard.events.event import Event, fields
from dashboard.events.scope import Scope
from dashboard.events.strict_json import decode_struct, encode
from dashboard.settings.pages import ADDRESS_PATTERN
from dashboard.streaming.replay_buffer import ReplayBuffer

PAUSE = 5.0  # seconds between two reports of one screen, and between two wishes for its reload
MOST = 200  # names; two workers that take new ones at the same moment may go a little beyond
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

_REPORT_NAME = re.compile(rf"screen\.({NAME.pattern})")
_SILENT_AFTER = 3  # times its own pause between reports
_SLACK = 5.0  # seconds for a report that is on its way

_Pixels = Annotated[
    int, Meta(ge=0, le=100_000, description="a whole number of pixels from 0 to 100000")
]


class ScreenReport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a display says of itself. Lag and pause are seconds, the heap is bytes."""

    build: Annotated[
        str, Meta(min_length=1, max_length=64, description="a text of 1 to 64 characters")
    ]
    lag: Annotated[
        Annotated[float, Meta(ge=0, le=1e9)] | None,
        Meta(description="seconds from 0 to 1e9, or null"),
    ] = None
    heap: Annotated[
        Annotated[int, Meta(ge=0, le=2**53)] | None,
        Meta(description="a whole number of bytes, or null"),
    ] = None
    link: Annotated[Literal["live", "stale", "lost"], Meta(description='"live", "stale" or "lost"')]
    width: _Pixels
    height: _Pixels
    # Only a path of this very service: nobody who reads the list is led elsewhere by it.
    url: Annotated[
        str,
        Meta(
            max_length=500,
            pattern=r"^/(?![/\\])",
            description="a path and its query: one '/' first, at most 500 characters",
        ),
    ]
    every: Annotated[float, Meta(ge=PAUSE, le=3600, description=f"seconds from {PAUSE:g} to 3600")]


FIELDS = {field.name: field for field in msgspec.structs.fields(ScreenReport)}


class ShowRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a display is sent: a page of [pages], or any address of this service."""

    page: Annotated[str | None, Meta(description="the name of a page in [pages]")] = None
    url: Annotated[
        Annotated[str, Meta(max_length=2000, pattern=ADDRESS_PATTERN)] | None,
        Meta(description="a path and its query: one '/' first, at most 2000 characters"),
    ] = None


class _Logged(ScreenReport, kw_only=True, forbid_unknown_fields=False):
    time: float


_LOGGED = msgspec.json.Decoder(_Logged)


def read_report(body: bytes) -> ScreenReport:
    """Return the report in a body. Raises ClientError(400), with the key of a wrong field."""
    return decode_struct(body, ScreenReport, what="a report", status=400)


def read_show(body: bytes) -> ShowRequest:
    """Return where a display is sent. Raises ClientError(400), with the key of a wrong field."""
    asked = decode_struct(body, ShowRequest, what="a wish", status=400)
    if (asked.page is None) == (asked.url is None):
        raise ClientError(400, "page or url: give one of them", key="url")
    return asked


class Screens:
    """The screens that the log knows, and the turns in which events about them may come."""

    def __init__(
        self, recent: ReplayBuffer, *, host: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`host` is the name of the machine that serves: events about screens carry it."""
        self._recent = recent
        self._host = host
        self._monotonic = monotonic
        # The events that were let through a moment ago: the log may not have brought them yet.
        self._claimed: dict[str, float] = {}
        self._brought: dict[Scope, set[str]] = {}  # names, by the right of a link

    def listed(self) -> list[dict[str, Any]]:
        """The newest report of each screen, by name, with its age in seconds and a state word."""
        found = []
        for name, event in sorted(self._reports().items()):
            logged = fields(event.data, _LOGGED)
            if logged is None:
                continue
            age = self._recent.age(event.host, event.name or "") or 0.0
            is_here = age <= _SILENT_AFTER * logged.every + _SLACK
            state = "here" if is_here else "silent"
            times = {"time": logged.time, "age": round(max(0.0, age), 3)}
            report = {key: getattr(logged, key) for key in FIELDS}
            found.append({"name": name, "state": state, **times, **report})
        return found

    def knows(self, name: str) -> bool:
        """Whether a screen of this name has reported within RETENTION."""
        return name in self._reports()

    def has_room_for(self, name: str, scope: Scope) -> bool:
        """Whether a screen of this name is one of those that may report, with this right.

        The holders of a link may bring half of the names.
        """
        names = {*self._reports(), *self._names(self._claimed)}
        if name in names or scope.is_full:
            return name in names or len(names) < MOST
        brought = self._brought[scope] = self._brought.get(scope, set()) & names
        if len(names) >= MOST or len(brought) >= MOST // 2:
            return False
        brought.add(name)
        return True

    def claim(self, event_name: str) -> float:
        """Take the turn of an event; returns 0, or the seconds until its turn comes."""
        now = self._monotonic()
        self._claimed = {n: at for n, at in self._claimed.items() if now - at < PAUSE}
        ages = [now - self._claimed[event_name]] if event_name in self._claimed else []
        logged_age = self._recent.age(self._host, event_name)  # of any worker
        ages += [] if logged_age is None else [logged_age]
        if ages and min(ages) < PAUSE:
            return PAUSE - min(ages)
        self._claimed[event_name] = now
        return 0.0

    def report(self, name: str, report: ScreenReport, now: float) -> Event:
        """Return the event of a report; `now` is in seconds since 1970. Raises ClientError."""
        return self._event(f"screen.{name}", name, now, msgspec.structs.asdict(report))

    def wish(self, name: str, what: str, now: float, **fields: Any) -> Event:
        """Return the event that asks a screen to reload, show or identify; `now` is since 1970."""
        return self._event(f"screen.{name}.{what}", name, now, fields)

    def _event(self, event_name: str, name: str, now: float, fields: dict[str, Any]) -> Event:
        data = {"host": self._host, "time": now, "screen": name, **fields}
        return Event(self._host, event_name, encode(data))

    def _reports(self) -> dict[str, Event]:
        """The newest report of each screen, whichever machine of a shared log took it."""
        self._recent.hosts()  # forgets what has left the log
        newest = [self._recent.newest(*kind) for kind in self._recent.names.screens]
        found = sorted((each for each in newest if each is not None), key=lambda each: each.seq)
        matches = [(_REPORT_NAME.fullmatch(each.event.name or ""), each.event) for each in found]
        return {match[1]: event for match, event in matches if match}

    def _names(self, event_names: dict[str, float]) -> set[str]:
        matches = [_REPORT_NAME.fullmatch(name) for name in event_names]
        return {match[1] for match in matches if match}
