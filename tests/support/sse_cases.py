"""The hard cases of the event stream, once: what is written, its bytes, and what a reader must see.

The table drives the writer byte by byte (test_sse.py), the Python parsers (test_sse.py), and
Chromium's EventSource and the npm package eventsource (test_sse_browser.py). Each case is a stream
of its own, and `received` is what the standard says that a page gets from it.
"""

from dataclasses import dataclass

from dashboard.events.sse import ServerSentEvent as Event
from tests.support.sse_reading import Received


@dataclass(frozen=True)
class Case:
    name: str
    events: tuple[Event, ...]
    wire: bytes
    received: tuple[Received, ...]
    retries: tuple[int, ...] = ()


def _data(name: str, data: str, wire: bytes, received: str) -> Case:
    return Case(name, (Event(data),), wire, (Received("message", received, ""),))


CASES = (
    _data("plain", "hello", b"data: hello\n\n", "hello"),
    _data("empty data", "", b"data:\n\n", ""),
    _data("only LF", "\n", b"data:\ndata:\n\n", "\n"),
    _data("LF", "a\nb", b"data: a\ndata: b\n\n", "a\nb"),
    _data("CR", "a\rb", b"data: a\ndata: b\n\n", "a\nb"),
    _data("CRLF", "a\r\nb", b"data: a\ndata: b\n\n", "a\nb"),
    _data("LF CR is two ends", "a\n\rb", b"data: a\ndata:\ndata: b\n\n", "a\n\nb"),
    _data("CR CRLF is two ends", "a\r\r\nb", b"data: a\ndata:\ndata: b\n\n", "a\n\nb"),
    _data("trailing LF", "a\n", b"data: a\ndata:\n\n", "a\n"),
    _data("trailing CR", "a\r", b"data: a\ndata:\n\n", "a\n"),
    _data("trailing CRLF", "a\r\n", b"data: a\ndata:\n\n", "a\n"),
    _data("two trailing LF", "a\n\n", b"data: a\ndata:\ndata:\n\n", "a\n\n"),
    _data("leading LF", "\na", b"data:\ndata: a\n\n", "\na"),
    _data("U+2028", "a\u2028b", b"data: a\xe2\x80\xa8b\n\n", "a\u2028b"),
    _data("U+2029", "a\u2029b", b"data: a\xe2\x80\xa9b\n\n", "a\u2029b"),
    _data("NEL", "a\x85b", b"data: a\xc2\x85b\n\n", "a\x85b"),
    _data("VT", "a\x0bb", b"data: a\x0bb\n\n", "a\x0bb"),
    _data("FF", "a\x0cb", b"data: a\x0cb\n\n", "a\x0cb"),
    _data("FS GS RS", "a\x1cb\x1dc\x1ed", b"data: a\x1cb\x1dc\x1ed\n\n", "a\x1cb\x1dc\x1ed"),
    _data("trailing VT", "a\x0b", b"data: a\x0b\n\n", "a\x0b"),
    _data("trailing U+2028", "a\u2028", b"data: a\xe2\x80\xa8\n\n", "a\u2028"),
    _data("NUL in data", "a\0b", b"data: a\0b\n\n", "a\0b"),
    _data("one leading space", " a", b"data:  a\n\n", " a"),
    _data("leading spaces in each line", "  a\n  b", b"data:   a\ndata:   b\n\n", "  a\n  b"),
    _data("only a space", " ", b"data:  \n\n", " "),
    _data("trailing space", "a ", b"data: a \n\n", "a "),
    _data("leading tab", "\ta", b"data: \ta\n\n", "\ta"),
    _data("leading BOM", "\ufeffa", b"data: \xef\xbb\xbfa\n\n", "\ufeffa"),
    _data("only a BOM", "\ufeff", b"data: \xef\xbb\xbf\n\n", "\ufeff"),
    _data("colon", "a: b", b"data: a: b\n\n", "a: b"),
    _data("leading colon", ":a", b"data: :a\n\n", ":a"),
    _data("looks like fields", "a\nid: 7\nevent: x\n\n", b"data: a\ndata: id: 7\ndata: event: x\n"
          b"data:\ndata:\n\n", "a\nid: 7\nevent: x\n\n"),
    _data("emoji", "💓 ok", b"data: \xf0\x9f\x92\x93 ok\n\n", "💓 ok"),
    Case("named", (Event("1", event="cpu"),), b"event: cpu\ndata: 1\n\n",
         (Received("cpu", "1", ""),)),
    Case("a name does not last", (Event("1", event="cpu"), Event("2")),
         b"event: cpu\ndata: 1\n\ndata: 2\n\n",
         (Received("cpu", "1", ""), Received("message", "2", ""))),
    Case("name with space, colon, emoji", (Event("1", event=" a: 💓"),),
         b"event:  a: \xf0\x9f\x92\x93\ndata: 1\n\n", (Received(" a: 💓", "1", ""),)),
    Case("named, empty data", (Event("", event="end"),), b"event: end\ndata:\n\n",
         (Received("end", "", ""),)),
    Case("id", (Event("1", id="1700000000000-0"),), b"id: 1700000000000-0\ndata: 1\n\n",
         (Received("message", "1", "1700000000000-0"),)),
    Case("id 0", (Event("1", id="0"),), b"id: 0\ndata: 1\n\n", (Received("message", "1", "0"),)),
    Case("id lasts", (Event("1", id="a"), Event("2"), Event("3", id="b")),
         b"id: a\ndata: 1\n\ndata: 2\n\nid: b\ndata: 3\n\n",
         (Received("message", "1", "a"), Received("message", "2", "a"),
          Received("message", "3", "b"))),
    Case("empty id ends the id", (Event("1", id="a"), Event("2", id="")),
         b"id: a\ndata: 1\n\nid:\ndata: 2\n\n",
         (Received("message", "1", "a"), Received("message", "2", ""))),
    Case("id of U+2028 and a leading space", (Event("1", id=" a\u2028b"),),
         b"id:  a\xe2\x80\xa8b\ndata: 1\n\n", (Received("message", "1", " a\u2028b"),)),
    Case("id without data", (Event(id="a"), Event("1")), b"id: a\n\ndata: 1\n\n",
         (Received("message", "1", "a"),)),
    Case("name without data", (Event(event="cpu"), Event("1")), b"event: cpu\n\ndata: 1\n\n",
         (Received("message", "1", ""),)),
    Case("retry without data", (Event(retry=2000), Event("1")), b"retry: 2000\n\ndata: 1\n\n",
         (Received("message", "1", ""),), (2000,)),
    Case("retry with data", (Event("1", retry=1500),), b"retry: 1500\ndata: 1\n\n",
         (Received("message", "1", ""),), (1500,)),
    Case("retry 0", (Event("1", retry=0),), b"retry: 0\ndata: 1\n\n",
         (Received("message", "1", ""),), (0,)),
    Case("comment alone", (Event(comment="still here"), Event("1")),
         b": still here\n\ndata: 1\n\n", (Received("message", "1", ""),)),
    Case("comment of several lines", (Event("1", comment="a\r\n\rdata: forged\u2028c\n"),),
         b": a\n:\n: data: forged\xe2\x80\xa8c\n:\ndata: 1\n\n", (Received("message", "1", ""),)),
    Case("empty comment", (Event("1", comment=""),), b":\ndata: 1\n\n",
         (Received("message", "1", ""),)),
    Case("nothing at all", (Event(), Event("1")), b"\ndata: 1\n\n",
         (Received("message", "1", ""),)),
    Case("everything", (Event("a\nb", event="cpu", id="7", retry=2000, comment="hello"),),
         b": hello\nretry: 2000\nid: 7\nevent: cpu\ndata: a\ndata: b\n\n",
         (Received("cpu", "a\nb", "7"),), (2000,)),
)  # fmt: skip
