"""`./bench/run profile`: where a stream request and a delivery spend their time.

py-spy stops the worker some hundred times a second and notes what it was doing. Each moment counts
for the innermost part below that it was in; moments without work are left out. The kernel's share
of a delivery is the worker's time in the kernel, as the scheduler counts it.
"""

import collections
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.client import Load
from bench.processes import PEERS, await_quiet, cpu, load_average
from bench.servers import Vitals

_RATE = 400
_PARTS: list[tuple[str, tuple[str, ...]]] = [
    ("writing the answer (the kernel)", ("SocketMixin.send ", "socket.send ")),
    ("reading the request (the kernel)", ("SocketMixin.recv ", "socket.recv ")),
    ("parking: filter's feed, sets, epoll", ("Stream._park", "streaming/parked", "take_socket")),
    ("who may read", ("dashboard/access", "web/access", "events/scope")),
    ("the query: filter, position, form", ("web/stream", "web/query", "web/comp", "events/filter")),
    ("hello, and what was missed or is newest", ("dashboard/events", "dashboard/streaming")),
    ("parsing the request", ("gunicorn/http/message", "gunicorn/http/parser", "split_request_uri")),
    ("its environ, and the answer's head", ("gunicorn/http/wsgi",)),
    ("Flask", ("flask/", "werkzeug/", "dashboard/web")),
    ("the guard of connections", ("dashboard/server",)),
    ("gunicorn, the rest", ("gunicorn/",)),
    ("accepting: accept(2), a socket object", ("do_read", "gevent/server", "gevent/_socket3")),
    ("a greenlet for the connection, and its end", ("gevent/",)),
]


@dataclass(frozen=True)
class Profile:
    """`request_us` and `delivery_us` are CPU microseconds without a profiler beside."""

    request_us: float
    parts: list[tuple[str, float]]  # shares of a request, largest first
    delivery_us: float
    delivery_kernel_share: float
    load_average: float


def run(*, streams: int, events: int, say: Callable[[str], None]) -> Profile:
    await_quiet()
    with Vitals() as server:
        pids = server.pids()
        used = cpu(pids)
        load = Load(server.port, streams, server.target)
        load.accepted()
        request = (cpu(pids) - used) / streams
        time.sleep(2.0)
        user, system = _times(pids)
        used = cpu(pids)
        for _ in range(events):
            load.delays(server.publish())
            time.sleep(0.1)
        delivery = (cpu(pids) - used) / streams / events
        user_after, system_after = _times(pids)
        load.stop()
    kernel = (system_after - system) / (system_after - system + user_after - user)
    say(f"{request * 1e6:.0f} us a request, {delivery * 1e6:.1f} us a delivery")
    with Vitals() as server:
        parts = _sample(server, streams)
    return Profile(request * 1e6, parts, delivery * 1e6, kernel, load_average())


def _sample(server: Vitals, streams: int) -> list[tuple[str, float]]:
    output = server.directory / "stacks"
    spy = subprocess.Popen(
        [
            PEERS / "py-spy",
            *("record", "--pid", str(server.pids()[-1]), "--rate", str(_RATE)),
            *("--format", "raw", "--output", str(output), "--duration", "600"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(2.0)
    load = Load(server.port, streams, server.target)
    load.accepted()
    spy.send_signal(2)
    spy.wait()
    load.stop()
    return _parts(output)


def _parts(output: Path) -> list[tuple[str, float]]:
    counts: collections.Counter[str] = collections.Counter()
    for line in output.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        if "gevent/threadpool" in stack or "gevent/_threading" in stack:
            continue  # a native thread that waits
        parts = map(_part, reversed(stack.split(";")))  # the innermost call first
        counts[next(filter(None, parts), "the event loop, greenlet switches")] += int(count)
    total = sum(counts.values())
    return [(name, count / total) for name, count in counts.most_common()]


def _part(call: str) -> str | None:
    return next((name for name, marks in _PARTS if any(mark in call for mark in marks)), None)


def _times(pids: list[int]) -> tuple[float, float]:
    """Seconds in user space and in the kernel."""
    tick = os.sysconf("SC_CLK_TCK")
    user = system = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        user += int(fields[11])
        system += int(fields[12])
    return user / tick, system / tick


def table(found: Profile) -> str:
    lines = [
        f"| a stream request: {found.request_us:.0f} µs of CPU | share | µs |",
        "|---|--:|--:|",
    ]
    for name, share in found.parts:
        lines.append(f"| {name} | {share:.1%} | {share * found.request_us:.0f} |")
    kernel = found.delivery_kernel_share
    lines += [
        "",
        f"| a delivery: {found.delivery_us:.1f} µs of CPU | share | µs |",
        "|---|--:|--:|",
        f"| the kernel: write(2), TCP, the reader's wake-up | {kernel:.0%} "
        f"| {kernel * found.delivery_us:.1f} |",
        f"| Python: the loop over the sockets, and once an event the rest | {1 - kernel:.0%} "
        f"| {(1 - kernel) * found.delivery_us:.1f} |",
    ]
    return "\n".join(lines)
