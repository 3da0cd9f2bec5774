"""`./bench/run fleet`: a fleet into one Redis, dashboards over it, and a thousand clients.

Simulated machines (fleet_hosts.py) append one sample a second each. Dashboards of two workers read
the log; the clients of the overview's stream are spread over them. Most are held by load.c, which
only reads; a few of each kind look at every event (fleet_clients.py) and note its delay.
"""

import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import sync_playwright

from bench.client import Load
from bench.page import ARGUMENTS, metrics
from bench.processes import ROOT, cpu, free_port, get, load_average, pss
from bench.servers import Server

EVERY = 5
WORKERS = 2
_EVENTS = "events=cpu,memory,filesystem,network,system,alert"
_FIELDS = ",".join(
    [
        "cpu.percent",
        "memory.percent",
        "filesystem.mounts",
        "network.received_bytes_per_second",
        "network.sent_bytes_per_second",
        "system.tags",
        "system.interval",
    ]
)
PLAIN = f"/stream?{_EVENTS}&fields={_FIELDS}"
OVERVIEW = f"{PLAIN}&every={EVERY}&batch=1"
_LOOKING = 8  # clients of each kind that look at every event
_PER_PROCESS = 500  # machines
_RETENTION = "2m"
_ZIPPED = ("Accept-Encoding: gzip",)


@dataclass(frozen=True)
class Shape:
    """What is run: for how long, by how many, and how many clients have which stream."""

    hosts: int
    dashboards: int
    overview: int  # clients with `every`
    plain: int  # clients without
    seconds: float


@dataclass
class Delays:
    """Milliseconds of many events."""

    found: Counter[int] = field(default_factory=Counter)

    def at(self, share: float) -> float:
        """The delay that this share of the events does not exceed; NaN without any."""
        left = math.ceil(share * self.found.total())
        for delay in sorted(self.found):
            left -= self.found[delay]
            if left <= 0:
                return delay
        return math.nan


@dataclass
class Result:
    """CPU in shares of one core, memory in bytes (PSS) as (seconds since the start, bytes)."""

    shape: Shape
    events: float = 0.0  # a second, as appended
    bytes: float = 0.0  # of data a second
    late_seconds: int = 0  # in which the machines took longer than a second to append
    overview: Delays = field(default_factory=Delays)
    plain: Delays = field(default_factory=Delays)
    overview_bytes: float = 0.0  # a second and client
    plain_bytes: float = 0.0
    wrong: int = 0
    again: int = 0
    closed: int = 0
    redis_cpu: float = 0.0
    dashboard_cpu: float = 0.0  # of each
    others_cpu: float = 0.0  # machines and clients
    redis_memory: list[tuple[float, int]] = field(default_factory=list)
    dashboard_memory: list[tuple[float, int]] = field(default_factory=list)  # of all
    load_average: float = 0.0


class Fleet(Server):
    """A Redis, its machines, and dashboards over it."""

    name = "a fleet"

    def __init__(self, hosts: int, dashboards: int) -> None:
        super().__init__(WORKERS)
        self._hosts = hosts
        self._dashboards = dashboards
        self.ports: list[int] = []
        self.redis: subprocess.Popen[bytes]
        self.machines: list[subprocess.Popen[str]] = []
        self.dashboards: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        redis_port = free_port()
        self.run(
            "redis-server",
            *("--port", str(redis_port), "--bind", "127.0.0.1", "--dir", self.directory),
            *("--appendonly", "no", "--save", ""),
            port=redis_port,
        )
        self.redis = self._processes[-1]
        self.url = f"redis://127.0.0.1:{redis_port}/0"
        for number in range(self._dashboards):
            self.port = free_port()
            settings = {"LOG": self.url, "HOST_NAME": f"wall-{number}", "RETENTION": _RETENTION}
            settings |= {"INSTANCE": str(self.directory / f"wall-{number}"), "ALERTS": "{}"}
            self.run(
                ROOT / ".venv/bin/gunicorn",
                *("--bind", f"127.0.0.1:{self.port}", "--workers", str(WORKERS)),
                *("--log-level", "warning"),
                cwd=ROOT,
                env={f"DASHBOARD_{key}": value for key, value in settings.items()},
            )
            get(self.port, "/healthz")
            self.ports.append(self.port)
            self.dashboards.append(self._processes[-1])
        for first in range(0, self._hosts, _PER_PROCESS):
            count = min(_PER_PROCESS, self._hosts - first)
            command = [sys.executable, "-m", "bench.fleet_hosts", self.url, str(first), str(count)]
            self.machines.append(
                subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            )

    def stop(self) -> None:
        for process in self.machines:
            process.terminate()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def run(shape: Shape, *, say: Callable[[str], None]) -> Result:
    """Measure one shape, after a while in which everything settles."""
    found = Result(shape)
    with Fleet(shape.hosts, shape.dashboards) as fleet, ExitStack() as stack:
        time.sleep(5)
        loads = [
            Load(port, count, target, headers=_ZIPPED, options=("-r", "200", "-t", "100000"))
            for target, clients in ((OVERVIEW, shape.overview), (PLAIN, shape.plain))
            for port, count in _spread(fleet.ports, clients - _LOOKING * len(fleet.ports))
            if count > 0
        ]
        for load in loads:
            accepted = load.accepted()
            say(f"{accepted.streams} streams in {accepted.seconds:.1f} s, {accepted.failed} failed")
        looking = {
            (port, every): stack.enter_context(_looking(port, target, every))
            for port in fleet.ports
            for target, every, clients in (
                (OVERVIEW, EVERY, shape.overview),
                (PLAIN, 0, shape.plain),
            )
            if clients
        }
        time.sleep(3 * EVERY)
        _measure(found, fleet, loads, looking, say)
        found.closed = sum(load.totals().closed for load in loads)
        for load in loads:
            load.stop()
    return found


