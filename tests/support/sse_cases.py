"""The hard cases of the event stream, once: what is written, its bytes, and what a reader must see.

The table drives the writer byte by byte (tests/events/test_sse.py), our parser and client
(tests/client), the Python parsers of others (test_sse.py), and Chromium's EventSource and the npm
package eventsource (test_sse_browser.py). Each case is a stream of its own, and `received` is what
the standard says that a page gets from it. READ has streams that our writer never makes: the rules
that the web platform's tests, .NET's SseParser and LaunchDarkly's contract tests try, with data of
our own.
"""

from dataclasses import dataclass

from dashboard.events.sse import ServerSentEvent as Event
from tests.support.sse_reading import Received


@dataclass(frozen=True)
class Case:
    name: str
    events: tuple[Event, ...]  # none, if our writer would not make these bytes
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
    Case("name without data", (Event(event="cpu"), Event("1")), b"event: cpu\ndata:\n\ndata: 1\n\n",
         (Received("cpu", "", ""), Received("message", "1", ""))),
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
    Case("two that are named", (Event("a", event="one"), Event("b", event="two")),
         b"event: one\ndata: a\n\nevent: two\ndata: b\n\n",
         (Received("one", "a", ""), Received("two", "b", ""))),
    Case("all three line ends in one", (Event("a\nb\r\nc\rd\n\re\r\r\nf", event="lines"),),
         b"event: lines\ndata: a\ndata: b\ndata: c\ndata: d\ndata:\ndata: e\ndata:\ndata: f\n\n",
         (Received("lines", "a\nb\nc\nd\n\ne\n\nf", ""),)),
    Case("a long retry", (Event("1", retry=86_400_000),), b"retry: 86400000\ndata: 1\n\n",
         (Received("message", "1", ""),), (86_400_000,)),
    Case("everything", (Event("a\nb", event="cpu", id="7", retry=2000, comment="hello"),),
         b": hello\nretry: 2000\nid: 7\nevent: cpu\ndata: a\ndata: b\n\n",
         (Received("cpu", "a\nb", "7"),), (2000,)),
)  # fmt: skip


def _read(
    name: str, wire: bytes, *received: tuple[str, str, str], retries: tuple[int, ...] = ()
) -> Case:
    return Case(name, (), wire, tuple(Received(*one) for one in received), retries)


def _said(text: str) -> tuple[str, str, str]:
    return ("message", text, "")


