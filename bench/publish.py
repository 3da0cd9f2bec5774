"""`./bench/run publish`: events per second that 20 clients at once can publish.

Each client has one connection, sends a request that was made beforehand, and sends the next when
the whole answer is there. They are sockets of one epoll(7) loop, so that the load can do many times
what the servers can; the share of the time in which it worked is in the table. Vitals answers when
SQLite has the events (WAL, synchronous=NORMAL); Redis writes its append-only file, synced every
second, which comes nearest to that; nchan keeps ten messages in memory, and takes one a request;
a Flask view under gunicorn's gevent worker only decodes the JSON, which is what Vitals is built on.

Contestants take turns in each round, in the other order every other round; figures are medians of
the rounds, and ratios medians of the ratios within each round.
"""

import re
import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.processes import await_quiet, cpu, load_average
from bench.servers import Nchan, PlainFlask, Server, Vitals, data

CLIENTS = 20
_TOKEN = "publish-in-the-benchmark"
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)\r\n", re.IGNORECASE)
_BASE = ("nginx + nchan", 1)

Count = Callable[[bytes], bool]


@dataclass(frozen=True)
class Request:
    """What a client sends, over and over, and how it knows that the answer is whole and good."""

    text: bytes
    events: int
    is_full: Count
    is_good: Count


@dataclass(frozen=True)
class Sample:
    """One contestant with one size of batch, in one round."""

    name: str
    batch: int
    round: int
    per_second: float
    p99: float  # milliseconds until the whole answer is there
    cpu_per_event: float  # microseconds, of all the server's processes
    client_share: float  # of the time that the load worked
    load_average: float


class PublishingVitals(Vitals):
    name = "Vitals, POST /events"

    def __init__(self) -> None:
        super().__init__(settings={"PUBLISH_TOKEN": _TOKEN, "MAX_PUBLISHED": "1024GiB"})

    def request(self, batch: int) -> Request:
        event = f'{{"event":"bench","data":{data(0)}}}'
        body = event if batch == 1 else f"[{','.join([event] * batch)}]"
        headers = (f"Authorization: Bearer {_TOKEN}", "Content-Type: application/json")
        return _post("/events", body, batch, *headers)


class PublishingNchan(Nchan):
    def request(self, batch: int) -> Request:
        return _post("/publish", data(0), batch)


class Redis(Server):
    name = "Redis, XADD"

    def start(self) -> None:
        self.run(
            "redis-server",
            *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--dir", self.directory),
        )

    def request(self, batch: int) -> Request:
        words = ("XADD", "bench", "MAXLEN", "~", "100000", "*", "event", "bench", "data", data(0))
        one = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        return Request(
            text=one.encode() * batch,
            events=batch,
            is_full=lambda answer: answer.count(b"\r\n") >= 2 * batch,  # an id is two lines
            is_good=lambda answer: answer.count(b"$") == batch,
        )


class PublishingPlainFlask(PlainFlask):
    def request(self, batch: int) -> Request:
        event = f'{{"event":"bench","data":{data(0)}}}'
        body = event if batch == 1 else f"[{','.join([event] * batch)}]"
        return _post("/publish", body, batch, "Content-Type: application/json")


Publisher = PublishingVitals | PublishingNchan | Redis | PublishingPlainFlask
CONTESTANTS: tuple[tuple[Callable[[], Publisher], tuple[int, ...]], ...] = (
    (PublishingVitals, (1, 100, 1000)),
    (PublishingPlainFlask, (1, 100)),
    (PublishingNchan, (1,)),
    (Redis, (1, 100, 1000)),
)


def run(*, seconds: float, rounds: int, say: Callable[[str], None]) -> list[Sample]:
    samples = []
    turns = [(make, batch) for make, batches in CONTESTANTS for batch in batches]
    for number in range(rounds):
        for make, batch in turns if number % 2 == 0 else reversed(turns):
            await_quiet()
            samples.append(_measure(make, batch, number, seconds))
            say(_line(samples[-1]))
    return samples


