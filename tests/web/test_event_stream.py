"""`event_stream` in a Flask app of a user's, over a real gunicorn with gevent."""

import math
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask, Response
from httpx_sse import EventSource, ServerSentEvent

from dashboard.web.event_stream import event_stream
from tests.support.service import ROOT, wait_for

STOPPING = """
import signal
import gevent
from dashboard.web.event_stream import stop_all

def post_worker_init(worker):
    def stop():
        worker.handle_exit(signal.SIGTERM, None)
        stop_all()
    gevent.signal_handler(signal.SIGTERM, stop)
"""


class App:
    """gunicorn with tests/support/streaming_app.py."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.output = folder / "app.log"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-c", "/dev/null", "-k", "gevent"),
                    *("-b", "127.0.0.1:0", "--no-control-socket", "--graceful-timeout", "20"),
                    *(*arguments, "tests.support.streaming_app:app"),
                ],
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )
        found = wait_for(
            lambda: re.search(r"Listening at: http://[\d.]+:(\d+)", self.output.read_text()),
            "the app to listen",
        )
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def state(self) -> Any:
        return httpx.get(f"{self.url}/state", timeout=30, verify=False).json()

    def events(self, path: str) -> list[ServerSentEvent]:
        """All events of a stream that ends."""
        with self.stream(path) as response:
            return list(EventSource(response).iter_sse())

    @contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        with httpx.stream("GET", self.url + path, timeout=30, verify=False) as response:
            assert response.status_code == 200
            yield response

    def raw(self, path: str, method: str = "GET") -> socket.socket:
        """A connection on which a request was just sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return connection

    def stop(self) -> None:
        self.process.kill() if self.process.poll() is None else None
        self.process.wait()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = App(tmp_path_factory.mktemp("app"))
    yield app
    app.process.send_signal(signal.SIGINT)
    app.process.wait(30)


def receive_until(connection: socket.socket, wanted: bytes) -> bytes:
    """Read until something has come."""
    got = b""
    while wanted not in got:
        block = connection.recv(65536)
        assert block, f"the end came before {wanted!r}: {got!r}"
        got += block
    return got


def receive_all(connection: socket.socket) -> bytes:
    """Read to the end, and close."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


# Events.


def test_events_of_every_form_arrive(app: App) -> None:
    events = app.events("/table")
    assert [(e.event, e.data, e.id, e.retry) for e in events] == [
        ("message", "unnamed", "", None),
        ("news", "named", "", None),
        ("message", "with an id", "7", None),
        ("news", "with all", "8", 1234),
        ("empty", "", "8", None),
        ("message", "two\nlines", "8", None),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_to_others_code_it_is_a_response_that_is_streamed(method: str) -> None:
    app, closed = Flask(__name__), []

    @app.route("/")
    def _() -> Response:
        response = event_stream(["one"])
        response.call_on_close(lambda: closed.append(True))
        assert response.is_streamed
        assert response.calculate_content_length() is None
        return response

    with app.test_client().open("/", method=method, buffered=True) as answer:
        assert answer.content_length is None
        assert answer.data == (b"" if method == "HEAD" else b":\n\ndata: one\n\n")
    assert closed == [True]


@pytest.mark.parametrize("heartbeat", [0, -1, math.nan, math.inf])
def test_a_heartbeat_that_can_not_be_is_refused_before_the_response(heartbeat: float) -> None:
    with pytest.raises(ValueError, match="heartbeat must be a finite number"):
        event_stream([], heartbeat=heartbeat)


def test_the_pause_before_a_browser_comes_back_is_the_first_thing_told(app: App) -> None:
    # Raw, because httpx-sse takes a block of nothing but `retry` for an event.
    assert httpx.get(f"{app.url}/retry", timeout=30).content == b"retry: 4321\n\ndata: one\n\n"


def test_the_headers_are_those_of_an_event_stream(app: App) -> None:
    with app.stream("/list") as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        assert "content-length" not in response.headers
        assert [e.data for e in EventSource(response).iter_sse()] == ["one", "two"]


def test_the_headers_and_a_first_byte_arrive_before_the_first_event(app: App) -> None:
    with app.raw("/silent/headers?heartbeat=3600") as connection:
        receive_until(connection, b":\n\n")
    # That it came at all is the test: neither an event nor a heartbeat is sent for an hour.


def test_a_stream_without_events_ends(app: App) -> None:
    assert app.events("/empty") == []


def test_a_finished_iterator_ends_the_response_cleanly(app: App) -> None:
    with app.raw("/list") as connection:
        assert receive_until(connection, b"0\r\n\r\n").endswith(b"data: two\n\n\r\n0\r\n\r\n")


def test_many_events_without_a_pause_keep_their_order(app: App) -> None:
    assert [e.data for e in app.events("/burst")] == [str(number) for number in range(2000)]


def test_heartbeats_go_into_silence_and_only_there(app: App) -> None:
    with app.stream("/silent/heartbeats?events=2&heartbeat=0.1") as response:
        events = EventSource(response).iter_sse()
        found = [next(events) for _ in range(5)]
    assert [e.event for e in found] == ["message", "message", *["heartbeat"] * 3]
    assert [e.data for e in found[:2]] == ["0", "1"]
    assert all(abs(e.json()["time"] - time.time()) < 60 for e in found[2:])
    assert [e.id for e in found] == [""] * 5
    with app.stream("/steady/no-heartbeats") as response:
        events = EventSource(response).iter_sse()
        assert {next(events).event for _ in range(50)} == {"message"}


def test_the_request_can_be_used_while_the_stream_runs(app: App) -> None:
    assert [e.data for e in app.events("/context?word=hello")] == ["hello", "/context hello"]


def test_several_streams_run_at_once_each_with_its_own_events(app: App) -> None:
    with (
        app.stream("/steady/a") as a,
        app.stream("/steady/b") as b,
        app.stream("/silent/c") as c,
    ):
        readers = {key: EventSource(r).iter_sse() for key, r in (("a", a), ("b", b), ("c", c))}
        for number in range(10):
            assert next(readers["a"]).data == f"a {number}"
            assert next(readers["b"]).data == f"b {number}"
            assert next(readers["c"]).event == "heartbeat"


def test_head_gets_the_headers_and_starts_nothing(app: App) -> None:
    with app.raw("/silent/head", "HEAD") as connection:
        head = receive_until(connection, b"\r\n\r\n")
        assert b"text/event-stream" in head
        assert head.endswith(b"\r\n\r\n")
        # The connection is free for the next request, and nothing came in between.
        connection.sendall(b"GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert "head" not in app.state()["begun"]


# Errors.


@pytest.mark.parametrize(
    ("path", "error"), [("/fails", "RuntimeError"), ("/bad-item", "TypeError")]
)
def test_an_error_of_the_iterator_breaks_the_response_off_and_is_logged(
    app: App, path: str, error: str
) -> None:
    body = receive_all(app.raw(path))
    assert b"data: fine\n\n" in body
    assert b"0\r\n\r\n" not in body, "it looks like a clean end"
    wait_for(lambda: f"{error}: " in app.output.read_text(), "the error in the log")


def test_what_is_no_iterable_is_an_error_of_the_view(app: App) -> None:
    assert httpx.get(f"{app.url}/no-iterable", timeout=30).status_code == 500


# Leaving.


def leave(connection: socket.socket) -> None:
    """Close with FIN."""
    connection.close()


def reset(connection: socket.socket) -> None:
    """Close with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


