"""`./bench/run storm`: many come back at once, while others wait for their next tick.

Clients start evenly over one second, whether the server keeps up or not, each with the id of a
recent event, and count as accepted when they have caught up: when they have the event they missed.
Meanwhile an event goes out every second to those who stayed, as it does at the default INTERVAL.
Each storm is another moment between two events. After a restart (a deploy) all come back, too, with
ids that are older than the service.
"""

import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.client import Load
from bench.processes import await_quiet, load_average
from bench.servers import Vitals

# Name, whether the service is started anew, milliseconds between connecting and asking.
_KINDS = (
    ("reconnect", False, 0),
    ("reconnect, asked 20 ms after connecting", False, 20),
    ("restart of the service", True, 0),
)


@dataclass(frozen=True)
class Storm:
    """Milliseconds that connected clients waited for their ticks, and how the storm was taken."""

    name: str
    longest_wait: float
    p99_wait: float
    accepted_per_second: float
    accepted: int
    missed: int
    load_average: float


def run(
    *, connected: int, returning: int, storms: int, tick: float, say: Callable[[str], None]
) -> list[Storm]:
    found = []
    for name, restarted, late in _KINDS:
        each = []
        for _ in range(storms):
            await_quiet()
            each.append(_storm(name, restarted, late, connected, returning, tick))
            say(_line(each[-1]))
        found.append(
            Storm(
                name=name,
                longest_wait=max(storm.longest_wait for storm in each),
                p99_wait=statistics.median(storm.p99_wait for storm in each),
                accepted_per_second=statistics.median(storm.accepted_per_second for storm in each),
                accepted=min(storm.accepted for storm in each),
                missed=sum(storm.missed for storm in each),
                load_average=max(storm.load_average for storm in each),
            )
        )
    return found


def _storm(
    name: str, restarted: bool, late: int, connected: int, returning: int, tick: float
) -> Storm:
    with Vitals() as server:
        if restarted:
            server.restart()
        stayed = Load(server.port, connected, server.target)
        assert stayed.accepted().streams == connected
        if not restarted:
            for _ in range(2):
                stayed.delays(server.publish())
        header = f"Last-Event-ID: {server.ids[-2]}"
        markers: list[int] = []
        over = threading.Event()

        def publish() -> None:
            while not over.wait(tick):
                markers.append(server.publish())

        publisher = threading.Thread(target=publish)
        publisher.start()
        time.sleep(tick * random.uniform(1.0, 2.0))
        storm = Load(
            server.port,
            returning,
            server.target,
            headers=(header,),
            options=("-r", str(returning), "-d", str(late), "-m"),
        )
        accepted = storm.accepted()
        time.sleep(2 * tick)
        over.set()
        publisher.join()
        _, delays = stayed.stop()
        storm.stop()
    waits = sorted(delay for marker in markers for delay in delays.get(marker, ()))
    return Storm(
        name=name,
        longest_wait=waits[-1],
        p99_wait=waits[int(len(waits) * 0.99)],
        accepted_per_second=accepted.streams / accepted.seconds,
        accepted=accepted.streams,
        missed=len(markers) * connected - len(waits),
        load_average=load_average(),
    )


def table(storms: list[Storm]) -> str:
    lines = [
        "| storm | accepted per second | longest wait for a tick | 99 % | ticks missed |",
        "|---|--:|--:|--:|--:|",
    ]
    for storm in storms:
        lines.append(
            f"| {storm.name} | {storm.accepted_per_second:,.0f} | {storm.longest_wait:.0f} ms "
            f"| {storm.p99_wait:.0f} ms | {storm.missed:,} |"
        )
    return "\n".join(lines)


def _line(storm: Storm) -> str:
    return (
        f"{storm.name}: {storm.accepted:,} back at {storm.accepted_per_second:,.0f} per second, "
        f"longest wait {storm.longest_wait:.0f} ms, {storm.missed} missed "
        f"(load average {storm.load_average:.1f})"
    )
