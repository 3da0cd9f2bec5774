"""Streams that are ill, one illness each, from a small server of the standard library."""

import json
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVERY = 0.1  # seconds between events
LIMIT = 1.5  # seconds that an answer may take, where there is a limit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Sick"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        illness = self.path.strip("/")
        self.server.tokens.add(self.headers.get("Authorization"))
        if illness == "wrong-type/stream":
            self._answer(404, "text/plain", b"")
            return
        if illness == "wrong-status":
            self._answer(503, "text/plain", b"away\n")
            return
        if illness in ("moved", "lost"):
            there = "/well" if illness == "moved" else f"{self.server.elsewhere}/well"
            self._answer(307, "text/plain", b"", Location=there)
            return
        if illness == "":
            self._answer(200, "text/html", b"<h1>Welcome</h1>")
            return
        kind = "text/html" if illness == "wrong-type" else "text/event-stream; charset=utf-8"
        packer = None
        if illness == "gzip" and "gzip" in self.headers.get("Accept-Encoding", ""):
            packer = zlib.compressobj(wbits=31)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        if illness != "cached":
            self.send_header("Cache-Control", "no-cache, no-transform")
        if packer:
            self.send_header("Content-Encoding", "gzip")
        if self.headers.get("Origin") == "https://welcome.example":
            self.send_header("Access-Control-Allow-Origin", "https://welcome.example")
        self.end_headers()
        self.close_connection = True
        try:
            self._stream(illness, packer)
        except OSError:
            pass  # the reader has gone

    def _stream(self, illness: str, packer: "zlib._Compress | None") -> None:
        number = self.server.number
        known = self.headers.get("Last-Event-ID")
        if known and illness != "no-resume":
            number = int(known) + (0 if illness == "doubling" else 1)
        held = b""
        limit = time.monotonic() + LIMIT
        while not self.server.over.is_set():
            while number <= self.server.number:
                event_id = "" if illness == "no-ids" else f"id: {number}\n"
                data = json.dumps({"number": number, "time": time.time()})
                block = f"{event_id}data: {data}\n\n".encode()
                number += 1
                if packer:
                    block = packer.compress(block)
                held += block
            # Of the one that is buffering goes out what fills a buffer, wherever that ends.
            out = held[: len(held) // 1024 * 1024] if illness == "buffering" else held
            held = held[len(out) :]
            if out:
                self.wfile.write(out)
            if illness == "silent":
                self.server.over.wait(60)
            if illness == "ending" or (illness == "limited" and time.monotonic() > limit):
                return
            self.server.over.wait(EVERY)

    def _answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Sick(ThreadingHTTPServer):
    """It counts, and each of its paths tells of that in another wrong way; /well as it should."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.number = 1
        self.tokens: set[str | None] = set()  # that were sent
        self.elsewhere = ""  # the URL of another server, to which /lost leads
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._running = [threading.Thread(target=call) for call in (self._count, self._serve)]
        for thread in self._running:
            thread.start()

    def _count(self) -> None:
        while not self.over.wait(EVERY):
            self.number += 1

    def _serve(self) -> None:
        self.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        for thread in self._running:
            thread.join(10)
        self.server_close()
