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

from dataclasses import dataclass

_FORBIDDEN = {"\r": "CR", "\n": "LF", "\0": "NUL"}


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One block of an event stream. What can be constructed can be encoded; the rest raises here.

    data:    the text; several lines arrive as several lines. With None nothing is dispatched.
    event:   the name that `addEventListener` takes; None is an unnamed event ("message" in a
             browser). "" would read the same, but is most likely a name that got lost: ValueError.
    id:      what a reader sends as Last-Event-ID when it comes back; "" makes it send none.
    retry:   milliseconds that a reader waits before it comes back, 0 or more.
    comment: text that readers skip, of any number of lines.

    Raises ValueError, naming the field, for CR, LF and NUL in `event` and `id`, for an empty
    `event`, for lone surrogates (UTF-8 cannot carry them) and for a `retry` that is not a whole
    number >= 0. Raises TypeError for text that is not `str`: turn objects into JSON first.
    """

    data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        _check_text("data", self.data)
        _check_text("comment", self.comment)
        _check_line("event", self.event)
        _check_line("id", self.id)
        if self.event == "":
            raise ValueError("event must not be empty; None makes an unnamed event")
        # bool is an int to Python, but `retry=True` would send "retry: True", which readers ignore.
        retry = self.retry
        if retry is not None and (type(retry) is not int or retry < 0):
            raise ValueError(f"retry must be a whole number of milliseconds >= 0, not {retry!r}")


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


def _field(name: str, value: str) -> str:
    return f"{name}: {value}\n" if value else f"{name}:\n"


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _check_text(field: str, value: str | None) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{field} must be str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(value[error.start]):04X} at position {error.start}"
        raise ValueError(f"{field} must not have lone surrogates: {found}") from None


def _check_line(field: str, value: str | None) -> None:
    _check_text(field, value)
    for character, name in _FORBIDDEN.items():
        if value is not None and character in value:
            raise ValueError(f"{field} must not have {name} in it: {value!r}")
