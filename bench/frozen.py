"""`./bench/run frozen`: readers that never read, beside healthy ones, at ten samples a second.

The healthy ones keep a checksum of the ids that they are sent between the first and the last event
of ours; the log gives the same checksum only if not one event was missed, doubled or out of order.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.client import Load
from bench.processes import get, load_average, pss
from bench.servers import Vitals, now_us

_INTERVAL = 0.1


@dataclass(frozen=True)
class Frozen:
    """Memory in bytes; `whole` healthy readers had every event of the log, exactly once."""

    seconds: float
    healthy: int
    frozen: int
    whole: int
    events: int
    closed: int
    counted: int
    service_before: int
    service_most: int
    kernel_before: int
    kernel_most: int
    load_average: float


def run(*, healthy: int, frozen: int, seconds: float, say: Callable[[str], None]) -> Frozen:
    settings = {"INTERVAL": str(_INTERVAL), "HEARTBEAT": "15"}
    with Vitals(settings=settings) as server:
        options = ("-i", str(now_us()), "-t", str(seconds + 300))
        readers = Load(server.port, healthy, "/stream", options=options)
        assert readers.accepted().streams == healthy
        server.publish()
        first = server.ids[-1]
        time.sleep(2.0)
        service_before, kernel_before = pss(server.pids()), kernel_socket_memory()
        stuck = Load(server.port, frozen, "/stream", options=("-z", "-t", str(seconds + 300)))
        stuck.accepted()
        service_most, kernel_most = service_before, kernel_before
        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at:
            time.sleep(1.0)
            service_most = max(service_most, pss(server.pids()))
            kernel_most = max(kernel_most, kernel_socket_memory())
            if int(end_at - time.monotonic()) % 30 == 0:
                say(
                    f"{end_at - time.monotonic():.0f} s left: service "
                    f"{service_most / 2**20:.0f} MB, sockets {kernel_most / 2**20:.0f} MB"
                )
        server.publish()
        time.sleep(2.0)
        counted = int(_metric(server.port, 'vitals_streams_dropped_total{reason="lagging"}'))
        closed = stuck.stop()[0].closed
        totals, _ = readers.stop()
        checksum, events = _expected(server, first, server.ids[-1])
    whole = sum(
        streams for seen, ids, streams in totals.checksums if (seen, ids) == (checksum, events)
    )
    return Frozen(
        seconds=seconds,
        healthy=healthy,
        frozen=frozen,
        whole=whole,
        events=events,
        closed=closed,
        counted=counted,
        service_before=service_before,
        service_most=service_most,
        kernel_before=kernel_before,
        kernel_most=kernel_most,
        load_average=load_average(),
    )


def kernel_socket_memory() -> int:
    """Bytes of all TCP sockets' buffers, in both directions, of everything on this machine."""
    text = Path("/proc/net/sockstat").read_text()
    found = re.search(r"^TCP:.* mem (\d+)", text, re.MULTILINE)
    assert found
    return int(found[1]) * 4096


def _expected(server: Vitals, first: str, last: str) -> tuple[str, int]:
    """The checksum (FNV-1a, as in load.c) and number of the ids after `first` up to `last`."""
    from dashboard.events.event import EventId

    checksum, count, at = 14695981039346656037, 0, EventId.parse(first)
    end = EventId.parse(last)
    while at < end:
        for event in server.log.read_after(at, 1000):
            assert event.id is not None
            if event.id > end:
                at = end
                break
            for byte in f"{event.id}\n".encode():
                checksum = (checksum ^ byte) * 1099511628211 % 2**64
            count, at = count + 1, event.id
    return f"{checksum:016x}", count


def _metric(port: int, name: str) -> float:
    """A counter, summed over the workers."""
    text = get(port, "/metrics").decode()
    base, _, label = name.rstrip("}").partition("{")
    lines = [line for line in text.splitlines() if line.startswith(base) and label in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def table(found: Frozen) -> str:
    rows = [
        ("readers that never read", f"{found.frozen:,}"),
        ("... closed by the service", f"{found.closed:,}"),
        ("... counted in `vitals_streams_dropped_total`", f"{found.counted:,}"),
        ("healthy readers", f"{found.healthy:,}"),
        (
            f"... that had each of {found.events:,} events exactly once, in order",
            f"{found.whole:,}",
        ),
        ("the service's memory (PSS), before", f"{found.service_before / 2**20:.1f} MB"),
        ("... at most", f"{found.service_most / 2**20:.1f} MB"),
        ("the kernel's socket memory, before", f"{found.kernel_before / 2**20:.1f} MB"),
        ("... at most", f"{found.kernel_most / 2**20:.1f} MB"),
    ]
    lines = [f"| {found.seconds:.0f} seconds at INTERVAL={_INTERVAL} | |", "|---|--:|"]
    return "\n".join(lines + [f"| {left} | {right} |" for left, right in rows])
