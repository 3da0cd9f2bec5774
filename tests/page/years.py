"""A history from before the test: a year of hours, a month of minutes, a day of samples."""

import math
import time
from collections.abc import Callable

from dashboard.log.history.block import Column, Rows, Value
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import HOURS, MINUTES, SECONDS, Tier
from tests.support.service import Service

DAY = 86_400.0
KEPT = ((HOURS, 365 * DAY, 30 * DAY), (MINUTES, 30 * DAY, DAY), (SECONDS, DAY, 60.0))
STEP = 60.0  # seconds between the samples, to spare the test writing a day of seconds

Figures = dict[str, dict[str, Callable[[float], float]]]


def daily(base: float, height: float) -> Callable[[float], float]:
    """Return a figure that goes up and down with the hours of the day."""
    return lambda at: round(base + height * (1 + math.sin(at * 2 * math.pi / DAY)) / 2, 2)


FIGURES: Figures = {
    "cpu": {name: daily(5, 20) for name in ("percent", "user", "system", "cores.0", "cores.1")},
    "memory": {"percent": daily(40, 10), "used": daily(4e9, 1e9)},
    "load": {name: daily(0.2, 0.5) for name in ("load1", "load5", "load15")},
    "network": {f"{way}_bytes_per_second": daily(1e4, 5e5) for way in ("received", "sent")},
    "disk": {f"{way}_bytes_per_second": daily(1e4, 5e6) for way in ("read", "write")},
}


def write_years(service: Service, spikes: dict[float, float] | None = None) -> float:
    """Write a year of figures that swing by a fifth within each span; returns when it ends.

    `spikes` are samples of cpu.percent, by how many seconds before the end they were.
    """
    end = math.floor(time.time() / 60) * 60.0
    service.run_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = service.log_file.with_name(f"{service.log_file.stem}-history.db")
    store = HistoryStore(path, service.run_directory / "history-files.lock")
    at = {end - ago: value for ago, value in (spikes or {}).items()}
    with store.writing() as writing:
        for event, figures in FIGURES.items():
            series = writing.series("box", event)
            for tier, since, until in KEPT:
                step = tier.span or STEP
                for window in range(
                    math.floor((end - since) / tier.window), math.ceil((end - until) / tier.window)
                ):
                    first = window * tier.window
                    count = int((min(first + tier.window, end - until) - first) / step)
                    times = [first + n * step for n in range(count)]
                    if times:
                        rows = _rows(tier, times, figures, at if event == "cpu" else {})
                        writing.replace(tier, window, series, rows)
    store.close()
    return end


def _rows(
    tier: Tier,
    times: list[float],
    figures: dict[str, Callable[[float], float]],
    spikes: dict[float, float],
) -> Rows:
    if not tier.span:
        times = sorted({*times, *(at for at in spikes if times[0] <= at <= times[-1])})
    rows = Rows(tier.span, times)
    for name, value in figures.items():
        mean: list[Value] = [value(at) for at in times]
        sharp = spikes if name == "percent" else {}
        if not tier.span:
            rows.columns[name] = Column([sharp.get(at, value(at)) for at in times])
            continue
        high: list[Value] = [round(value(at) * 1.1, 2) for at in times]
        high_at: list[Value] = [tier.span / 3] * len(times)
        for at, spike in sharp.items():
            row = int((at - times[0]) // tier.span)
            if 0 <= row < len(times):
                high[row], high_at[row] = spike, at - times[row]
        low: list[Value] = [round(value(at) * 0.9, 2) for at in times]
        low_at: list[Value] = [tier.span / 2] * len(times)
        rows.columns[name] = Column(mean, low, high, low_at, high_at, [tier.span] * len(times))
    return rows
