"""The peers of `./bench/run history`, where they are installed: Prometheus and Netdata."""

import json
import math
import shutil
import statistics
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.history_data import DAY, FOUR, HOST
from bench.overhead import Netdata
from bench.processes import cpu, get
from bench.servers import Server
from dashboard.log.history.block import Rows
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import MINUTES, SECONDS, Tier

LATELY = 1200  # seconds of the question that Netdata can be asked, too
_TRIES = 3
_ALIKE = ("system.cpu", "cpu.", "system.io", "disk", "system.ram", "mem.", "system.net", "net.")
_LEAST = 1200  # seconds; after a few minutes its files say nothing of what a value takes


@dataclass(frozen=True)
class Peer:
    """Bytes on disk for a value, and seconds that a question takes; None: not measured.

    `cpu` are those of the processor.
    """

    name: str
    figures: int | None = None
    bytes_per_value: float | None = None
    question: str = ""
    seconds: float | None = None
    cpu: float = 0.0


class _Prometheus(Server):
    """Prometheus on blocks that were made before."""

    name = "Prometheus"

    def __init__(self, blocks: Path) -> None:
        super().__init__()
        self._blocks = blocks

    def start(self) -> None:
        (self.directory / "prometheus.yml").write_text("scrape_configs: []\n")
        self.run(
            "prometheus",
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._blocks}",
            "--storage.tsdb.retention.time=10y",
            f"--web.listen-address=127.0.0.1:{self.port}",
        )
        while True:
            try:
                get(self.port, "/-/ready")
                return
            except OSError:
                time.sleep(0.2)


def prometheus(folder: Path, end: float, hours: int, say: Callable[[str], None]) -> Peer:
    """Give Prometheus the samples of an hour, and the means of a month's minutes."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        return Peer("Prometheus (not installed)")
    store = HistoryStore(
        folder / "events-history.db", folder / "events.db-run" / "history-files.lock"
    )
    say("giving Prometheus the same figures")
    length = 3600.0 * min(hours, 2)
    samples, figures = _blocks(folder, store, SECONDS, end - length, end, None)
    size = sum(file.stat().st_size for file in (folder / SECONDS.name).rglob("*") if file.is_file())
    _blocks(folder, store, MINUTES, end - 30 * DAY, end, FOUR)
    store.close()
    with _Prometheus(folder / MINUTES.name) as server:
        query = {"start": end - 30 * DAY, "end": end, "step": 4320}

        def ask() -> None:
            for what in ("min", "avg", "max"):
                text = f"{what}_over_time(vitals[72m])"
                asked = urllib.parse.urlencode({**query, "query": text})
                found = json.loads(get(server.port, f"/api/v1/query_range?{asked}", 120))
                if not found["data"]["result"]:
                    raise RuntimeError("Prometheus has no series")

        took = _timed(server, ask)
    return Peer("Prometheus", figures, size / samples, "30 days of four families", *took)


def _timed(server: Server, ask: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that a question takes, and those of the processor: medians."""
    took, spent = [], []
    for _ in range(_TRIES):
        began, used = time.monotonic(), cpu(server.pids())
        ask()
        took.append(time.monotonic() - began)
        spent.append(cpu(server.pids()) - used)
    return statistics.median(took), statistics.median(spent)


def _blocks(
    folder: Path,
    store: HistoryStore,
    tier: Tier,
    first: float,
    end: float,
    events: Iterable[str] | None,
) -> tuple[int, int]:
    """Write the blocks of a tier's means to a folder of its name; return samples and series."""
    path = folder / f"{tier.name}.txt"
    samples = figures = 0
    with path.open("w") as file:
        file.write("# TYPE vitals gauge\n")
        for series in store.series():
            if series.host != HOST or (events is not None and series.event not in events):
                continue
            columns: dict[str, list[str]] = {}
            for rows in store.read(tier, series, first, end):
                _add(columns, series.event, rows.within(first, end))
            for lines in columns.values():
                file.writelines(lines)
                samples += len(lines)
            figures += len(columns)
        file.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics"]
    if tier is MINUTES:
        command += ["--max-block-duration=240h"]
    subprocess.run([*command, str(path), str(folder / tier.name)], check=True, capture_output=True)
    path.unlink()
    return samples, figures


def _add(columns: dict[str, list[str]], event: str, rows: Rows) -> None:
    for path, column in rows.columns.items():
        label = json.dumps(path)
        lines = columns.setdefault(path, [])
        for at, value in zip(rows.times, column.mean, strict=True):
            if value is not None and math.isfinite(value):
                lines.append(f'vitals{{event="{event}",field={label}}} {value} {at:.3f}\n')


def netdata(seconds: int, say: Callable[[str], None]) -> Peer:
    """Let Netdata watch this machine, ask it, and look at its samples after it has ended."""
    name = "Netdata's dbengine"
    if seconds < _LEAST:
        return Peer(f"{name} (not measured: it has to run for {_LEAST / 60:.0f} minutes)")
    if not shutil.which("netdata"):
        return Peer(f"{name} (not installed)")
    say(f"letting Netdata collect for {seconds} s")
    server = Netdata()
    with server:
        time.sleep(seconds)
        charts = json.loads(get(server.port, "/api/v1/charts"))["charts"]
        figures = sum(len(chart["dimensions"]) for chart in charts.values())
        alike = [chart for chart in charts if chart.startswith(_ALIKE)]
        some = sum(len(charts[chart]["dimensions"]) for chart in alike)
        query = f"after=-{LATELY}&points=300&format=json"

        def ask() -> None:
            for chart in alike:
                for what in ("min", "average", "max"):
                    get(server.port, f"/api/v1/data?chart={chart}&{query}&group={what}")

        took = _timed(server, ask)
        server.stop_and_wait()
        folder = server.directory / "cache" / "dbengine"  # its samples; other tiers lie beside it
        files = [file for file in folder.iterdir() if file.suffix in (".ndf", ".njf")]
        size = sum(file.stat().st_blocks * 512 for file in files)
    question = f"{LATELY // 60} min of {some} figures of the same kinds"
    return Peer(name, figures, size / (figures * seconds), question, *took)
