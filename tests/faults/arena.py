"""A service in full swing, a fault, and what has to hold afterwards.

Two workers; many streams, of one process (crowd.py); one page of the wall in Chromium; somebody who
publishes all the time. `Arena.run` brings a fault in, takes it away, and then holds the service to
the promise: it is up by itself, everyone who comes back has every event of the log exactly once and
in order, and descriptors and memory are what they were. The log is read here, not asked for.
"""

import json
import os
import re
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext

from dashboard.events.event import EventId
from dashboard.log.opening import open_log
from dashboard.log.scan import walk
from tests.faults.numbers import number
from tests.faults.patience import PATIENCE, wait_for
from tests.faults.supervised import PUBLISH_TOKEN, Publisher, Supervised
from tests.page.wall import NETWORK_TROUBLE, Wall
from tests.support.leaks import memory_of
from tests.support.service import ROOT

WORKERS = 2
INTERVAL = 0.2
# A stream that was forgotten would be a descriptor, or a greenlet of some 18 KB, for each client.
_DESCRIPTORS = 10
_MEMORY = 8 << 20  # and 8 KB for each client


@dataclass
class Row:
    """What a fault did, over all its tries; `seconds` is the slowest recovery."""

    fault: str
    tries: int = 0
    clients: int = 0
    events: int = 0  # that the log had for each client
    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    unlogged: int = 0
    gaps: int = 0
    seconds: float = 0.0
    descriptors: int = 0  # more than before
    memory: int = 0  # bytes more than before


@dataclass(frozen=True)
class Resources:
    """What all processes of the service have: open descriptors by kind, private bytes."""

    descriptors: Counter[str]
    memory: int


def resources_of(pids: Iterable[int]) -> Resources:
    """What these processes hold now, all together."""
    found: Counter[str] = Counter()
    memory = 0
    for pid in pids:
        try:
            memory += memory_of(pid)
            paths = list(Path(f"/proc/{pid}/fd").iterdir())
        except (ProcessLookupError, FileNotFoundError):
            continue  # it has ended, and its master does not know yet
        for path in paths:
            try:
                target = os.readlink(path)  # noqa: PTH115 (no Path: "socket:[1]")
            except OSError:
                continue
            found[re.sub(r":.*|\d+-\d+\.wake", "", target)] += 1
    return Resources(found, memory)


