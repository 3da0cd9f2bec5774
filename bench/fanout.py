"""`./bench/run`: memory, delay, CPU and accepting, as the number of streams grows.

Contestants take turns, in the other order every other round. A figure is the median of the rounds,
and a ratio the median of the ratios within each round: so what the machine does beside, and how it
drifts, weighs less.
"""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.client import Accepted, Load, describe
from bench.processes import await_quiet, cpu, load_average, pss
from bench.servers import FlaskSse, Floor, Nchan, Server, SseStarlette, Vitals

FLOOR = Floor.name
NCHAN = Nchan.name
_WARM_UP = 50
_SETTLE = 3.0
_IDLE = 2.0

ONE_WORKER: dict[str, Callable[[], Server]] = {
    "floor": Floor,
    "vitals": Vitals,
    "resumed": lambda: Vitals(resumed=True, name="Vitals, streams resumed"),
    "unparked": lambda: Vitals(settings={"PARKING": "off"}, name="Vitals, parking off"),
    "nchan": Nchan,
    "sse-starlette": SseStarlette,
    "flask-sse": FlaskSse,
}
TWO_WORKERS: dict[str, Callable[[], Server]] = {
    "floor": lambda: Floor(2),
    "vitals": lambda: Vitals(2, settings={"MAX_STREAMS": "19500"}),
    "nchan": lambda: Nchan(2),
}


@dataclass(frozen=True)
class Sample:
    """One contestant in one round. Delays are milliseconds, medians over the events."""

    name: str
    streams: int
    round: int
    bytes_per_stream: float
    fastest: float
    median: float
    p99: float
    last: float
    cpu_per_million: float
    accepted_per_second: float
    missed: int  # deliveries that never came
    client_share: float  # of the time until the last delivery that the load spent working
    load_average: float


@dataclass(frozen=True)
class Row:
    """A contestant at one size, over all rounds; a ratio is None where there is no base."""

    name: str
    streams: int
    bytes_per_stream: float
    fastest: float
    median: float
    p99: float
    last: float
    cpu_per_million: float
    accepted_per_second: float
    missed: int
    client_share: float
    load_average: float
    last_ratio: float | None  # to the floor
    cpu_ratio: float | None  # to the floor
    memory_ratio: float | None  # to nchan
    accepted_ratio: float | None  # to nchan


def run(
    contestants: Iterable[Callable[[], Server]],
    sizes: Iterable[int],
    *,
    rounds: int,
    events: int,
    pause: float,
    say: Callable[[str], None],
) -> list[Sample]:
    """Measure all at all sizes. `pause` is seconds between two events."""
    samples = []
    makers = list(contestants)
    for streams in sizes:
        for round in range(rounds):
            for make in makers if round % 2 == 0 else reversed(makers):
                server = make()
                await_quiet()
                held = min(streams, server.most_streams)
                try:
                    sample = measure(server, held, round, events=events, pause=pause)
                except (RuntimeError, OSError, AssertionError) as error:
                    say(f"{server.name} at {held:,}: {error}")
                    continue
                samples.append(sample)
                say(_line(sample))
    return samples


def measure(server: Server, streams: int, round: int, *, events: int, pause: float) -> Sample:
    """Fill one server with streams, publish to them, and take its figures."""
    with server:
        _warm_up(server)
        before = pss(server.pids())
        load, accepted = _fill(server, streams)
        time.sleep(_SETTLE)
        pids = server.pids()
        grown = pss(pids) - before
        idle = cpu(pids)
        time.sleep(_IDLE)
        idle = (cpu(pids) - idle) / _IDLE

        used, began, busy = cpu(pids), time.monotonic(), load.totals()
        delays = []
        for _ in range(events):
            due = time.monotonic() + pause
            delays.append(load.delays(server.publish()))
            time.sleep(max(0.0, due - time.monotonic()))
        done = load.totals()
        used = cpu(pids) - used - idle * (time.monotonic() - began)
        load.stop()
    count = sum(map(len, delays))
    described = [describe(each) for each in delays]
    last = statistics.median(each.last for each in described)
    return Sample(
        name=server.name,
        streams=streams,
        round=round,
        bytes_per_stream=grown / streams,
        fastest=statistics.median(each.fastest for each in described),
        median=statistics.median(each.median for each in described),
        p99=statistics.median(each.p99 for each in described),
        last=last,
        cpu_per_million=used / count * 1e6,
        accepted_per_second=accepted.streams / accepted.seconds,
        missed=streams * events - count,
        client_share=(done.cpu_seconds - busy.cpu_seconds)
        / (sum(each.last for each in described) / 1000),
        load_average=load_average(),
    )


