"""Another Vitals as a log that can only be appended to: POST /events, for scripts and threads.

Each batch goes out under an Idempotency-Key, so one whose answer was lost can be sent again, as
often as needed, and is logged once. The connection is kept between batches. A call blocks; one
thread at a time.
"""

import contextlib
import http.client
import ssl
import time
import uuid
from collections.abc import Sequence
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import quote, urlsplit

import msgspec

from dashboard.client.http import dial, explanation, problem_in, reason_of
from dashboard.events.event import UNNAMED, Event, EventId
from dashboard.installation import version
from dashboard.log.contract import LogUnavailable, Refused

_TIMEOUT = 10.0  # seconds of silence after which a server counts as gone
_MOST_ANSWER = 1 << 20
_TRY_AGAIN = (408, 429)
_CONTENT = (413, 415, 422)


def is_refused(status: int) -> bool:
    """Return True for an answer that the same request would get at its next try, too."""
    return status < 500 and status not in _TRY_AGAIN


class HTTPLog:
    """The appending half of `EventLog`, over HTTP or HTTPS."""

    def __init__(
        self, url: str, token: str, *, agent: str | None = None, timeout: float = _TIMEOUT
    ) -> None:
        """`url` is that of the other Vitals, `token` its PUBLISH_TOKEN; nothing is sent yet.

        `agent` is the machine whose own figures and alerts are sent, and nothing else.
        """
        self.clock_offset: float | None = None  # seconds that the other clock is ahead, if known
        self._url = url
        self._is_agents = agent is not None
        self._path = urlsplit(url).path.rstrip("/") + "/events"
        if agent is not None:
            self._path += f"?agent={quote(agent)}"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": f"vitals/{version()}",
        }
        self._timeout = timeout
        self._context: ssl.SSLContext | None = None
        self._connection: http.client.HTTPConnection | None = None

    def append(self, events: Sequence[Event]) -> list[EventId]:
        """Log one batch, all or nothing. Raises LogUnavailable, and Refused."""
        return self.append_idempotent(uuid.uuid4().hex, "", events)

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        """The same; a batch that is sent again under its key is logged once.

        The other side digests the body itself.
        """
        if not events:
            return []
        status, answer = self._post(_body(events), key)
        if status == 201:
            try:
                return [EventId.parse(text) for text in _IDS.decode(answer).ids]
            except (msgspec.DecodeError, ValueError):
                raise Refused(f"{self._url}: what answers there is no Vitals") from None
        reason = f"{self._url}: {explanation(status, answer)}"
        if not is_refused(status):
            raise LogUnavailable(reason)
        problem = problem_in(answer)
        # An agent that is refused as such is not to throw its figures away.
        is_content = status in _CONTENT and not (self._is_agents and problem.key == "agent")
        raise Refused(reason, is_content=is_content, index=problem.index)

    def close(self) -> None:
        """Let go of the connection; the next append makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _post(self, body: bytes, key: str) -> tuple[int, bytes]:
        headers = self._headers | {"Idempotency-Key": key}
        while True:
            was_kept = self._connection is not None
            connection = self._connection or self._dial()
            self._connection = connection
            try:
                started = time.time()
                connection.request("POST", self._path, body, headers)
                response = connection.getresponse()
                self._compare_clocks(response.headers.get("Date"), started)
                return response.status, response.read(_MOST_ANSWER)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # A server closes connections that were idle, and may do so just now.
                if was_kept and isinstance(error, ConnectionError):
                    continue
                kind = Refused if isinstance(error, ssl.SSLCertVerificationError) else None
                raise (kind or LogUnavailable)(f"{self._url}: {reason_of(error)}") from None

    def _dial(self) -> http.client.HTTPConnection:
        if self._context is None and self._url.startswith("https:"):
            # Kept, as reading all authorities' certificates takes longer than a connection.
            self._context = ssl.create_default_context()
        return dial(self._url, self._timeout, self._context)

    def _compare_clocks(self, date: str | None, started: float) -> None:
        theirs = parsedate_tz(date) if date else None
        if theirs is not None:
            with contextlib.suppress(ValueError, OverflowError):  # a date that can't be
                # The header has whole seconds, cut off.
                self.clock_offset = mktime_tz(theirs) + 0.5 - (started + time.time()) / 2


class _Ids(msgspec.Struct):
    ids: list[str]


_IDS = msgspec.json.Decoder(_Ids)


def _body(events: Sequence[Event]) -> bytes:
    # The data holds the event's host and time: the other side takes them from there.
    items = [f'{{"event":"{event.name or UNNAMED}","data":{event.data}}}' for event in events]
    return f"[{','.join(items)}]".encode()
