"""`event_stream` under every server that people run Flask with, one start of each."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from flask import Response

from dashboard import ServerSentEvent, event_stream
from dashboard.web.event_stream import stop_all
from tests.support.service import ROOT, wait_for

APP = "tests.support.any_server_app:app"
GUNICORN = ("gunicorn", "-b", "127.0.0.1:0", "--no-control-socket", "--graceful-timeout", "90")
ALONE = (*GUNICORN, "-c", "/dev/null")
SERVERS = {
    "flask": ("flask", "--app", APP, "run", "-p", "0"),
    "waitress": ("waitress", "--listen", "127.0.0.1:0", APP),
    "gthread": (*ALONE, "-k", "gthread", "--threads", "4", APP),
    "sync": (*ALONE, "-k", "sync", APP),
    "gevent": (*ALONE, "-k", "gevent", APP),
    "vitals": (*GUNICORN, "tests.support.any_server_app:vitals()"),
}
KILLED = {"flask", "waitress"}  # which have no end of their own for SIGTERM


class Running:
    """A server with the app, and what its iterators noted."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, notes: Path) -> None:
        self.process = process
        self._port = port
        self._notes = notes

    def stream(self, path: str, wanted: bytes) -> socket.socket:
        """Open a stream and read on until something has come."""
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        got = b""
        while wanted not in got:
            block = connection.recv(65536)
            assert block, f"the end came before {wanted!r}: {got!r}"
            got += block
        return connection

    def notes(self) -> list[str]:
        return self._notes.read_text().split("\n") if self._notes.exists() else []

    def descriptors_without_threads(self) -> int:
        """How many there are while no stream has a thread, 0 while one has."""
        url = f"http://127.0.0.1:{self._port}/open"
        found = httpx.get(url, timeout=30, verify=False).json()
        return 0 if found["threads"] else int(found["descriptors"])


@contextmanager
def running(folder: Path, server: str) -> Iterator[Running]:
    notes, output = folder / "notes", folder / "output"
    environment = os.environ | {
        "STREAMS_NOTES": str(notes),
        "DASHBOARD_INSTANCE": str(folder),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", *SERVERS[server]]
    with output.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        pattern = r"(?:Listening at:|Running on|Serving on) http://[\d.]+:(\d+)"
        found = wait_for(lambda: re.search(pattern, output.read_text()), "the server to listen")
        yield Running(process, int(found[1]), notes)
        text = output.read_text()
        assert "Traceback" not in text, text
        assert "TIMEOUT" not in text, text
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.mark.parametrize("server", SERVERS)
def test_streams_begin_go_on_and_leave_nothing(tmp_path: Path, server: str) -> None:
    with running(tmp_path, server) as app:
        app.stream("/steady/first", b'event: count\ndata: {"number":1}\n\n').close()
        wait_for(lambda: "ended first" in app.notes(), "the first iterator's end")
        before = wait_for(lambda: app.descriptors_without_threads(), "the threads' end")

        app.stream("/polling/heard?heartbeat=0.1", b"event: heartbeat\ndata: ").close()
        wait_for(lambda: "ended heard" in app.notes(), "the end of one with heartbeats")
        for key in ("a", "b", "c"):  # nothing is written to these that could fail
            app.stream(f"/polling/{key}", b"data: one").close()
        wait_for(
            lambda: {"ended a", "ended b", "ended c"} <= set(app.notes()), "the silent ones' end"
        )
        app.stream("/steady/last", b'"number":1}').close()
        wait_for(lambda: "ended last" in app.notes(), "the last iterator's end")
        wait_for(lambda: 0 < app.descriptors_without_threads() <= before, "nothing more to be left")

        with app.stream("/polling/end", b"data: one") as connection:
            app.process.send_signal(signal.SIGTERM)
            app.process.wait(60)  # gunicorn would wait for 90 s for streams to end
            if server not in KILLED:
                assert connection.recv(65536).endswith(b"0\r\n\r\n"), "a clean end of the stream"
                assert "ended end" in app.notes()


def blocks_of(response: Response) -> Iterator[bytes]:
    """Read a response as a server does."""
    return iter(response.get_app_iter({"REQUEST_METHOD": "GET"}))


def test_one_name_is_for_every_event_without_its_own() -> None:
    items = ["text", {"a": 1}, None, 5, ServerSentEvent("x", event="own"), ServerSentEvent(id=7)]
    assert b"".join(blocks_of(event_stream(items, event="news", retry=timedelta(seconds=2)))) == (
        b"retry: 2000\n\n"
        b"event: news\ndata: text\n\n"
        b'event: news\ndata: {"a":1}\n\n'
        b"event: news\ndata: null\n\n"
        b"event: news\ndata: 5\n\n"
        b"event: own\ndata: x\n\n"
        b"id: 7\n\n"
    )


def test_a_wrong_name_is_an_error_of_the_view() -> None:
    with pytest.raises(ValueError, match=r"^event must not have LF in it"):
        event_stream([], event="a\nb")


def test_stop_all_ends_streams_without_a_reader_on_a_socket() -> None:
    ended: list[bool] = []

    def events() -> Iterator[str]:
        try:
            yield "one"
            while True:
                time.sleep(0.01)
        finally:
            ended.append(True)

    blocks = blocks_of(event_stream(events()))
    assert [next(blocks), next(blocks)] == [b":\n\n", b"data: one\n\n"]
    stop_all()
    assert list(blocks) == []
    wait_for(lambda: ended, "the iterator's end")


def test_a_worker_that_answers_in_its_main_thread_gives_signs_of_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signs: list[float] = []

    class Worker:
        alive = True

        def notify(self) -> None:
            signs.append(time.monotonic())

        def handle_exit(self, number: int, frame: object) -> None:
            raise AssertionError

    def events() -> Iterator[str]:
        while len(signs) < 5:
            time.sleep(0.001)
        yield "one"

    monkeypatch.setattr("dashboard.web.event_stream._NOTIFY_SECONDS", 0.01)
    before = signal.signal(signal.SIGTERM, Worker().handle_exit)
    try:
        assert [*blocks_of(event_stream(events()))] == [b":\n\n", b"data: one\n\n"]
    finally:
        signal.signal(signal.SIGTERM, before)