def _warm_up(server: Server) -> None:
    load, _ = _fill(server, _WARM_UP)
    load.delays(server.publish())
    load.stop()
    for _ in range(3):  # some notice only as they write that a client has gone
        server.publish()
        time.sleep(0.3)


def _fill(server: Server, streams: int) -> tuple[Load, Accepted]:
    if server.resumes:
        server.publish()
    began = time.monotonic()
    load = Load(server.port, streams, server.target, headers=server.headers, options=server.options)
    if server.await_streams(streams):
        seconds = time.monotonic() - began
        load.delays(server.publish())
        accepted = load.accepted()
        accepted = Accepted(accepted.streams, seconds, accepted.failed)
    else:
        accepted = load.accepted()
    if accepted.streams < streams:
        load.stop()
        raise RuntimeError(f"only {accepted.streams:,} streams of {streams:,} were accepted")
    return load, accepted


def summarize(samples: list[Sample]) -> list[Row]:
    """One row for each contestant and size, in the order of the samples."""
    rows = []
    for name, streams in dict.fromkeys((sample.name, sample.streams) for sample in samples):
        own = [each for each in samples if (each.name, each.streams) == (name, streams)]

        def middle(key: str, own: list[Sample] = own) -> float:
            return float(statistics.median(getattr(each, key) for each in own))

        def ratio(key: str, base: str, own: list[Sample] = own) -> float | None:
            ratios = [
                getattr(mine, key) / getattr(other, key)
                for mine in own
                for other in samples
                if (other.name, other.round, other.streams) == (base, mine.round, mine.streams)
                and getattr(other, key) > 0
            ]
            return statistics.median(ratios) if ratios else None

        rows.append(
            Row(
                name=name,
                streams=streams,
                bytes_per_stream=middle("bytes_per_stream"),
                fastest=middle("fastest"),
                median=middle("median"),
                p99=middle("p99"),
                last=middle("last"),
                cpu_per_million=middle("cpu_per_million"),
                accepted_per_second=middle("accepted_per_second"),
                missed=sum(each.missed for each in own),
                client_share=middle("client_share"),
                load_average=max(each.load_average for each in own),
                last_ratio=ratio("last", FLOOR),
                cpu_ratio=ratio("cpu_per_million", FLOOR),
                memory_ratio=ratio("bytes_per_stream", NCHAN),
                accepted_ratio=ratio("accepted_per_second", NCHAN),
            )
        )
    return rows


def table(rows: list[Row]) -> str:
    """The rows of one size as Markdown."""
    lines = [
        "| | memory per stream | fastest | median | 99 % | last client | × floor "
        "| CPU s per million | × floor | accepted per second | × nchan |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        streams = f" ({row.streams:,})" if row.streams != rows[0].streams else ""
        missed = f", {row.missed:,} missed" if row.missed else ""
        lines.append(
            f"| {row.name}{streams}{missed} | {_kilobytes(row.bytes_per_stream)} "
            f"| {row.fastest:.1f} ms | {row.median:.0f} ms | {row.p99:.0f} ms | {row.last:.0f} ms "
            f"| {_times(row.last_ratio)} | {row.cpu_per_million:.1f} | {_times(row.cpu_ratio)} "
            f"| {row.accepted_per_second:,.0f} | {_times(row.accepted_ratio)} |"
        )
    return "\n".join(lines)


def _kilobytes(size: float) -> str:
    return f"{max(0.0, size) / 1024:.2f} KB"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _line(sample: Sample) -> str:
    return (
        f"{sample.name} at {sample.streams:,}: {_kilobytes(sample.bytes_per_stream)} each, "
        f"last {sample.last:.0f} ms, {sample.cpu_per_million:.1f} s per million, "
        f"{sample.accepted_per_second:,.0f} accepted per second "
        f"(load busy {sample.client_share:.0%}, load average {sample.load_average:.1f})"
    )