def _measure(make: Callable[[], Publisher], batch: int, number: int, seconds: float) -> Sample:
    with make() as server:
        request = server.request(batch)
        _drive(server.port, request, min(1.0, seconds))  # to be warm
        before = cpu(server.pids())
        worked_before = time.process_time()
        start = time.monotonic()
        delays = sorted(_drive(server.port, request, seconds))
        elapsed = time.monotonic() - start
        worked = time.process_time() - worked_before
        used = cpu(server.pids()) - before
    events = len(delays) * batch
    return Sample(
        name=server.name,
        batch=batch,
        round=number,
        per_second=events / elapsed,
        p99=delays[int(len(delays) * 0.99)] * 1000,
        cpu_per_event=used / events * 1e6,
        client_share=worked / elapsed,
        load_average=load_average(),
    )


class _Client:
    """A connection with one request on its way."""

    def __init__(self, port: int, request: Request) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._answer = b""
        self._sent_at = 0.0

    def send(self) -> None:
        """Send the request, which the server takes whole before it answers."""
        self._sent_at = time.monotonic()
        self.socket.settimeout(20)
        self.socket.sendall(self._request.text)
        self.socket.setblocking(False)

    def receive(self) -> float | None:
        """Seconds since the request, if the answer is whole. Raises RuntimeError for a refusal."""
        piece = self.socket.recv(1 << 18)
        self._answer += piece
        if not self._request.is_full(self._answer):
            if not piece:
                raise RuntimeError("the server hung up")
            return None
        answer, self._answer = self._answer, b""
        if not self._request.is_good(answer):
            raise RuntimeError(f"refused: {answer[:500]!r}")
        return time.monotonic() - self._sent_at


def _drive(port: int, request: Request, seconds: float) -> list[float]:
    """Publish for a while; the seconds that each answer took."""
    delays = []
    with selectors.EpollSelector() as selector:
        clients = [_Client(port, request) for _ in range(CLIENTS)]
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.send()
        end = time.monotonic() + seconds
        waiting = len(clients)
        while waiting:
            ready = selector.select(20)
            if not ready:
                raise RuntimeError("no answer in 20 s")
            for key, _ in ready:
                delay = key.data.receive()
                if delay is None:
                    continue
                delays.append(delay)
                if time.monotonic() < end:
                    key.data.send()
                else:
                    waiting -= 1
                    selector.unregister(key.data.socket)
        for client in clients:
            client.socket.close()
    return delays


def _post(path: str, body: str, events: int, *headers: str) -> Request:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers, f"Content-Length: {len(body)}"]
    text = "\r\n".join([*lines, "", body]).encode()
    return Request(text, events, _is_whole, lambda answer: answer.startswith(b"HTTP/1.1 20"))


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head + b"\r\n")
    return len(body) >= (int(length[1]) if length else 0)


def table(samples: list[Sample]) -> str:
    kinds = list(dict.fromkeys((sample.name, sample.batch) for sample in samples))
    lines = [
        "| 20 clients | events a request | events per second | × nchan | 99 % answered within "
        "| CPU per event | load busy |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    base = _by_round(samples, *_BASE)
    for name, batch in sorted(kinds, key=lambda kind: (kind[1], kinds.index(kind))):
        own = _by_round(samples, name, batch)
        middle = statistics.median
        ratio = middle(own[n].per_second / base[n].per_second for n in own)
        lines.append(
            f"| {name} | {batch:,} | {middle(s.per_second for s in own.values()):,.0f} "
            f"| {ratio:.2f} | {middle(s.p99 for s in own.values()):.1f} ms "
            f"| {middle(s.cpu_per_event for s in own.values()):.1f} µs "
            f"| {middle(s.client_share for s in own.values()):.0%} |"
        )
    return "\n".join(lines)


def _by_round(samples: list[Sample], name: str, batch: int) -> dict[int, Sample]:
    return {each.round: each for each in samples if (each.name, each.batch) == (name, batch)}


def _line(sample: Sample) -> str:
    return (
        f"{sample.name}, {sample.batch:,} a request: {sample.per_second:,.0f} events per second, "
        f"99 % within {sample.p99:.1f} ms (load average {sample.load_average:.1f})"
    )
