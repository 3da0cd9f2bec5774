"""The table of hard cases through the readers that matter: Chromium's EventSource, and npm's."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from playwright.sync_api import Page

from dashboard.events.sse import ServerSentEvent, encode
from tests.support.sse_cases import ALL, Case
from tests.support.sse_reading import Received

HERE = Path(__file__).parents[1] / "support"


class CaseServer(ThreadingHTTPServer):
    """GET /0, /1 ... is the stream of that case, ended after its bytes; GET / is an empty page.

    GET /resume is a stream that ends at once, too, and whose reader must come back: what it then
    says in Last-Event-ID, as bytes, is put into `resumed`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CaseHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.resumed: Queue[bytes | None] = Queue()

    def stream_of(self, path: str, last_event_id: str | None) -> bytes:
        if path != "/resume":
            return ALL[int(path[1:])].wire
        # http.server reads headers as Latin-1; undo it.
        id_ = None if last_event_id is None else last_event_id.encode("latin-1")
        self.resumed.put(id_)
        retry = 10 if last_event_id is None else 60_000
        return encode(ServerSentEvent("1", id=" 1700-0 é\u2028", retry=retry))


class CaseHandler(BaseHTTPRequestHandler):
    server: CaseServer

    def do_GET(self) -> None:
        is_page = self.path == "/"
        if is_page:
            body = b"<!doctype html><link rel=icon href=data:,>"
        else:
            body = self.server.stream_of(self.path, self.headers["Last-Event-ID"])
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if is_page else "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def cases() -> Iterator[CaseServer]:
    server = CaseServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def names(case: Case) -> list[str]:
    """Every name in the case, also of events that must not be dispatched."""
    written = {event.event for event in case.events if event.event is not None}
    return sorted({"a", "b", "x", *written, *(event.type for event in case.received)})


READ_IN_CHROMIUM = """([path, names]) => new Promise((resolve) => {
    const received = [];
    const source = new EventSource(path);
    for (const name of new Set([...names, "message"])) {
        source.addEventListener(name, (event) => {
            received.push([event.type, event.data, event.lastEventId]);
        });
    }
    source.addEventListener("error", () => {
        source.close();
        resolve(received);
    });
})"""


def test_chromium_reads_them(cases: CaseServer, page: Page) -> None:
    page.goto(cases.url)
    wrong = {}
    for number, case in enumerate(ALL):
        found = page.evaluate(READ_IN_CHROMIUM, [f"/{number}", names(case)])
        received = tuple(Received(*one) for one in found)
        if received != case.received:
            wrong[case.name] = received
    assert wrong == {}


# Where the npm package departs from the standard: it forgets the id after each event, and waits for
# what follows a CR. Pinned, so that a fixed or a newly broken one is noticed.
NPM_DEPARTURES = {
    "lines end at CR": (),
    "an id lasts": (Received("message", "a", "1"), Received("message", "b", "")),
    "an id with NUL is ignored": (
        Received("message", "a", "1"),
        Received("message", "b", ""),
        Received("message", "c", ""),
    ),
    "an id in a block without data": (Received("message", "a", ""),),
    "an id with a name, without data": (Received("message", "a", ""),),
    "id lasts": (
        Received("message", "1", "a"),
        Received("message", "2", ""),
        Received("message", "3", "b"),
    ),
    "id without data": (Received("message", "1", ""),),
}


def test_npm_eventsource_reads_them(cases: CaseServer) -> None:
    node = shutil.which("node")
    assert node, "no node on the PATH; ./test sets it up"
    question = {f"{cases.url}/{number}": names(case) for number, case in enumerate(ALL)}
    answer = subprocess.run(
        [node, HERE / "read_stream.mjs"],
        input=json.dumps(question),
        capture_output=True,
        encoding="utf-8",
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    received = {
        case.name: tuple(Received(*one) for one in found[f"{cases.url}/{number}"])
        for number, case in enumerate(ALL)
    }
    standard = {case.name: case.received for case in ALL}
    departures = {name: found for name, found in received.items() if found != standard[name]}
    assert departures == NPM_DEPARTURES


def test_chromium_comes_back_with_the_id(cases: CaseServer, page: Page) -> None:
    page.goto(cases.url)
    page.evaluate("() => { window.source = new EventSource('/resume'); }")
    assert cases.resumed.get(timeout=30) is None
    # A leading space is the first thing that HTTP takes off a header's value.
    assert cases.resumed.get(timeout=30) == "1700-0 é\u2028".encode()
    page.evaluate("() => window.source.close()")
