"""Events to bytes: the writing half of Server-Sent Events, pure and without I/O.

The rule is the WHATWG standard, "Parsing an event stream" and "Interpreting an event stream"
(https://html.spec.whatwg.org/multipage/server-sent-events.html). What follows from it here:

- Lines end at CRLF, CR and LF and nowhere else, so text is split at exactly those, not as
  `str.splitlines` does (U+2028, VT, FF, NEL ...). A reader joins the lines with LF, so a CR or
  CRLF in `data` arrives as LF.
- A reader drops one space after the colon. We always write one: leading spaces survive.
- No data field and an empty data field differ. A block without `data` is never dispatched, though
  an id or a retry in it counts; `data:` is dispatched with the empty string. So None leaves a field
  out and a value that is merely falsy never does: "" sends `data:` and `id:`, 0 sends `retry: 0`.
- A reader drops one BOM at the very start of a stream. Our blocks start with a field name, a colon
  or a line feed, never with the caller's text, so a BOM in the data arrives.
- Names and ids have no escape: a line break in one would forge fields, and readers ignore an id
  with NUL in it, so that the stream could not be resumed. Both are refused.
"""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

try:
    from msgspec.json import encode as _json
except ImportError:  # vitals/sse.py promises to do with the standard library

    def _json(value: Any, /) -> bytes:  # type: ignore[misc]
        """Return JSON; beside JSON's own types dataclasses are allowed. Raises TypeError."""
        return json.dumps(value, default=asdict, separators=(",", ":")).encode()


_FORBIDDEN = {"\r": "CR", "\n": "LF", "\0": "NUL"}
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, init=False)
class ServerSentEvent:
    """One block of an event stream. What can be constructed can be encoded; the rest raises here.

    data:    text; several lines arrive as several lines. Bytes are UTF-8 text, and any other
             object becomes JSON (a dict, a number, a dataclass, a msgspec.Struct). With None
             nothing is dispatched, unless there is a name: then the data are empty.
    event:   the name that `addEventListener` takes; None is an unnamed event ("message" in a
             browser). "" would read the same, but is most likely a name that got lost: ValueError.
    id:      what a reader sends as Last-Event-ID when it comes back, text or a whole number; ""
             makes it send none.
    retry:   how long a reader waits before it comes back: milliseconds, 0 or more, or a timedelta.
    comment: text that readers skip, of any number of lines.

    Raises ValueError, naming the field, for CR, LF and NUL in `event` and `id`, for an empty
    `event`, for lone surrogates (UTF-8 cannot carry them), for bytes that are not UTF-8 and for a
    `retry` that is not a whole number >= 0. Raises TypeError for data that becomes no JSON, and for
    other text that is not `str`.
    """

    data: str | None
    event: str | None
    id: str | None
    retry: int | None
    comment: str | None

    def __init__(
        self,
        data: object = None,
        event: str | None = None,
        id: str | int | None = None,
        retry: int | timedelta | None = None,
        comment: str | None = None,
    ) -> None:
        if data is None and event is not None:
            data = ""  # readers dispatch nothing without a data field, whatever its name
        data = data if data is None or isinstance(data, str) else _text_of(data)
        if type(id) is int:
            id = str(id)
        if isinstance(retry, timedelta):
            retry = round(retry / _MILLISECOND)
        # bool is an int to Python, but `retry=True` would send "retry: True", which readers ignore.
        if retry is not None and (type(retry) is not int or retry < 0):
            raise ValueError(f"retry must be a whole number of milliseconds >= 0, not {retry!r}")
        _check_text("data", data)
        _check_text("comment", comment)
        _check_line("event", event)
        _check_line("id", id)
        if event == "":
            raise ValueError("event must not be empty; None makes an unnamed event")
        for field, value in (("data", data), ("event", event), ("id", id)):
            object.__setattr__(self, field, value)
        object.__setattr__(self, "retry", retry)
        object.__setattr__(self, "comment", comment)


def encode(event: ServerSentEvent) -> bytes:
    """The UTF-8 bytes of one block, ending in a blank line (and only that, without a field)."""
    lines: list[str] = []
    if event.comment is not None:
        lines += [_field("", line) for line in _split(event.comment)]
    if event.retry is not None:
        lines.append(_field("retry", str(event.retry)))
    if event.id is not None:
        lines.append(_field("id", event.id))
    if event.event is not None:
        lines.append(_field("event", event.event))
    if event.data is not None:
        lines += [_field("data", line) for line in _split(event.data)]
    lines.append("\n")
    return "".join(lines).encode()


def _text_of(data: object) -> str:
    """Return data that are no text as text."""
    if isinstance(data, bytes | bytearray | memoryview):
        try:
            return bytes(data).decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"data must be UTF-8 where they are bytes: {error}") from None
    try:
        return _json(data).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        kind = type(data).__name__
        raise TypeError(
            f"data must be text or become JSON, which {kind} does not: {error}"
        ) from None


def _field(name: str, value: str) -> str:
    return f"{name}: {value}\n" if value else f"{name}:\n"


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _check_text(field: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{field} must be str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(value[error.start]):04X} at position {error.start}"
        raise ValueError(f"{field} must not have lone surrogates: {found}") from None


def _check_line(field: str, value: object) -> None:
    _check_text(field, value)
    for character, name in _FORBIDDEN.items():
        if isinstance(value, str) and character in value:
            raise ValueError(f"{field} must not have {name} in it: {value!r}")
