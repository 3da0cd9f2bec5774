"""Responses that a probe has got. Times are seconds since a request was sent, unless said."""

import json
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dashboard.client.sse_parser import Message

_ID_WITH_TIME = re.compile(r"(\d{13})-\d+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read brought, decompressed. `is_full`: it does not end within an event."""

    at: float
    messages: tuple[Message, ...]
    is_full: bool = True


@dataclass(frozen=True)
class Response:
    """The response to one request for the stream, read for some seconds."""

    began: float = 0.0  # when it was sent, by our wall clock
    seconds: float = 10.0  # how long it was looked at, at the most
    status: int | None = 200  # None: no head of an answer came
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    answered: float = 0.0  # when the head was there
    chunks: tuple[Chunk, ...] = ()
    ended: float | None = None  # when the server ended it
    body: str = ""  # the beginning of an answer that is no stream

    @property
    def is_stream(self) -> bool:
        """True if a browser's EventSource would take it."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.status == 200 and kind == "text/event-stream"

    @property
    def messages(self) -> list[Message]:
        """All events, in the order in which they came."""
        return [message for chunk in self.chunks for message in chunk.messages]

    @property
    def ids(self) -> list[str]:
        """The ids of those that have one."""
        return [message.id for message in self.messages if message.id]

    @property
    def until(self) -> float:
        """Seconds until it ended, or for which it was read."""
        return self.seconds if self.ended is None else self.ended

    @cached_property
    def hello(self) -> dict[str, Any]:
        """Data of the event `hello`, with which a Vitals begins; empty for other servers."""
        first = next((message for message in self.messages if message.event == "hello"), None)
        return _object(first.data) if first else {}

    @property
    def server_time(self) -> float | None:
        """The server's clock as the head was made, seconds since 1970; None where it is not told.

        A second is as exact as this is.
        """
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp() + 0.5
        except (ValueError, TypeError, OverflowError):
            return None

    def live(self) -> list[tuple[float, float]]:
        """Return (arrival, time by the server's clock) of events that happened meanwhile."""
        start, theirs = self.began, self.server_time
        if theirs is not None and abs(theirs - self.began - self.answered) > 1.5:
            start = theirs + 0.5
        found = []
        for chunk in self.chunks:
            for message in chunk.messages:
                own = _own_time(message)
                if own is not None and own > start:
                    found.append((chunk.at, own))
        return found


@dataclass(frozen=True, slots=True)
class Handshake:
    """The result of a TLS handshake.

    `days` is until the certificate ends, of `lifetime` days in all; `trouble` is why it is not
    trusted.
    """

    protocol: str | None = None  # what ALPN chose: h2, http/1.1
    days: float | None = None
    lifetime: float = 90.0
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """All responses of one endpoint."""

    url: str
    plain: Response
    packed: Response | None = None  # asked for as browsers do, with gzip
    again: Response | None = None  # after `plain` had ended, and for a second longer
    resumed: Response | None = None
    resumed_after: str | None = None  # the Last-Event-ID of that
    from_origin: Response | None = None
    origin: str | None = None
    handshake: Handshake | None = None
    redirects: tuple[str, ...] = ()  # the URLs that led to this one

    @property
    def every(self) -> float:
        """Seconds for which the URL asks a Vitals to hold events back."""
        try:
            return float(parse_qs(urlsplit(self.url).query)["every"][0])
        except (KeyError, ValueError):
            return 0.0


def _own_time(message: Message) -> float | None:
    match = _ID_WITH_TIME.fullmatch(message.id or "")
    if match:
        return int(match[1]) / 1000
    time = _object(message.data).get("time")
    if isinstance(time, int | float) and 1e9 < time < 1e10:
        return float(time)
    return None


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
