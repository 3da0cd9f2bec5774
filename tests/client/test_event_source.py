"""The resumable client, against a server that answers as each test has written down."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dashboard.client import EventSource, EventTooLong, Parser, StreamRefused
from tests.support import sse_reading
from tests.support.sse_cases import ALL, Case
from tests.support.sse_reading import Received
from tests.support.waiting import wait_for


class Scripted(ThreadingHTTPServer):
    """Answers the requests of each path one by one with what `script` has for it, then with 204.

    An answer is (status, headers, body); a body's parts are sent in a write each, and None among
    them keeps the connection open until the server is closed. `asked` has (path, headers).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: dict[str, list[tuple[int, dict[str, str], list[bytes | None]]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    def stream(self, path: str, *bodies: bytes) -> None:
        """Let a path answer with these streams, one a request."""
        headers = {"Content-Type": "text/event-stream"}
        self.script.setdefault(path, []).extend((200, headers, [body]) for body in bodies)

    def answer(self, path: str, status: int, body: bytes = b"", **headers: str) -> None:
        """Let a path answer so, once."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.script.setdefault(path, []).append((status, named, [body]))

    def ids(self) -> list[str | None]:
        """The Last-Event-ID of each request, as text."""
        # http.server reads headers as Latin-1.
        found = [headers.get("last-event-id") for _, headers in self.asked]
        return [None if text is None else text.encode("latin-1").decode() for text in found]

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers))
        left = self.server.script.get(self.path, [])
        status, headers, body = left.pop(0) if left else (204, {}, [])
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for part in body:
            if part is None:
                self.server.over.wait(60)
            else:
                self.wfile.write(part)
                self.wfile.flush()


@pytest.fixture
def server() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


def read(url: str, **options: Any) -> list[Received]:
    """What comes until the server says 204; it is asked again at once."""
    with EventSource(url, **{"retry": 0.001} | options) as source:
        return [Received(one.event, one.data, one.last_event_id) for one in source]


def messages(*texts: str, id: str = "") -> list[Received]:
    return [Received("message", text, id) for text in texts]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_it_reads_the_table(server: Scripted, case: Case) -> None:
    server.stream("/", case.wire)
    source = EventSource(f"{server.url}/", on_error=lambda reason, failures: source.close())
    found = [Received(one.event, one.data, one.last_event_id) for one in source]
    assert found == list(case.received)
    assert source.last_event_id == sse_reading.read(case.wire).last_event_id


def test_it_comes_back_with_the_newest_id_and_goes_on(server: Scripted) -> None:
    server.stream(
        "/", b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: half", b"data: c\n\n", b"id: 3\n\n"
    )
    assert read(f"{server.url}/") == messages("a", "b", "c", id="1")
    assert server.ids() == [None, "1", "1", "3"]


def test_an_id_comes_back_as_the_bytes_it_was(server: Scripted) -> None:
    server.stream("/", "id:  1700-0 é\u2028\n\n".encode(), b"id\n\n")
    read(f"{server.url}/")
    # A leading blank is the first thing that HTTP takes off a header's value.
    assert server.ids() == [None, "1700-0 é\u2028", None]


def test_it_begins_after_an_id_that_it_is_given(server: Scripted) -> None:
    server.stream("/", b"data: a\n\n")
    assert read(f"{server.url}/", last_event_id="7") == messages("a", id="7")
    assert server.ids() == ["7", "7"]
    for wrong in ("a\nb", "a\0", "\r"):
        with pytest.raises(ValueError, match="an id has no CR, LF or NUL"):
            EventSource(server.url, last_event_id=wrong)


def test_it_asks_as_an_event_source_does(server: Scripted) -> None:
    read(f"{server.url}/a?b=%20c#d", token="t" * 16, headers={"X-Own": "1"})
    path, headers = server.asked[0]
    assert path == "/a?b=%20c"
    assert headers["accept"] == "text/event-stream"
    assert headers["cache-control"] == "no-store"
    assert (headers["authorization"], headers["x-own"]) == (f"Bearer {'t' * 16}", "1")


def test_a_url_may_have_any_letters(server: Scripted) -> None:
    read(f"{server.url}/größe?host=機 1,%20a*")
    assert server.asked[0][0] == "/gr%C3%B6%C3%9Fe?host=%E6%A9%9F%201,%20a*"


@pytest.mark.parametrize("url", ["", "a.example", "ftp://a.example/", "http://", "http://a:0/"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="wanted is one of http or https"):
        EventSource(url)


def test_chunks_may_be_cut_anywhere(server: Scripted) -> None:
    wire = "id: 1\r\nevent: é\r\ndata: 💓\r\ndata: b\r\n\r\n".encode() * 3
    parts: list[bytes | None] = [wire[n : n + 1] for n in range(len(wire))]
    server.script["/"] = [(200, {"Content-Type": "text/event-stream;charset=UTF-8"}, parts)]
    assert read(f"{server.url}/") == [Received("é", "💓\nb", "1")] * 3


def test_it_waits_as_long_as_the_server_asks(server: Scripted) -> None:
    server.stream("/", b"retry: 300\ndata: a\n\n", b"data: b\n\n")
    began = time.monotonic()
    assert read(f"{server.url}/") == messages("a", "b")
    assert time.monotonic() - began > 0.6


@pytest.mark.parametrize("retry", ["99999999999999999999999", "9" * 400])
def test_a_retry_beyond_all_bounds_is_an_hour(server: Scripted, retry: str) -> None:
    server.stream("/", f"retry: {retry}\ndata: a\n\n".encode())
    source = EventSource(f"{server.url}/", on_error=lambda reason, failures: source.close())
    assert [one.data for one in source] == ["a"]


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_a_server_that_is_in_trouble_is_asked_again(server: Scripted, status: int) -> None:
    server.answer("/", status, b"away")
    server.stream("/", b"data: a\n\n")
    failures: list[tuple[str, int]] = []
    options = {"on_error": lambda *failure: failures.append(failure)}
    assert read(f"{server.url}/", **options) == messages("a")
    assert failures[0][0].startswith(str(status))
    assert failures[0][1] == 1


def test_a_server_that_wants_to_be_left_alone_is(server: Scripted) -> None:
    server.answer("/", 503, Retry_After="1")
    began = time.monotonic()
    assert read(f"{server.url}/") == []
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (404, b"", "text/plain", "404 Not Found"),
        (401, b'{"detail": "who\\u001b[0m?"}', "application/problem+json", "401 who?[0m?"),
        (200, b"<html>", "text/html", "an answer of the type text/html"),
        (200, b"", "", "an answer of the type text/plain"),
        (304, b"", "", "304 Not Modified"),
    ],
)
def test_what_is_no_stream_is_refused_at_first_and_a_pause_later(
    server: Scripted, status: int, body: bytes, kind: str, says: str
) -> None:
    headers = {"Content_Type": kind} if kind else {}
    server.answer("/", status, body, **headers)
    with pytest.raises(StreamRefused) as refused:
        read(f"{server.url}/")
    assert str(refused.value) == f"{server.url}/: {says}"
    server.stream("/", b"data: a\n\n")
    server.answer("/", status, body, **headers)
    server.stream("/", b"data: b\n\n")
    assert read(f"{server.url}/") == messages("a", "b")


def test_a_server_that_is_not_there_is_waited_for() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        failures: list[int] = []

        def failed(reason: str, count: int) -> None:
            assert reason == "Connection refused"
            failures.append(count)
            if count == 3:
                source.close()

        source = EventSource(
            f"http://127.0.0.1:{held.getsockname()[1]}/", retry=0.01, on_error=failed
        )
        assert list(source) == []
        assert failures == [1, 2, 3]


# Redirects.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_each_time(server: Scripted, status: int) -> None:
    for _ in range(2):
        server.answer("/a", status, Location="b/c?d=é e")
    server.stream("/b/c?d=%C3%A9%20e", b"id: 1\ndata: a\n\n")
    assert read(f"{server.url}/a") == messages("a", id="1")
    assert [path for path, _ in server.asked] == ["/a", "/b/c?d=%C3%A9%20e"] * 2
    assert server.ids() == [None, None, "1", "1"]


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("/a", "more than 10 redirects, the last to http"),
        ("ftp://a.example/", "a redirect to 'ftp://a.example/', which is no URL of HTTP"),
        ("http://a:99999/", "which is no URL of HTTP"),
        ("data:text/event-stream,data:x", "which is no URL of HTTP"),
    ],
)
def test_a_redirect_that_leads_nowhere(server: Scripted, location: str, says: str) -> None:
    for _ in range(12):
        server.answer("/a", 302, Location=location)
    with pytest.raises(StreamRefused, match=says):
        read(f"{server.url}/a")
    assert len(server.asked) <= 11


def test_a_token_goes_to_its_own_origin_only(server: Scripted) -> None:
    other = Scripted()
    try:
        server.answer("/a", 307, Location=f"{other.url}/b")
        other.stream("/b", b"data: a\n\n")
        server.answer("/a", 307, Location="/c")
        assert read(f"{server.url}/a", token="t" * 16, headers={"Cookie": "x=y"}) == messages("a")
        assert other.asked[0][1].keys().isdisjoint({"authorization", "cookie"})
        path, headers = server.asked[-1]
        assert (path, headers["authorization"], headers["cookie"]) == (
            "/c",
            f"Bearer {'t' * 16}",
            "x=y",
        )
    finally:
        other.close()


# Its end.


def hold(server: Scripted, *parts: bytes) -> None:
    """Let / send these and then nothing."""
    server.script["/"] = [(200, {"Content-Type": "text/event-stream"}, [*parts, None])]


def test_silence_is_a_dead_connection(server: Scripted) -> None:
    hold(server, b"id: 1\ndata: a\n\n")
    assert read(f"{server.url}/", read_timeout=0.2) == messages("a", id="1")
    assert server.ids() == [None, "1"]


@pytest.mark.parametrize("part", [b"", b"data: a\n\n"])
def test_another_thread_may_close_it(server: Scripted, part: bytes) -> None:
    hold(server, part)
    source = EventSource(f"{server.url}/")
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(one.data for one in source))
    thread.start()
    wait_for(lambda: server.asked and len(found) * 9 >= len(part), "the stream")
    source.close()
    thread.join(10)
    assert not thread.is_alive()


def test_who_leaves_the_loop_lets_go_of_the_connection(server: Scripted) -> None:
    hold(server, b"data: a\n\n")
    with EventSource(f"{server.url}/") as source:
        assert next(iter(source)).data == "a"
    assert list(source) == []


def test_an_event_without_end_is_told(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Parser.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "most", 100)
    server.stream("/", b"data: " + b"x" * 200)
    with pytest.raises(EventTooLong, match="more than 100 characters"):
        read(f"{server.url}/")
