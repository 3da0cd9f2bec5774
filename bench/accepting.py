"""`./bench/run accept`: what it costs to accept a stream, whenever its request comes.

Streams come at 400 a second, where a worker sleeps between them, and in a burst, with a thousand
on their way at once. Clients ask as soon as they are connected, or 20 ms later, as over a network.
Contestants take turns in each round. A figure is the median of the rounds, a ratio the median of
the ratios within the rounds.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.client import Load
from bench.processes import await_quiet, cpu, load_average
from bench.servers import BareWsgi, Nchan, PlainFlask, Server, SseStarlette, Vitals

CONTESTANTS: tuple[Callable[[], Server], ...] = (
    Vitals,
    PlainFlask,
    BareWsgi,
    SseStarlette,
    Nchan,
)
RATE = 400
_LATE = "20"  # milliseconds
WAYS: dict[str, tuple[str, ...]] = {
    "400 a second, asked at once": ("-r", str(RATE)),
    "20 ms later": ("-r", str(RATE), "-d", _LATE),
    "in a burst, at once": ("-f", "1000"),
    "in a burst, 20 ms later": ("-f", "1000", "-d", _LATE),
}
_WARM_UP = 200
_IDLE = 2.0


@dataclass(frozen=True)
class Sample:
    """One contestant in one round: CPU microseconds a stream, and streams a second, by way."""

    name: str
    round: int
    cost: dict[str, float]
    accepted_per_second: float  # of the burst that asks at once
    load_average: float


def run(*, streams: int, rounds: int, say: Callable[[str], None]) -> list[Sample]:
    """Measure all; `streams` are those of a burst, at 400 a second there are a third of them."""
    samples = []
    for number in range(rounds):
        for make in CONTESTANTS if number % 2 == 0 else reversed(CONTESTANTS):
            await_quiet()
            samples.append(_measure(make(), streams, number))
            costs = ", ".join(f"{cost:.0f}" for cost in samples[-1].cost.values())
            say(f"{samples[-1].name}: {costs} us")
    return samples


def _measure(server: Server, streams: int, number: int) -> Sample:
    cost, accepted_per_second = {}, 0.0
    with server:
        Load(server.port, _WARM_UP, server.target, options=server.options).stop()
        for way, options in WAYS.items():
            time.sleep(_IDLE)
            pids = server.pids()
            idle = cpu(pids)
            time.sleep(_IDLE)
            idle = (cpu(pids) - idle) / _IDLE
            count = streams // 3 if "-r" in options else streams
            used, began = cpu(pids), time.monotonic()
            load = Load(server.port, count, server.target, options=(*server.options, *options))
            accepted = load.accepted()
            time.sleep(1.0)  # what is done after the answer counts, too
            used = cpu(pids) - used - idle * (time.monotonic() - began)
            load.stop()
            if accepted.streams < count:
                raise RuntimeError(f"{server.name}: only {accepted.streams:,} of {count:,} came")
            cost[way] = used / count * 1e6
            if way == "in a burst, at once":
                accepted_per_second = accepted.streams / accepted.seconds
    return Sample(server.name, number, cost, accepted_per_second, load_average())


def table(samples: list[Sample]) -> str:
    """A row for each contestant: CPU by way, and beside it the ratio to the plain Flask view."""
    head = "".join(f" | {way} | × Flask" for way in WAYS)
    lines = [f"| CPU for a stream{head} | accepted per second |", "|---" + "|--:" * 9 + "|"]
    for name in dict.fromkeys(sample.name for sample in samples):
        own = [sample for sample in samples if sample.name == name]
        cells = []
        for way in WAYS:
            ratios = [
                mine.cost[way] / other.cost[way]
                for mine in own
                for other in samples
                if (other.name, other.round) == (PlainFlask.name, mine.round)
            ]
            cells.append(f"{statistics.median(mine.cost[way] for mine in own):.0f} µs")
            cells.append(f"{statistics.median(ratios):.2f}" if ratios else "")
        rate = statistics.median(sample.accepted_per_second for sample in own)
        lines.append(f"| {name} | {' | '.join(cells)} | {rate:,.0f} |")
    return "\n".join(lines)