BOM = b"\xef\xbb\xbf"
READ = (
    # Line ends.
    _read("lines end at CR", b"data: a\rdata: b\r\r", _said("a\nb")),
    _read("lines end at CRLF", b"data: a\r\ndata: b\r\n\r\n", _said("a\nb")),
    _read("lines end at each of the three", b"data: a\rdata: b\r\ndata: c\n\n", _said("a\nb\nc")),
    _read("LF CR ends a block", b"data: a\n\rdata: b\n\n", _said("a"), _said("b")),
    _read("CR LF is one end, CR CR LF two",
          b"data: a\r\r\ndata: b\r\n\r\n", _said("a"), _said("b")),
    _read("a block that CR CR ends, and a comment", b"data: a\r\r:\r", _said("a")),
    _read("no line ends at VT, FF, NEL, U+2028", "data: a\x0b\x0c\x85\u2028b\n\n".encode(),
          _said("a\x0b\x0c\x85\u2028b")),
    # The beginning and the end.
    _read("a BOM is dropped", BOM + b"data: a\n\n", _said("a")),
    _read("of two BOMs the second makes an unknown field",
          BOM + BOM + b"data: a\n\ndata: b\n\n", _said("b")),
    _read("a BOM later is text", b"data: a\n\n" + BOM + b"data: b\n\ndata: c\n\n",
          _said("a"), _said("c")),
    _read("a BOM alone", BOM),
    _read("nothing", b""),
    _read("blank lines at the start", b"\n\r\n\rdata: a\n\n", _said("a")),
    _read("what no blank line ends is dropped", b"data: a\n\ndata: b\nid: 1\n", _said("a")),
    _read("a last line without its end is dropped", b"retry: 7\ndata: a\n\nretry: 9", _said("a"),
          retries=(7,)),
    # Fields.
    _read("without a colon", b"data\n\ndata\ndata\n\ndata:\n", _said(""), _said("\n")),
    _read("a space after the colon is dropped, once",
          b"data:a\n\ndata: b\n\ndata:  c\n\ndata:\td\n\n",
          _said("a"), _said("b"), _said(" c"), _said("\td")),
    _read("names are exact", b"DATA: a\n data: b\ndata : c\ndat: d\ndata : e\ndata: f\n\n",
          _said("f")),
    _read("unknown fields", b"data: a\ncolour: red\ndatabase: b\nx\ndata: c\n\n", _said("a\nc")),
    _read("a colon and more in the value", b"data: a: b:c\n\ndata:: d\n\n",
          _said("a: b:c"), _said(": d")),
    _read("comments", b": one\ndata: a\n:\n:data: b\n: \xff\ndata: c\n\n:\n\n", _said("a\nc")),
    _read("a long comment", b":" + b"x" * 70_000 + b"\ndata: a\n\n", _said("a")),
    _read("a long line", b"data: " + b"y" * 200_000 + b"\n\n", _said("y" * 200_000)),
    _read("JSON of several lines", b'data: {"a":\ndata:  1}\n\n', _said('{"a":\n 1}')),
    _read("the last of two names counts", b"event: a\nevent: b\ndata: 1\n\n", ("b", "1", "")),
    _read("an empty name is none", b"event: a\nevent:\ndata: 1\n\n", _said("1")),
    _read("a name after the data", b"data: 1\nevent: a\n\ndata: 2\n\n", ("a", "1", ""), _said("2")),
    _read("a name without data is forgotten", b"event: a\n\ndata: 1\n\n", _said("1")),
    # UTF-8.
    _read("characters of two, three and four bytes", "data: \u00e9\u20ac\U0001f493\n\n".encode(),
          _said("\u00e9\u20ac\U0001f493")),
    _read("bytes that are no UTF-8", b"data: a\xffb\xc3\n\n", _said("a\ufffdb\ufffd")),
    _read("a sequence that is cut short", b"data: \xe2\x82\n\ndata: \xf0\x9f\x92!\n\n",
          _said("\ufffd"), _said("\ufffd!")),
    # Ids.
    _read("an id lasts", b"id: 1\ndata: a\n\ndata: b\n\n",
          ("message", "a", "1"), ("message", "b", "1")),
    _read("an id after the data", b"data: a\nid: 1\n\n", ("message", "a", "1")),
    _read("the last of two ids counts", b"id: 1\nid: 2\ndata: a\n\n", ("message", "a", "2")),
    _read("an id without a value ends the id", b"id: 1\ndata: a\n\nid\ndata: b\n\n",
          ("message", "a", "1"), ("message", "b", "")),
    _read("an id with NUL is ignored", b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid: \0\ndata: c\n\n",
          ("message", "a", "1"), ("message", "b", "1"), ("message", "c", "1")),
    _read("an id in a block without data", b"id: 1\n\ndata: a\n\n", ("message", "a", "1")),
    _read("an id with a name, without data", b"id: 1\nevent: x\n\ndata: a\n\n",
          ("message", "a", "1")),
    # The pause before coming back.
    _read("retry wants digits", b"retry: 5s\nretry: -1\nretry: +1\nretry: 1.5\nretry: 0x9\n"
          b"retry: 1e3\nretry:  7\nretry: 7 \ndata: a\n\n", _said("a")),
    _read("retry without a value", b"retry: 3000\nretry:\nretry\ndata: a\n\n", _said("a"),
          retries=(3000,)),
    _read("retry with zeros in front", b"retry: 0042\ndata: a\n\n", _said("a"), retries=(42,)),
    _read("retry in other digits", "retry: \u0663\ndata: a\n\n".encode(), _said("a")),
    _read("retry in a block that is never ended", b"data: a\n\nretry: 1000\n", _said("a"),
          retries=(1000,)),
    # What services send.
    _read("figures of a share", b"data: YHOO\ndata: +2\ndata: 10\n\n", _said("YHOO\n+2\n10")),
    _read("ids that come and go",
          b": begin\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n",
          ("message", "first", "1"), ("message", "second", ""), ("message", " third", "")),
    _read("words of a model", b'data: {"delta":"Hel"}\n\ndata: {"delta":"lo"}\n\ndata: [DONE]\n\n',
          _said('{"delta":"Hel"}'), _said('{"delta":"lo"}'), _said("[DONE]")),
    _read("a state and its changes",
          b'event:put\ndata:{"a":1}\n\n:\nevent: patch\ndata: {"a":2}\n\n',
          ("put", '{"a":1}', ""), ("patch", '{"a":2}', "")),
)  # fmt: skip
ALL = (*CASES, *READ)
