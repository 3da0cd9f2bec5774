"""Clients that look: `python -m bench.fleet_clients PORT TARGET COUNT EVERY` reads until ended.

COUNT streams of one target over gzip, as a browser takes them, opened at different moments. Of each
event the delay is noted: without periods (EVERY 0) from the sample to here; with them from the end
of the period, which follows from the stream's start as the server has it (`hello`). On end of input
a JSON line on standard output: the delays in milliseconds as a histogram, events, bytes, what came
twice or out of order, and how often a stream had to be opened again.
"""

import json
import os
import re
import selectors
import socket
import sys
import time
import zlib
from collections import Counter

from dashboard.streaming.conflation import first_window

_DATA = rb"\{\"host\":\"[^\"]*\",\"time\":([\d.]+)"
_BLOCK = re.compile(rb"id: (\d+)-(\d+)\n(?:event: \S+\n)?data: " + _DATA)
_BATCH = b"event: batch\n"
_ITEM = re.compile(rb"\{\"id\":\"(\d+)-(\d+)\",\"event\":\"[^\"]*\",\"data\":" + _DATA)
_JOINED = 0.2  # seconds after its hello until a stream has certainly joined its feed
_HELLO = re.compile(rb"event: hello\ndata: .*?\"time\":([\d.]+)")


class Client:
    def __init__(self, port: int, target: str, every: float) -> None:
        self._port = port
        self._target = target
        self._every = every
        self._last = (0, 0)
        self.delays: Counter[int] = Counter()  # by millisecond
        self.events = self.bytes = self.wrong = self.again = 0
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port))
        lines = [f"GET {self._target} HTTP/1.0", "Host: 127.0.0.1", "Accept-Encoding: gzip"]
        if self._last != (0, 0):
            lines.append(f"Last-Event-ID: {self._last[0]}-{self._last[1]}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.socket.setblocking(False)
        self._head: bytes | None = b""
        self._started = 0.0
        self._unzip = zlib.decompressobj(31)
        self._text = b""
        self._is_live = False
        self._ends: tuple[float, ...] = ()

    def read(self) -> bool:
        """Take what has come; False when the stream has ended."""
        try:
            data = self.socket.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        now = time.time()
        self.bytes += len(data)
        if self._head is not None:
            self._head += data
            _, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return True
            self._head = None
        self._text += self._unzip.decompress(data)
        blocks, end, rest = self._text.rpartition(b"\n\n")
        self._text = rest if end else self._text
        for block in (blocks + end).split(b"\n\n")[:-1]:
            self._take(block, now)
        return True

    def _take(self, block: bytes, now: float) -> None:
        hello = _HELLO.search(block)
        if hello:
            self._started = float(hello[1])
            # A busy server says hello a little before it chooses the grid of the stream's periods.
            if self._every:
                moments = (self._started, self._started + _JOINED)
                self._ends = tuple(first_window(self._every, moment)[1] for moment in moments)
            return
        if len(self._ends) == 2 and now >= self._ends[0]:
            self._ends = self._ends[1:] if now >= self._ends[1] else self._ends[:1]
        for found in (_ITEM if _BATCH in block[:200] else _BLOCK).finditer(block):
            event_id = int(found[1]), int(found[2])
            if event_id <= self._last:
                self.wrong += 1
            self._last = max(self._last, event_id)
            self.events += 1
            if self._every:
                periods = (now - self._ends[0]) // self._every
                if periods >= 0:
                    self._note(now - self._ends[0] - periods * self._every)
            elif float(found[3]) > self._started:
                self._note(now - float(found[3]))

    def _note(self, delay: float) -> None:
        self.delays[max(0, round(delay * 1000))] += 1


def main(port: int, target: str, count: int, every: float) -> None:
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    clients: list[Client] = []
    opens_at = time.monotonic()
    while True:
        if len(clients) < count and time.monotonic() >= opens_at:
            clients.append(Client(port, target, every))
            selector.register(clients[-1].socket, selectors.EVENT_READ, clients[-1])
            opens_at = time.monotonic() + max(0.05, every / 8 * 1.03)  # another grid each
        for key, _ in selector.select(0.05):
            if key.data is None:
                asked = os.read(sys.stdin.fileno(), 4096)
                print(json.dumps(_report(clients)), flush=True)
                if not asked:
                    return
            elif not key.data.read():
                selector.unregister(key.data.socket)
                key.data.socket.close()
                key.data.again += 1
                key.data.open()
                selector.register(key.data.socket, selectors.EVENT_READ, key.data)


def _report(clients: list[Client]) -> dict[str, object]:
    delays: Counter[int] = Counter()
    for client in clients:
        delays += client.delays
        client.delays.clear()
    return {
        "delays": dict(delays),
        **{
            key: sum(getattr(client, key) for client in clients)
            for key in ("events", "bytes", "wrong", "again")
        },
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
