"""The worker class: one way for a stream whatever its timing, others' applications, new code."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from gunicorn.http import errors  # type: ignore[import-untyped]

from dashboard.server.refusals import refusal_of
from tests.page.relay import Nginx
from tests.support.service import ROOT, Service, wait_for

Start = Callable[..., Service]
TARGET = "/stream?events=mark&host=here"


# --- one way for a stream ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose streams begin with one event and are silent then."""
    service = Service(tmp_path_factory.mktemp("still"), INTERVAL=3600, MAX_STREAMS_PER_ADDRESS=2)
    service.start().wait_until_ready()
    service.append("mark", "here", number=1)
    wait_for(lambda: service.get("/history?events=mark&host=here").text.count('"number"'), "it")
    yield service
    service.close()


def at_once(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)


def after_20_ms(connection: socket.socket, request: bytes) -> None:
    time.sleep(0.02)
    connection.sendall(request)


def after_2_s(connection: socket.socket, request: bytes) -> None:
    time.sleep(2)
    connection.sendall(request)


def in_five_pieces(connection: socket.socket, request: bytes) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    size = -(-len(request) // 5)
    for start in range(0, len(request), size):
        connection.sendall(request[start : start + size])
        time.sleep(0.02)


def as_the_second(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    seen = b""
    while not seen.endswith(b"ok\n"):
        seen += connection.recv(4096)
    connection.sendall(request)


def pipelined(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + request)
    seen = b""
    while not seen.endswith(b"\r\n\r\n"):
        seen += connection.recv(1)


TIMINGS = [at_once, after_20_ms, after_2_s, in_five_pieces, as_the_second, pipelined]
Send = Callable[[socket.socket, bytes], None]


def asked(port: int, send: Send, headers: bytes = b"", *, until: bytes = b'"number"') -> bytes:
    """What comes of a stream until it has caught up, without what is another each time."""
    request = b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (TARGET.encode(), headers)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        send(connection, request)
        seen = b""
        while until not in seen:
            part = connection.recv(65536)
            assert part, seen
            seen += part
    for changing in (
        rb"Date: .*\r\n",
        rb"retry: \d+\n",
        rb'"time":[\d.]+',
        rb"(?mi)^[0-9a-f]+\r\n",
    ):
        seen = re.sub(changing, b"", seen)
    return seen


@pytest.mark.parametrize(
    "headers", [b"", b"Connection: close\r\n", b"Accept-Encoding: identity\r\n"]
)
def test_a_stream_is_the_same_whenever_its_request_comes(still: Service, headers: bytes) -> None:
    found = {send.__name__: asked(still.port, send, headers) for send in TIMINGS}
    assert len(set(found.values())) == 1, found
    head = found["at_once"].partition(b"\r\n\r\n")[0].lower()
    # HTTP/1.1 keeps a connection without a word.
    assert (b"\r\nconnection: close" in head) == (b"close" in headers)
    assert b"keep-alive" not in head
    assert b"\r\nx-content-type-options: nosniff" in head
    assert b"\r\ncontent-type: text/event-stream; charset=utf-8" in head


def test_a_stream_through_nginx_is_the_same(still: Service, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx", still.port)
    try:
        port = int(nginx.url.rpartition(":")[2])
        found = {send.__name__: asked(port, send) for send in TIMINGS[:-1]}
    finally:
        nginx.close()
    assert len(set(found.values())) == 1, found
    body = found["at_once"].partition(b"\r\n\r\n")[2]
    assert body == asked(still.port, at_once).partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("send", TIMINGS)
def test_the_rules_are_the_same_whenever_a_request_comes(still: Service, send: Send) -> None:
    wait_for(lambda: still.total("vitals_streams") == 0, "no streams")
    who = b"X-Forwarded-For: 192.0.2.7\r\n"
    request = b"GET /stream HTTP/1.1\r\nHost: localhost\r\n" + who + b"\r\n"
    held = [socket.create_connection(("127.0.0.1", still.port), timeout=20) for _ in range(2)]
    try:
        for connection in held:
            send(connection, request)
        wait_for(lambda: still.total("vitals_streams") == 2, "both streams")
        assert b"event: busy" in asked(still.port, send, who, until=b"data: {")
    finally:
        for connection in held:
            connection.close()
    evil = b"X-Evil: 1\r\nHost: evil.example\r\n"
    for line, status in ((evil, b"400"), (b"A: b\r\n" * 200, b"431"), (b"A: \x01\r\n", b"400")):
        with socket.create_connection(("127.0.0.1", still.port), timeout=20) as connection:
            send(connection, b"GET /stream HTTP/1.1\r\n" + line + b"\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 " + status)


# --- what can't be taken -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.LimitRequestLine(9, 8), 414),
        (errors.LimitRequestHeaders("x"), 431),
        (errors.UnsupportedTransferCoding("x"), 501),
        (errors.ExpectationFailed("x"), 417),
        (errors.ConfigurationProblem("x"), 500),
        (errors.ForbiddenProxyRequest("x"), 403),
        (errors.InvalidHeader("x"), 400),
        (errors.InvalidHeaderName("x"), 400),
        (errors.InvalidChunkSize(b"x"), 400),
        (errors.InvalidRequestLine("x"), 400),
        (type("NewLimit", (errors.LimitRequestLine,), {})(9, 8), 414),
        (errors.InvalidResponseHeader("x"), None),
        (errors.InvalidResponseHeaderName("x"), None),
        (ValueError("x"), None),
    ],
)
def test_an_error_is_answered_by_its_type(error: BaseException, status: int | None) -> None:
    refusal = refusal_of(error)
    assert (refusal and refusal.status) == status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Expect: 200-maybe\r\n", 417),
        (b"Transfer-Encoding: gzip\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400),
    ],
)
def test_gunicorns_own_meaning_of_an_error_is_kept(
    still: Service, lines: bytes, status: int
) -> None:
    with still.dial() as connection:
        connection.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 %d " % status)