@pytest.mark.parametrize("go", [leave, reset])
@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/steady/{}", b"data: "),
        ("/silent/{}?events=1", b"data: 0"),
        ("/silent/{}", b"event: heartbeat"),
        ("/silent/{}", b":\n\n"),
    ],
)
def test_the_iterator_is_closed_when_the_reader_leaves(
    app: App, path: str, seen: bytes, go: Callable[[socket.socket], None]
) -> None:
    key = f"{path.split('/')[1]}-{len(seen)}-{go.__name__}"
    connection = app.raw(path.format(key))
    receive_until(connection, seen)
    assert app.state()["begun"].get(key) == 1
    assert key not in app.state()["ended"]
    go(connection)
    wait_for(lambda: app.state()["ended"].get(key) == 1, "the iterator's finally")


@pytest.mark.parametrize("go", [leave, reset])
def test_nothing_stays_of_readers_that_leave_before_the_first_byte(
    app: App, go: Callable[[socket.socket], None]
) -> None:
    key = f"early-{go.__name__}"
    descriptors = app.state()["descriptors"]
    for _ in range(50):
        go(app.raw(f"/silent/{key}"))

    def all_gone() -> bool:
        state = app.state()
        begun, ended = state["begun"].get(key, 0), state["ended"].get(key, 0)
        return bool(begun == ended and state["descriptors"] <= descriptors + 2)

    wait_for(all_gone, "the iterators of those who left")


def test_an_iterator_that_is_no_generator_is_closed_too(app: App) -> None:
    with app.raw("/closable") as connection:
        receive_until(connection, b"event: heartbeat")
    wait_for(lambda: app.state()["ended"].get("closable"), "its close")


def test_a_reader_that_takes_nothing_does_not_run_the_iterator_ahead(app: App) -> None:
    with app.raw("/burst") as slow:
        assert [e.data for e in app.events("/list")] == ["one", "two"], "others go on"
        body = receive_until(slow, b"0\r\n\r\n")
    assert body.count(b"data: ") == 2000


def test_the_worker_ends_its_streams_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "stopping.conf.py").write_text(STOPPING)
    app = App(tmp_path, "-c", str(tmp_path / "stopping.conf.py"))
    try:
        connections = [app.raw(f"/{kind}/stop?heartbeat=3600") for kind in ("silent", "steady")]
        receive_until(connections[0], b":\n\n")
        receive_until(connections[1], b"data: ")
        bodies: list[bytes] = []
        readers = [
            threading.Thread(target=lambda c=c: bodies.append(receive_all(c))) for c in connections
        ]
        for reader in readers:
            reader.start()
        started = time.monotonic()
        app.process.send_signal(signal.SIGTERM)
        for reader in readers:
            reader.join()
        app.process.wait(30)
        # gunicorn would have waited out its graceful time-out of 20 s for open streams.
        assert time.monotonic() - started < 15
        assert [body.endswith(b"0\r\n\r\n") for body in bodies] == [True, True]
    finally:
        app.stop()
