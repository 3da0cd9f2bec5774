"""`./bench/run page`: what the wall page costs a browser.

Chromium without a screen, and a log that already holds the five minutes that the page shows. The
time until the charts are full is from the start of the navigation until every chart has ink in it.
"""

import json
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.processes import await_quiet, get, load_average
from bench.servers import Vitals

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PAST = 300
_SHORT = 0.05
# Looks for ink at every turn of the page's timer, which a busy page can delay but not hurry.
_WATCH = """
window.chartsFull = null;
const timer = setInterval(() => {
  if (document.documentElement.dataset.link !== "live") return;
  const charts = [...document.querySelectorAll("[data-panel] .plot canvas")];
  const full = charts.length > 0 && charts.every((canvas) => {
    const { width, height } = canvas;
    if (!width || !height) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return data.some((value) => value !== 0);
  });
  if (full) { window.chartsFull = performance.now(); clearInterval(timer); }
}, 10);
"""


@dataclass(frozen=True)
class PageCost:
    """`bytes` are as transferred, heads included, the endless stream not; seconds and bytes."""

    bytes: int
    requests: int
    history_bytes: int
    charts_full: float
    script_per_tick: float
    work_per_tick: float
    ticks: int
    heap: list[tuple[int, int]]  # ticks since the start, bytes in use after a collection
    load_average: float


def run(*, loads: int, watch: float, ticks: int, say: Callable[[str], None]) -> PageCost:
    """`loads` navigations, `watch` seconds at one tick a second, then `ticks` at a short one."""
    await_quiet()
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        with _WithPast(settings={"INTERVAL": "1", "HEARTBEAT": "15"}) as server:
            url = f"http://127.0.0.1:{server.port}/"
            times = []
            for _ in range(loads):
                page = browser.new_page()
                found = _load(page, url)
                times.append(found[0])
                say(f"charts full after {found[0] * 1000:.0f} ms, {found[1] / 1024:.0f} KB")
                page.close()
            page = browser.new_page()
            full, weight, requests, history = _load(page, url, say)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            time.sleep(5.0)
            before = metrics(session)
            page.wait_for_timeout(watch * 1000)
            after = metrics(session)
            page.close()
        heap = _heap(browser.new_page(), ticks, say)
        browser.close()
    return PageCost(
        bytes=weight,
        requests=requests,
        history_bytes=history,
        charts_full=statistics.median([*times, full]),
        script_per_tick=(after["ScriptDuration"] - before["ScriptDuration"]) / watch,
        work_per_tick=(after["TaskDuration"] - before["TaskDuration"]) / watch,
        ticks=ticks,
        heap=heap,
        load_average=load_average(),
    )


def _load(
    page: Page, url: str, say: Callable[[str], None] | None = None
) -> tuple[float, int, int, int]:
    """Seconds until the charts are full, bytes, requests, and the bytes of those for /history."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on(
        "Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}),
    )
    page.add_init_script(_WATCH)
    page.goto(url)
    end_at = time.monotonic() + 60
    while (full := page.evaluate("window.chartsFull")) is None:
        if time.monotonic() > end_at:
            raise RuntimeError("the page's charts stay empty")
        page.wait_for_timeout(50)
    seconds = float(full) / 1000
    page.wait_for_timeout(500)
    history = sum(size for each, size in sizes.items() if "/history" in urls[each])
    if say is not None:
        for each, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
            say(
                f"  {size / 1024:6.1f} KB  {urls[each].partition('?')[0].rpartition('/')[2] or '/'}"
            )
    return seconds, sum(sizes.values()), len(sizes), history


def _heap(page: Page, ticks: int, say: Callable[[str], None]) -> list[tuple[int, int]]:
    found = []
    with Vitals(settings={"INTERVAL": str(_SHORT), "HEARTBEAT": "15"}) as server:
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.wait_for_selector('html[data-link="live"]', timeout=60_000)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        session.send("HeapProfiler.enable")
        start = _ticks(server)
        for part in range(1, 11):
            while (seen := _ticks(server) - start) < ticks * part / 10:
                page.wait_for_timeout(min(5000.0, (ticks * part / 10 - seen) * _SHORT * 1000 + 50))
            for _ in range(2):
                session.send("HeapProfiler.collectGarbage")
            found.append((seen, int(metrics(session)["JSHeapUsedSize"])))
            say(f"{seen:,} ticks: heap {found[-1][1] / 2**20:.2f} MB")
    page.close()
    return found


def metrics(session: CDPSession) -> dict[str, float]:
    """What Chromium counts of a page, in seconds and bytes, by Chromium's names."""
    found: dict[str, Any] = session.send("Performance.getMetrics")
    return {metric["name"]: float(metric["value"]) for metric in found["metrics"]}


def _ticks(server: Vitals) -> int:
    """How often the fast families have been sampled."""
    for line in get(server.port, "/metrics").decode().splitlines():
        if line.startswith("vitals_sample_seconds_count") and f'"{_SHORT}"' in line:
            return int(float(line.rpartition(" ")[2]))
    return 0


class _WithPast(Vitals):
    """A service whose log has five minutes in it, made of its own first samples."""

    def start(self) -> None:
        super().start()
        time.sleep(7.0)
        samples = [event for event in self.log.latest() if event.name != "bench"]
        self.pause()
        self.log.close()
        for path in Path(self.directory).glob("events.db*"):
            if path.is_file():
                path.unlink()
        self._write_past(samples)
        self.log = self.open()
        self.serve()

    def _write_past(self, samples: list[Any]) -> None:
        from dashboard.events.event import Event
        from dashboard.log.sqlite.engine import SQLiteLog

        now = time.time()
        moment = [now]
        log = SQLiteLog(self.directory / "events.db", retention=6 * 3600, clock=lambda: moment[0])
        for second in range(_PAST, 0, -1):
            moment[0] = now - second
            batch = []
            for sample in samples:
                data = json.loads(sample.data) | {"time": round(moment[0], 3)}
                batch.append(Event(sample.host, sample.name, json.dumps(data)))
            log.append(batch)
        log.close()


def table(found: PageCost) -> str:
    first, last = found.heap[0], found.heap[-1]
    most = max(size for _, size in found.heap)
    rows = [
        (f"transferred, {found.requests} requests", f"{found.bytes / 1024:.0f} KB"),
        ("... of which the last five minutes", f"{found.history_bytes / 1024:.0f} KB"),
        ("navigation until every chart is drawn", f"{found.charts_full * 1000:.0f} ms"),
        ("script per tick, one tick a second", f"{found.script_per_tick * 1000:.1f} ms"),
        ("all work of the page per tick", f"{found.work_per_tick * 1000:.1f} ms"),
        (f"heap after {first[0]:,} ticks", f"{first[1] / 2**20:.2f} MB"),
        ("... at most", f"{most / 2**20:.2f} MB"),
        (f"... after {last[0]:,} ticks", f"{last[1] / 2**20:.2f} MB"),
    ]
    lines = ["| the wall page in Chromium | |", "|---|--:|"]
    return "\n".join(lines + [f"| {left} | {right} |" for left, right in rows])