def page(hosts: int, seconds: float, *, say: Callable[[str], None]) -> str:
    """A table of what the overview costs a browser, without other clients.

    By the processor's time: the simulated machines run beside it, and by the wall clock the page
    would be charged for waiting for them. That time is told, too.
    """
    found: dict[str, dict[str, float]] = {}
    with Fleet(hosts, 1) as fleet, sync_playwright() as playwright:
        time.sleep(3 * EVERY)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for clock in ("threadTicks", "timeTicks"):
            view = browser.new_page(viewport={"width": 1920, "height": 1080})
            view.goto(f"http://127.0.0.1:{fleet.ports[0]}/")
            session = view.context.new_cdp_session(view)
            session.send("Performance.enable", {"timeDomain": clock})
            view.wait_for_timeout(4 * EVERY * 1000)
            before = metrics(session)
            view.wait_for_timeout(seconds * 1000)
            after = metrics(session)
            view.close()
            found[clock] = {
                key: 1000 * (after[key] - before[key]) / (seconds / EVERY)
                for key in ("ScriptDuration", "TaskDuration")
            }
        browser.close()
    cpu, wall = found["threadTicks"], found["timeTicks"]
    say(f"{cpu['ScriptDuration']:.1f} ms of script a tick")
    rows = {"script per tick": "ScriptDuration", "all work per tick": "TaskDuration"}
    return "\n".join(
        [
            f"| the overview of {hosts:,} machines, a tick each {EVERY} s | CPU | wall clock |",
            "|---|--:|--:|",
            *(f"| {name} | {cpu[key]:.1f} ms | {wall[key]:.1f} ms |" for name, key in rows.items()),
            f"| heap | {after['JSHeapUsedSize'] / 2**20:.1f} MB | |",
        ]
    )


def _measure(
    found: Result,
    fleet: Fleet,
    loads: Sequence[Load],
    looking: "dict[tuple[int, int], subprocess.Popen[str]]",
    say: Callable[[str], None],
) -> None:
    for process in looking.values():
        _ask(process)  # what was until now does not count
    machines = [_Lines(process) for process in fleet.machines]
    start = time.monotonic()
    others = [*fleet.machines, *looking.values()]
    used = _cpu(fleet, others)
    read = [load.totals() for load in loads]
    while (now := time.monotonic() - start) < found.shape.seconds:
        found.redis_memory.append((now, pss([fleet.redis.pid])))
        found.dashboard_memory.append((now, pss(fleet_pids(fleet))))
        found.load_average = max(found.load_average, load_average())
        time.sleep(min(10.0, found.shape.seconds - now) + 0.01)
        if len(found.redis_memory) % 6 == 0:
            say(
                f"{now:.0f} s: dashboards {found.dashboard_memory[-1][1] / 2**20:.0f} MB, "
                f"Redis {found.redis_memory[-1][1] / 2**20:.0f} MB, load {load_average():.1f}"
            )
    seconds = time.monotonic() - start
    after = _cpu(fleet, others)
    found.redis_cpu, found.dashboard_cpu, found.others_cpu = (
        (after[n] - used[n]) / seconds for n in range(3)
    )
    found.dashboard_cpu /= len(fleet.ports)
    totals = [load.totals() for load in loads]
    found.others_cpu += (
        sum(t.cpu_seconds - r.cpu_seconds for t, r in zip(totals, read, strict=True)) / seconds
    )
    for lines in machines:
        ticks = lines.taken()
        found.events += sum(tick["events"] for tick in ticks) / max(1, len(ticks))
        found.bytes += sum(tick["bytes"] for tick in ticks) / max(1, len(ticks))
        found.late_seconds += sum(tick["seconds"] > 1 for tick in ticks)
    for (_, every), process in looking.items():
        said = _ask(process)
        delays = found.overview if every else found.plain
        delays.found.update({int(delay): count for delay, count in said["delays"].items()})
        per_second = said["bytes"] / seconds / _LOOKING / len(fleet.ports)
        if every:
            found.overview_bytes += per_second
        else:
            found.plain_bytes += per_second
        found.wrong += said["wrong"]
        found.again += said["again"]