class Clients:
    """The process of all streams."""

    def __init__(self, port: int, count: int, *, stay: float = 0.0) -> None:
        """Each stays for so many seconds on the average, and comes back; 0: for ever."""
        self.count = count
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crowd", str(port), str(count), str(stay)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, order: str) -> dict[str, Any]:
        """Give an order; its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": order}).encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert ready, f"the clients don't answer to {order!r}"
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def wait_for(self, reached: int) -> None:
        """Wait until all are connected and have this id or a later one."""

        def are_there() -> bool:
            state = self.ask("state")
            return bool(state["open"] == self.count and state["lowest"] >= reached)

        try:
            wait_for(are_there, "all clients")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.ask('state')}, wanted {reached}") from None

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Arena:
    """See above. The service's log may be in another folder, and on another disk."""

    def __init__(
        self,
        folder: Path,
        *,
        clients: int,
        context: BrowserContext,
        disk: Path | None = None,
        settings: dict[str, object] | None = None,
    ) -> None:
        self.rows: list[Row] = []
        self.faults = folder / "faults"
        self.faults.mkdir()
        log = (disk or folder) / "events.db"
        service = Supervised(
            folder,
            workers=WORKERS,
            INTERVAL=INTERVAL,
            HEADER_TIMEOUT=2,  # so that tests need not wait for longer
            PUBLISH_TOKEN=PUBLISH_TOKEN,
            LOG=f"sqlite:///{log}",
            **(settings or {}),
        )
        service.log_file = log
        service.arguments = ["-c", str(ROOT / "tests" / "support" / "faulty.py")]
        service.environ = {"VITALS_FAULTS": str(self.faults)}
        self.service = service
        self._count = clients
        self._context = context
        self._page_errors: list[str] = []

    def open(self) -> "Arena":
        """Start everything, and let it run for a moment."""
        self.service.start().wait_until_ready()
        self.service.supervise()
        self.publisher = Publisher(self.service)
        self.clients = Clients(self.service.port, self._count)
        page = self._context.new_page()
        page.on("pageerror", lambda error: self._page_errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self._page_errors.append(message.text) if message.type == "error" else None
            ),
        )
        self.wall = Wall(page, self.service).open().wait_until_joined()
        self._reach_everyone()
        return self

    def close(self) -> None:
        """End everything."""
        self._context.close()
        self.clients.close()
        self.publisher.close()
        self.service.close()
        errors = [text for text in self._page_errors if not NETWORK_TROUBLE.search(text)]
        assert not errors, "errors in the page:\n" + "\n".join(errors)

    def run(
        self,
        fault: str,
        act: Callable[[], object],
        *,
        tries: int = 1,
        prepare: Callable[[], object] = lambda: None,
        breaks_log: bool = False,
        may_fail: Sequence[int] = (503,),
        more_memory: int = 0,
    ) -> Row:
        """Bring in a fault `tries` times, each after `prepare`; `act` ends when its cause is over.

        `breaks_log`: what was logged before may be gone afterwards, and be told as a gap.
        `may_fail`: what a publisher may be answered meanwhile. `more_memory` is in bytes.
        """
        row = Row(fault, clients=self._count)
        self.rows.append(row)
        self._reach_everyone()
        self._all_is_well()
        before = self.resources()
        for _ in range(tries):
            prepare()
            self._reach_everyone()
            self._try(row, act, breaks_log)
        refused = set(self.publisher.refused) - set(may_fail)
        assert not refused, f"publishing was answered {refused}"
        self.publisher.refused.clear()
        self._compare_resources(row, before, more_memory)
        assert (row.lost, row.doubled, row.disordered) == (0, 0, 0), row
        if not breaks_log:
            assert row.gaps == 0, row
        return row

    def warm_up(self, act: Callable[[], object]) -> None:
        """Bring in a fault that uses memory which is kept for the next time, and don't count it."""
        act()
        self._reach_everyone()
        self._all_is_well()

    def _try(self, row: Row, act: Callable[[], object], breaks_log: bool) -> None:
        self.clients.ask("begin")
        acknowledged = len(self.publisher.acknowledged)
        known = self.logged()
        self.clients.wait_for(known[-1])  # what is deleted unread can't be told
        act()
        ended = time.monotonic()
        reached = self._reach_everyone()
        self._all_is_well()
        row.seconds = max(row.seconds, time.monotonic() - ended)
        row.tries += 1
        told = self.clients.ask("state")["told"]
        broken = {what: count for what, count in told.items() if what.startswith("broken")}
        assert not broken, f"streams that no EventSource would take: {broken}"
        row.unlogged += told.get("unlogged", 0)
        row.gaps += told.get("gap", 0)
        published = list(self.publisher.acknowledged.items())[acknowledged:]
        log = self.logged()
        if breaks_log:
            log = sorted({*known, *log})
        self._compare(row, log, reached, (known[-1], log[-1]) if breaks_log else (0, 0))
        if not breaks_log:
            has = set(log)
            gone = [n for n, event_id in published if number(event_id) not in has]
            assert not gone, f"acknowledged, and not in the log: {gone}"
            numbers = Counter(row.data["n"] for row in self.service.logged("numbered"))
            assert max(numbers.values()) == 1, "published once, logged twice"

    def _compare(self, row: Row, log: list[int], reached: int, dark: tuple[int, int]) -> None:
        """Hold all clients to the log, from where each began up to an id that all have reached.

        In the dark, between two ids, they may have had events whose log is gone.
        """
        for start, ids, clients in self.clients.ask("report")["groups"]:
            wanted = [event_id for event_id in log if start < event_id <= reached]
            got = [event_id for event_id in ids if event_id <= reached]
            had, has = set(got), set(wanted)
            unknown = [i for i in had - has if not dark[0] < i < dark[1]]
            assert not unknown, f"not in the log: {sorted(unknown)[:5]}"
            row.events = max(row.events, len(wanted))
            row.delivered += clients * len(had)
            row.lost += clients * len(has - had)
            row.doubled += clients * (len(got) - len(had))
            row.disordered += clients * (got != sorted(got))

    def logged(self) -> list[int]:
        """All ids of the log, by its own reading and once it can be read."""
        url = f"sqlite:///{self.service.log_file}"
        with closing(open_log(url, retention=6 * 3600.0)) as log:
            last = log.newest()
            assert last is not None
            events = walk(log, EventId(0, 0), last)
            return [number(str(event.id)) for event in events]

    def _reach_everyone(self) -> int:
        """Wait until something that is published now has come to every client; its id."""
        self.service.check()
        reached = number(self.publisher.mark())
        self.clients.wait_for(reached)
        return reached

    def _all_is_well(self) -> None:
        """The workers are there and ready, the page is live, and its rows are in order."""

        def are_there() -> bool:
            told = {labels["worker"] for labels, _ in self.service.metric("vitals_streams")}
            pids = self.service.worker_pids()
            return len(pids) == WORKERS and told == {str(pid) for pid in pids}

        wait_for(are_there, "two workers")

        def are_ready() -> bool:
            try:
                return all(self.service.get("/readyz").status_code == 200 for _ in range(6))
            except httpx.HTTPError:
                return False

        wait_for(are_ready, "all workers to be ready")
        wait_for(self._is_fresh, "all families to be sampled again")
        self.wall.wait_for_link("live", timeout=PATIENCE)
        self.wall.wait_for_sample()
        times = self.wall.rows("cpu").times
        assert times == sorted(set(times)), "the page has rows twice, or backwards"

    def _is_fresh(self) -> bool:
        families = self.service.metric("vitals_family_stale")
        return bool(families) and not any(value for _, value in families)

    def resources(self) -> Resources:
        """What the master and its workers hold now."""
        return resources_of([self.service.pid, *self.service.worker_pids()])

    def _compare_resources(self, row: Row, before: Resources, more_memory: int) -> None:
        bound = _MEMORY + 8192 * self._count + more_memory
        now = before

        def are_back() -> bool:
            nonlocal now
            self.service.get("/metrics")  # whoever looks back lets go of a log that was replaced
            now = self.resources()
            row.descriptors = (now.descriptors - before.descriptors).total()
            row.memory = now.memory - before.memory
            return row.descriptors <= _DESCRIPTORS and row.memory <= bound

        try:
            wait_for(are_back, "descriptors and memory to be what they were")
        except AssertionError as error:
            more = now.descriptors - before.descriptors
            raise AssertionError(f"{error}: {more}, {row.memory >> 20} MB more") from None


def table(rows: Sequence[Row | dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| fault | tries | clients | delivered | lost | doubled | seconds to recover | MB more |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        r = asdict(row) if isinstance(row, Row) else row
        lines.append(
            f"| {r['fault']} | {r['tries']} | {r['clients']} | {r['delivered']:,} | {r['lost']} "
            f"| {r['doubled']} | {r['seconds']:.1f} | {r['memory'] / 2**20:+.1f} |"
        )
    return "\n".join(lines)
