"""A soak: a long time in a short one, and whether anything grows.

    python -m tests.faults.soak --minutes 60

Two workers sample at a short interval; clients come and go; somebody publishes, reads history and
scrapes; in the first half the service is told to begin anew now and then. The log keeps so little
that it is trimmed all the time. In the second half, with the same workers, memory, descriptors,
greenlets and the log's size are to be flat. All the time each client is held to the log.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

import httpx

from dashboard.events.event import EventId
from dashboard.log.opening import open_log
from dashboard.log.scan import walk
from tests.faults.arena import Clients, Resources, resources_of
from tests.faults.numbers import number
from tests.faults.patience import wait_for
from tests.faults.supervised import PUBLISH_TOKEN, Publisher
from tests.support.service import ROOT, Service

CLIENTS = 100
INTERVAL = 0.1
STAY = 5.0  # seconds that a client stays, on the average
RETENTION = 10.0
_LOOK = 1.0  # seconds between two readings
_CHECK = 5.0  # seconds between two comparisons of what clients have with the log
_HUPS = 4
_LEAST = 12  # readings, however long they take


@dataclass(frozen=True)
class Reading:
    """All workers together. `descriptors` are those that are not streams."""

    seconds: float
    memory: int
    descriptors: int
    greenlets: int
    log: int


@dataclass
class Found:
    """`events` are those that were compared, over all clients."""

    readings: list[Reading]
    events: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0  # streams that were told of one, and so lack what was in it
    came: int = 0  # streams that were opened
    published: int = 0

    def halves(self, name: str) -> tuple[float, float]:
        """The median of a figure in the first and in the last third of the second half."""
        second = self.readings[len(self.readings) // 2 :]
        third = max(1, len(second) // 3)
        return (
            statistics.median(getattr(reading, name) for reading in second[:third]),
            statistics.median(getattr(reading, name) for reading in second[-third:]),
        )


def soak(folder: Path, seconds: float, say: Callable[[str], None] = lambda line: None) -> Found:
    """Run a service in this folder for so long."""
    greenlets = folder / "greenlets"
    greenlets.mkdir()
    service = Service(
        folder,
        workers=2,
        INTERVAL=INTERVAL,
        RETENTION=RETENTION,
        PUBLISH_TOKEN=PUBLISH_TOKEN,
    )
    service.arguments = ["-c", str(ROOT / "tests" / "faults" / "soaking_conf.py")]
    service.environ = {"VITALS_GREENLETS": str(greenlets)}
    with closing(service):
        service.start().wait_until_ready()
        with (
            closing(Clients(service.port, CLIENTS, stay=STAY)) as clients,
            closing(Publisher(service)) as publisher,
        ):
            return _Soak(service, clients, publisher, greenlets, say).run(seconds)


class _Soak:
    def __init__(
        self,
        service: Service,
        clients: Clients,
        publisher: Publisher,
        greenlets: Path,
        say: Callable[[str], None],
    ) -> None:
        self._service = service
        self._clients = clients
        self._publisher = publisher
        self._greenlets = greenlets
        self._say = say
        self._log: list[int] = []  # ids that were in it
        self.found = Found([])

    def run(self, seconds: float) -> Found:
        wait_for(lambda: self._clients.ask("state")["lowest"] > 0, "every client to have an id")
        began = time.monotonic()
        hups = [began + seconds / 2 * (n + 1) / (_HUPS + 1) for n in range(_HUPS)]
        next_check = began + _CHECK
        self._clients.ask("begin")
        while (now := time.monotonic()) < began + seconds or len(self.found.readings) < _LEAST:
            if hups and now > hups[0]:
                hups.pop(0)
                os.kill(self._service.pid, signal.SIGHUP)
            if now > next_check:
                next_check = now + _CHECK
                self._compare()
            self._ask()
            self._look(now - began)
            time.sleep(max(0.0, now + _LOOK - time.monotonic()))
        self._compare()
        self.found.published = len(self._publisher.acknowledged)
        return self.found

    def _ask(self) -> None:
        for path in ("/metrics", "/history?since=5", "/", "/healthz"):
            try:
                answer = self._service.get(path)
            except httpx.HTTPError:
                continue  # a worker that was told to go
            assert answer.status_code == 200, answer.text

    def _look(self, seconds: float) -> None:
        workers = self._service.worker_pids()
        held: Resources = resources_of(workers)
        try:
            counted = [int((self._greenlets / str(pid)).read_text()) for pid in workers]
        except FileNotFoundError:
            return  # a new worker has not counted yet
        if len(workers) != 2:
            return
        streams = self._clients.ask("state")["open"]
        size = sum(
            path.stat().st_size
            for suffix in ("", "-wal")
            if (path := Path(f"{self._service.log_file}{suffix}")).exists()
        )
        reading = Reading(
            seconds, held.memory, held.descriptors.total() - streams, sum(counted), size
        )
        self.found.readings.append(reading)
        self._say(_row(reading))

    def _compare(self) -> None:
        """Hold what each client has had since the last time to what the log has."""
        self._publisher.check()
        groups = self._clients.ask("report")["groups"]
        told = self._clients.ask("state")["told"]
        self.found.came += told.get("opened", 0)
        self.found.gaps += told.get("gap", 0)
        self._clients.ask("begin")
        with closing(open_log(f"sqlite:///{self._service.log_file}", retention=RETENTION)) as log:
            last = log.newest()
            assert last is not None
            self._log += [
                event_id
                for event in walk(log, EventId(0, 0), last)
                if (event_id := number(str(event.id))) > (self._log[-1] if self._log else 0)
            ]
        for start, ids, clients in groups:
            if not start or not ids:
                continue  # nothing came yet
            wanted = [i for i in self._log if start < i <= ids[-1]]
            self.found.events += clients * len(wanted)
            self.found.lost += clients * len(set(wanted) - set(ids))
            self.found.doubled += clients * (len(ids) - len(set(ids)))
            assert ids == sorted(ids), "out of order"
        lowest = min((start for start, _, _ in groups), default=0)
        self._log = [i for i in self._log if i > lowest] or self._log[-1:]


def _row(reading: Reading) -> str:
    return (
        f"| {reading.seconds:.0f} | {reading.memory / 2**20:.1f} | {reading.descriptors} "
        f"| {reading.greenlets} | {reading.log / 2**20:.2f} |"
    )


def table(readings: Sequence[Reading], rows: int = 12) -> str:
    """Some of the readings, evenly spread, as Markdown."""
    step = max(1, len(readings) // rows)
    chosen = [*readings[::step][:rows], readings[-1]]
    head = "| seconds | memory, MB | descriptors but streams | greenlets | log, MB |"
    return "\n".join([head, "|--:|--:|--:|--:|--:|", *map(_row, chosen)])


def main() -> None:
    parser = argparse.ArgumentParser(description="A soak; see tests/faults/soak.py.")
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes: float = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), minutes * 60)
    print(table(found.readings))
    print()
    for field in fields(Reading)[1:]:
        early, late = found.halves(field.name)
        print(f"{field.name}, second half, first and last third: {early:,.0f} -> {late:,.0f}")
    print(
        f"{found.came:,} streams came, {found.published:,} events were published; "
        f"{found.events:,} events compared: {found.lost} lost, {found.doubled} doubled, "
        f"{found.gaps} gaps told"
    )
    if found.lost or found.doubled:
        sys.exit(1)


if __name__ == "__main__":
    main()
