"""Many stream clients in one process: each comes back with its Last-Event-ID, as EventSource does.

    python -m tests.faults.crowd PORT COUNT [SECONDS]

With SECONDS each leaves, and comes back, after as long on the average.

Orders are JSON lines on standard input, `{"do": ...}`, each answered by a line on standard output:

- `begin`: forget what came until now; every client keeps the id it stands at
- `state`: how the clients stand: the lowest id of all, how many are connected, and their troubles
- `report`: what came since `begin`: groups of clients with the same ids, `[start, ids, clients]`
- `stop`, and the end of the input: leave

An id is one number here, milliseconds shifted by 20 bits plus the sequence. Every fourth client
takes gzip. All else is written from the standards and shares no code with the service.
"""

import json
import math
import os
import random
import re
import select
import socket
import sys
import time
import zlib
from collections import Counter
from typing import Any

from tests.faults.numbers import number

_ID = re.compile(rb"^id: ?(\d+-\d+)$", re.MULTILINE)
_NAME = re.compile(rb"^event: ?(.+)$", re.MULTILINE)
_PAUSE = (0.1, 0.4)  # seconds until a client comes back
_PROTOCOL = {b"hello", b"gap", b"heartbeat", b"busy"}


class _Client:
    """One EventSource."""

    def __init__(self, number: int) -> None:
        self.gzip = number % 4 == 3
        self.last = ""
        self.start = 0
        self.ids: list[int] = []
        self.comes_at = 0.0
        self.leaves_at = math.inf
        self.socket: socket.socket | None = None
        self.forget_connection()

    def forget_connection(self) -> None:
        self.is_open = False  # its answer's head has come
        self.raw = b""  # of the connection, not taken apart yet
        self.chunk = 0  # bytes of the chunk that are still to come
        self.text = b""  # of the stream, after its last whole block
        self.inflate: Any = zlib.decompressobj(31) if self.gzip else None


class Crowd:
    """All clients, around one epoll."""

    def __init__(self, port: int, count: int, stay: float) -> None:
        self._port = port
        self._stay = stay
        self._clients = [_Client(number) for number in range(count)]
        self._epoll = select.epoll()
        self._by_descriptor: dict[int, _Client] = {}
        self._told: Counter[str] = Counter()

    def run(self) -> None:
        """Stream until told to stop."""
        orders = b""
        os.set_blocking(0, False)
        self._epoll.register(0, select.EPOLLIN)
        while True:
            self._connect_who_is_due()
            for descriptor, events in self._epoll.poll(0.02):
                if descriptor:
                    self._serve(self._by_descriptor[descriptor], events)
                    continue
                part = os.read(0, 1 << 16)
                orders += part
                *lines, orders = orders.split(b"\n")
                for line in lines:
                    if json.loads(line)["do"] == "stop":
                        return
                    print(json.dumps(self._obey(json.loads(line)["do"])), flush=True)
                if not part:
                    return

    def _obey(self, order: str) -> dict[str, Any]:
        if order == "begin":
            self._told.clear()
            for client in self._clients:
                client.start, client.ids = number(client.last) if client.last else 0, []
        elif order == "report":
            groups: Counter[tuple[int, tuple[int, ...]]] = Counter()
            for client in self._clients:
                groups[client.start, tuple(client.ids)] += 1
            return {"groups": [[start, ids, count] for (start, ids), count in groups.items()]}
        elif order != "state":
            raise ValueError(order)
        return {
            "lowest": min(number(c.last) if c.last else 0 for c in self._clients),
            "open": sum(client.is_open for client in self._clients),
            "told": dict(self._told),
        }

    def _connect_who_is_due(self) -> None:
        now = time.monotonic()
        for client in self._clients:
            if client.socket is not None and client.leaves_at <= now:
                self._leave(client)
            if client.socket is None and client.comes_at <= now:
                self._connect(client)
                if self._stay:
                    client.leaves_at = now + random.expovariate(1 / self._stay)

    def _connect(self, client: _Client) -> None:
        client.forget_connection()
        client.socket = socket.socket()
        client.socket.setblocking(False)
        client.socket.connect_ex(("127.0.0.1", self._port))
        descriptor = client.socket.fileno()
        self._by_descriptor[descriptor] = client
        self._epoll.register(descriptor, select.EPOLLOUT)

    def _serve(self, client: _Client, events: int) -> None:
        assert client.socket is not None
        try:
            if events & select.EPOLLOUT and not events & (select.EPOLLERR | select.EPOLLHUP):
                self._ask(client)
                return
            data = client.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            is_full = bool(data) and self._take(client, data)
        except (ValueError, zlib.error) as error:
            self._told[f"broken: {error}"] += 1
            is_full = False
        if not is_full:
            self._leave(client)

    def _leave(self, client: _Client) -> None:
        assert client.socket is not None
        descriptor = client.socket.fileno()
        self._epoll.unregister(descriptor)
        del self._by_descriptor[descriptor]
        client.socket.close()
        client.socket, client.is_open = None, False
        client.comes_at = time.monotonic() + random.uniform(*_PAUSE)

    def _ask(self, client: _Client) -> None:
        lines = ["GET /stream HTTP/1.1", "Host: localhost", "Accept: text/event-stream"]
        if client.gzip:
            lines.append("Accept-Encoding: gzip")
        if client.last:
            lines.append(f"Last-Event-ID: {client.last}")
        assert client.socket is not None
        client.socket.send("\r\n".join([*lines, "", ""]).encode())
        self._epoll.modify(client.socket.fileno(), select.EPOLLIN)

    def _take(self, client: _Client, data: bytes) -> bool:
        """Take what has come; False when the answer has ended."""
        client.raw += data
        if not client.is_open:
            head, end, rest = client.raw.partition(b"\r\n\r\n")
            if not end:
                return True
            status = head.split(b" ", 2)[1].decode()
            if status != "200":  # at which an EventSource would give up for good
                raise ValueError(f"status {status}")
            assert b"transfer-encoding: chunked" in head.lower(), head
            client.raw, client.is_open = rest, True
            self._told["opened"] += 1
        raw, at, text, has_ended = client.raw, 0, [], False
        while at < len(raw) and not has_ended:
            if client.chunk:
                stop = min(len(raw), at + client.chunk)
                text.append(raw[at : max(at, min(stop, at + client.chunk - 2))])  # then CR LF
                client.chunk, at = client.chunk - (stop - at), stop
                continue
            line_end = raw.find(b"\r\n", at)
            if line_end < 0:
                break
            client.chunk, at = int(raw[at:line_end], 16) + 2, line_end + 2
            has_ended = client.chunk == 2
        client.raw = raw[at:]
        stream = b"".join(text)
        self._read(client, client.inflate.decompress(stream) if client.inflate else stream)
        return not has_ended

    def _read(self, client: _Client, text: bytes) -> None:
        *blocks, client.text = (client.text + text).split(b"\n\n")
        for block in blocks:
            found, name = _ID.search(block), _NAME.search(block)
            if found:
                client.last = found[1].decode()
                client.ids.append(number(client.last))
            elif name and name[1] in _PROTOCOL:
                self._told[name[1].decode()] += 1
            else:
                self._told["unlogged"] += 1


if __name__ == "__main__":
    Crowd(int(sys.argv[1]), int(sys.argv[2]), float([*sys.argv, "0"][3])).run()