def fleet_pids(fleet: Fleet) -> list[int]:
    """The processes of all dashboards."""
    own = {fleet.redis.pid}
    return [pid for pid in fleet.pids() if pid not in own]


def _cpu(fleet: Fleet, others: "Sequence[subprocess.Popen[str]]") -> tuple[float, float, float]:
    return (
        cpu([fleet.redis.pid]),
        cpu(fleet_pids(fleet)),
        cpu([process.pid for process in others]),
    )


def _spread(ports: Sequence[int], clients: int) -> list[tuple[int, int]]:
    count = len(ports)
    return [(port, clients // count + (n < clients % count)) for n, port in enumerate(ports)]


@contextmanager
def _looking(port: int, target: str, every: int) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "bench.fleet_clients", str(port), target]
    process = subprocess.Popen(
        [*command, str(_LOOKING), str(every)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _ask(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    print(file=process.stdin, flush=True)
    said: dict[str, Any] = json.loads(process.stdout.readline())
    return said


class _Lines:
    """What processes print from now on, read at the end: a pipe holds more than that."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self.taken()

    def taken(self) -> list[dict[str, float]]:
        text = b""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._pipe.fileno(), 1 << 20):
                text += piece
        whole = text.decode().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()[1:]]


def table(results: Sequence[Result]) -> str:
    """What was measured, a column for each shape."""
    rows: list[list[str]] = []

    def row(name: str, values: Iterable[str]) -> None:
        rows.append([name, *values])

    shapes = [result.shape for result in results]
    row("dashboards of two workers", (str(shape.dashboards) for shape in shapes))
    row(
        f"clients of the overview (`every={EVERY}`) + plain",
        (f"{shape.overview:,} + {shape.plain:,}" for shape in shapes),
    )
    row("measured for", (f"{shape.seconds:,.0f} s" for shape in shapes))
    row("events per second", (f"{r.events:,.0f}" for r in results))
    row("... their data per second", (f"{r.bytes / 2**20:.2f} MB" for r in results))
    row("overview: period's end to client, p50", (_ms(r.overview.at(0.5)) for r in results))
    row("... p99", (_ms(r.overview.at(0.99)) for r in results))
    row("... slowest event", (_ms(r.overview.at(1)) for r in results))
    row("plain: sample to client, p50", (_ms(r.plain.at(0.5)) for r in results))
    row("... p99", (_ms(r.plain.at(0.99)) for r in results))
    row("... slowest event", (_ms(r.plain.at(1)) for r in results))
    row("twice or out of order", (f"{r.wrong:,}" for r in results))
    row("streams that were cut", (f"{r.closed + r.again:,}" for r in results))
    row("bytes per second of an overview's client", (_kb(r.overview_bytes) for r in results))
    row("... of a plain one", (_kb(r.plain_bytes) for r in results))
    row("CPU of Redis", (f"{r.redis_cpu:.1%}" for r in results))
    row("CPU of a dashboard", (f"{r.dashboard_cpu:.1%}" for r in results))
    row("CPU of machines and clients, beside them", (f"{r.others_cpu:.1%}" for r in results))
    row("memory of Redis, first and last", (_memory(r.redis_memory) for r in results))
    row("memory of the dashboards, first and last", (_memory(r.dashboard_memory) for r in results))
    row("... at most", (_mb(max(b for _, b in r.dashboard_memory)) for r in results))
    row("seconds in which the machines were late", (f"{r.late_seconds:,}" for r in results))
    row("load average, at most", (f"{r.load_average:.1f}" for r in results))
    head = ["machines, one sample a second each", *(f"{shape.hosts:,}" for shape in shapes)]
    lines = [f"| {' | '.join(head)} |", "|---|" + "--:|" * len(results)]
    return "\n".join(lines + [f"| {' | '.join(cells)} |" for cells in rows])


def _ms(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.0f} ms"


def _kb(value: float) -> str:
    return f"{value / 1024:.1f} KB" if value else "-"


def _mb(value: float) -> str:
    return f"{value / 2**20:,.0f} MB"


def _memory(found: Sequence[tuple[float, int]]) -> str:
    return f"{_mb(found[0][1])}, {_mb(found[-1][1])}"