# --- others' applications ------------------------------------------------------------------------

FOREIGN = """
import sys

def app(environ, start_response):
    headers = [("Content-Type", "text/plain")]
    if environ["PATH_INFO"] == "/bad":
        headers.append(("X-Bad", "a\\nb"))
    start_response("200 OK", headers)
    vitals = [name for name in sys.modules if name.startswith("dashboard.web")]
    return [repr(vitals).encode()]
"""


class Foreign(Service):
    """This folder's gunicorn with an application that is not Vitals."""

    def command(self) -> list[str]:
        (self.folder / "someapp.py").write_text(FOREIGN)
        arguments = ["--pythonpath", str(self.folder), *self.arguments, "someapp:app"]
        return [*super().command(), *arguments]


@pytest.mark.parametrize("arguments", [["-k", "gevent"], [], ["-k", "gthread", "--threads", "4"]])
def test_an_application_that_is_not_ours_is_left_alone(
    tmp_path: Path, arguments: list[str]
) -> None:
    service = Foreign(tmp_path)
    service.arguments = arguments
    service.start()
    try:
        answer = service.get("/any")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain")
        if arguments:
            assert answer.text == "[]", "nothing of Vitals is loaded for it"
        assert service.get("/bad").status_code == 500
        assert service.get("/any").status_code == 200
    finally:
        service.stop()
        service.close()
    assert "Traceback" not in service.output.read_text().split("InvalidResponseHeader")[-1]


def test_vitals_is_not_served_by_a_worker_that_bounds_nothing() -> None:
    for kind in ("gevent", "gthread", "sync"):
        found = subprocess.run(
            [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0", "-k", kind],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert found.returncode != 0
        assert "start it without -k" in found.stderr


def test_a_folder_that_cannot_be_made_is_said_in_a_line() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0"],
        cwd=ROOT,
        env=os.environ | {"DASHBOARD_INSTANCE": "/dev/null/instance"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 4
    assert "error: can't start: /dev/null/instance: Not a directory" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_that_is_only_starting_ends_at_once(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0", "--graceful-timeout", "30"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"DASHBOARD_INSTANCE": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    next(line for line in process.stderr if "Open http" in line)
    wait_for(lambda: psutil.Process(process.pid).children(), "a worker, which takes a while")
    started = time.monotonic()
    os.killpg(process.pid, number)  # as Ctrl-C does
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "SIGKILL" in said) == (0, False)
    assert time.monotonic() - started < 20


# --- new code ------------------------------------------------------------------------------------


def test_a_hup_brings_in_new_code_of_the_worker_and_of_the_application(tmp_path: Path) -> None:
    for name in ("dashboard", "static", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "gunicorn.conf.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)

    class Copy(Service):
        def command(self) -> list[str]:
            return [*super().command(), "--config", str(tmp_path / "gunicorn.conf.py")]

    folder = tmp_path / "service"
    folder.mkdir()
    service = Copy(folder)
    service.start()
    try:
        before = service.worker_pids()
        for name, old, new in (
            ("web/ops.py", '"ok\\n"', '"new\\n"'),
            ("server/refusals.py", "no HTTP", "new HTTP"),
        ):
            path = tmp_path / "dashboard" / name
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        assert service.process is not None
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: not set(before) & set(service.worker_pids()), "new workers")

        def answer() -> str:
            try:
                return service.get("/healthz").text
            except httpx.HTTPError:
                return ""

        wait_for(lambda: answer() == "new\n", "the new code")
        with service.dial() as connection:
            connection.sendall(b"GET / HTTP/9.9\r\n\r\n")
            assert b"new HTTP" in connection.recv(4096)
    finally:
        service.close()
