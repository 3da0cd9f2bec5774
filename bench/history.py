"""`./bench/run history`: what a history takes on disk, to build and to read.

One machine's figures are recorded and written as six hours of samples, a month of minutes and a
year of hours, and ten machines have its samples. The queries are the page's own, over HTTP.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.history_data import FOUR, HOST, Past, make
from bench.history_peers import LATELY, Peer, netdata, prometheus
from bench.processes import cpu, load_average
from bench.servers import Vitals

_TOKEN = "bench-may-publish"
_DISPLAYS = 20
_BESIDE: dict[str, tuple[str, bytes | None]] = {
    "GET /alerts": ("/alerts", None),
    "GET /metrics": ("/metrics", None),
    "POST /progress": ("/progress/bench", b'{"done": 1, "total": 2}'),
}


@dataclass(frozen=True)
class Query:
    """A question: seconds until its answer, seconds of CPU, bytes, and more memory than before."""

    name: str
    seconds: float
    cpu: float
    size: int
    memory: float


@dataclass(frozen=True)
class Crowd:
    """Displays that load six hours at once: seconds until the last has them, what waits beside."""

    last: float
    readings: int
    beside: dict[str, float]


@dataclass(frozen=True)
class Found:
    past: Past
    queries: list[Query]
    crowd: Crowd
    peers: list[Peer]
    load_average: float


class _Kept(Vitals):
    """Vitals with a past."""

    def __init__(self, hours: int, record: int, say: Callable[[str], None]) -> None:
        settings = {"INTERVAL": "1", "HEARTBEAT": "15", "HOST_NAME": HOST}
        super().__init__(settings=settings | {"PUBLISH_TOKEN": _TOKEN})
        self._make: Callable[[], Past] = lambda: make(
            self.directory, hours=hours, record=record, say=say
        )

    def start(self) -> None:
        self.past = self._make()
        self.log = self.open()
        self.serve()

    def ask(self, target: str, body: bytes | None = None) -> tuple[float, bytes]:
        """Return seconds until a whole answer, and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {_TOKEN}"} if body else {}
        began = time.monotonic()
        connection.request("POST" if body else "GET", target, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        took = time.monotonic() - began
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{target}: {answer.status} {text[:300]!r}")
        return took, text


def run(
    *, hours: int, record: int, peer_seconds: int, tries: int, say: Callable[[str], None]
) -> Found:
    with _Kept(hours, record, say) as server:
        past = server.past
        month = f"from={past.end - 30 * 86_400:.0f}&to={past.end:.0f}"
        short = f"from={past.end - 3600 * hours:.0f}&to={past.end:.0f}"
        lately = f"from={past.end - LATELY:.0f}&to={past.end:.0f}"
        four = f"host={HOST}&events={','.join(FOUR)}"
        form = "points=600&form=spans"
        targets = {
            "30 days of four families": f"/history?{month}&{four}&{form}",
            f"{hours} h of everything of one machine": f"/history?{short}&host={HOST}&{form}",
            f"{hours} h of everything of ten machines": f"/history?{short}&{form}",
            f"{hours} h of four families": f"/history?{short}&{four}&{form}",
            f"{LATELY // 60} min of four families": f"/history?{lately}&{four}&{form}",
        }
        queries = [_measured(server, name, target, tries) for name, target in targets.items()]
        for query in queries:
            say(f"{query.name}: {query.seconds * 1000:.0f} ms, {query.memory / 2**20:.0f} MB")
        lines = f"/history?since={3600 * hours}&host={HOST}&{form}&lines=500&others=1"
        load = load_average()
        crowd = _crowd(server, f"{lines}&events={','.join(FOUR)},load,processes")
        say(f"{_DISPLAYS} displays: {crowd.last:.2f} s")
        peers = [
            prometheus(server.directory, past.end, hours, say),
            netdata(peer_seconds, say),
        ]
    return Found(past, queries, crowd, peers, max(load, load_average()))


def _measured(server: _Kept, name: str, target: str, tries: int) -> Query:
    times, spent, growth, size = [], [], [], 0
    for _ in range(tries + 1):
        time.sleep(1.5)  # an answer is shared for a second
        pids = server.pids()
        before, used = _peak(pids, reset=True), cpu(pids)
        took, text = server.ask(target)
        times.append(took)
        spent.append(cpu(pids) - used)
        growth.append(_peak(server.pids()) - before)
        size = len(text)
    # The first question opens files and fills the heap, so memory is its, and time that of others.
    time_, used = statistics.median(times[1:]), statistics.median(spent[1:])
    return Query(name, time_, used, size, max(0.0, growth[0]))


def _peak(pids: list[int], *, reset: bool = False) -> float:
    """Return the most memory that processes had (bytes); with `reset` what they have, from now."""
    total = 0.0
    for pid in pids:
        if reset:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        status = Path(f"/proc/{pid}/status").read_text()
        total += 1024 * int(status.partition("VmHWM:")[2].split()[0])
    return total


def _crowd(server: _Kept, target: str) -> Crowd:
    """Ask for one stretch by many at once, and for other things meanwhile."""
    time.sleep(1.5)
    taken: list[float] = []
    beside = dict.fromkeys(_BESIDE, 0.0)
    over = threading.Event()
    texts: set[bytes] = set()

    def display() -> None:
        took, text = server.ask(target)
        taken.append(took)
        texts.add(text)

    def neighbour(name: str) -> None:
        path, body = _BESIDE[name]
        while not over.is_set():
            beside[name] = max(beside[name], server.ask(path, body)[0])
            over.wait(0.05)

    others = [threading.Thread(target=neighbour, args=(name,)) for name in _BESIDE]
    displays = [threading.Thread(target=display) for _ in range(_DISPLAYS)]
    for thread in [*others, *displays]:
        thread.start()
    for thread in displays:
        thread.join()
    over.set()
    for thread in others:
        thread.join()
    if len(taken) < _DISPLAYS:
        raise RuntimeError(f"{_DISPLAYS - len(taken)} displays got no history")
    return Crowd(max(taken), len(texts), beside)


def table(found: Found) -> str:
    past = found.past
    seconds = past.tiers[0].bytes_per_value
    lines = [
        "| on disk | figures | bytes for a value | × `seconds` | a day of one machine |",
        "|---|--:|--:|--:|--:|",
    ]
    for tier in past.tiers:
        lines.append(
            f"| Vitals, `{tier.tier}` | {tier.figures} | {tier.bytes_per_value:.2f} | "
            f"{tier.bytes_per_value / seconds:.2f} | {tier.bytes_a_day / 1e6:.2f} MB |"
        )
    lines.append(
        f"| Vitals, `seconds` as they were recorded | | {past.recorded:.2f} "
        f"| {past.recorded / seconds:.2f} | |"
    )
    for peer in found.peers:
        per = "—" if peer.bytes_per_value is None else f"{peer.bytes_per_value:.2f}"
        ratio = "" if peer.bytes_per_value is None else f"{peer.bytes_per_value / seconds:.2f}"
        lines.append(f"| {peer.name} | {peer.figures or ''} | {per} | {ratio} | |")
    share = past.cpu_per_minute / 60 * 100
    lines += [
        "",
        f"Building in a minute of one machine ({past.events_per_minute:.0f} events) takes "
        f"{past.cpu_per_minute * 1000:.0f} ms of CPU: {share:.3f} % of a core.",
        "",
        "| question | time | CPU | answer, gzip | more memory |",
        "|---|--:|--:|--:|--:|",
    ]
    for query in found.queries:
        lines.append(
            f"| {query.name} | {query.seconds * 1000:.0f} ms | {query.cpu * 1000:.0f} ms "
            f"| {query.size / 1024:.0f} KB | {query.memory / 2**20:.0f} MB |"
        )
    for peer in found.peers:
        if peer.seconds is not None:
            lines.append(
                f"| {peer.question}, {peer.name} | {peer.seconds * 1000:.0f} ms "
                f"| {peer.cpu * 1000:.0f} ms | | |"
            )
    crowd = found.crowd
    waits = ", ".join(f"{name} {each * 1000:.0f} ms" for name, each in crowd.beside.items())
    lines += [
        "",
        f"{_DISPLAYS} displays that ask for the same hours at once all have them after "
        f"{crowd.last:.2f} s, from {crowd.readings} reading{'s' * (crowd.readings > 1)}; "
        f"the longest that others waited meanwhile: {waits}.",
    ]
    return "\n".join(lines)
