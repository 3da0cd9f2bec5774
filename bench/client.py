"""The load: load.c's processes, and what they say."""

import json
import queue
import statistics
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from bench.processes import BUILD

_PER_PROCESS = 15_000  # well below what the descriptor limit commonly is
_PATIENCE = 120.0  # seconds for an answer; by then a server has failed
_PORTS = 20_000  # streams from one source address


@dataclass(frozen=True)
class Accepted:
    """`seconds` from the first connect until the last stream had what it waited for."""

    streams: int
    seconds: float
    failed: int


@dataclass(frozen=True)
class Delays:
    """Milliseconds from just before an event was published until clients had it."""

    fastest: float
    median: float
    p99: float
    last: float
    count: int


@dataclass(frozen=True)
class Totals:
    bytes: int
    deliveries: int
    reads: int
    closed: int
    cpu_seconds: float
    checksums: tuple[tuple[str, int, int], ...] = ()  # checksum, ids, streams


class Load:
    """N event streams, held by as many processes as they need."""

    def __init__(
        self,
        port: int,
        streams: int,
        target: str,
        *,
        headers: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> None:
        """`options` are load.c's own."""
        self.streams = streams
        self._heard: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        count = -(-streams // _PER_PROCESS)
        sources = -(-streams // _PORTS)
        self._processes: list[subprocess.Popen[str]] = []
        for index in range(count):
            share = streams // count + (index < streams % count)
            command = [str(BUILD / "load"), "-p", str(port), "-n", str(share), "-u", target]
            command += ["-s", str(sources), *options]
            for header in headers:
                command += ["-H", header]
            self._processes.append(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
                )
            )
        self._said: dict[int, queue.Queue[str]] = {}
        for process in self._processes:
            said = self._said[process.pid] = queue.Queue()
            threading.Thread(target=_hear, args=(process.stdout, said), daemon=True).start()

    def accepted(self) -> Accepted:
        """Wait until all streams are accepted, or it was given up."""
        said = [self._next(process, "accepted") for process in self._processes]
        return Accepted(
            streams=sum(each["accepted"] for each in said),
            seconds=max(each["seconds"] for each in said),
            failed=sum(each["failed"] for each in said),
        )

    def delays(self, marker: int) -> list[float]:
        """Wait until all streams have an event; the milliseconds of each, sorted."""
        found: list[float] = []
        for process in self._processes:
            said = self._next(process, "marker", marker)
            found += [delay / 1000 for delay in said["delays"]]
        return sorted(found)

    def totals(self) -> Totals:
        for process in self._processes:
            print(file=_pipe(process.stdin), flush=True)
        return self._sum([self._next(process, "bytes") for process in self._processes])

    def stop(self) -> tuple[Totals, dict[int, list[float]]]:
        """Close all streams; the totals, and the delays of events not asked for, by marker."""
        said: list[dict[str, Any]] = []
        delays: dict[int, list[float]] = {}
        for process in self._processes:
            _pipe(process.stdin).close()
            rest = [json.loads(line) for line in iter(self._said[process.pid].get, "")]
            for found in self._heard[process.pid] + rest:
                if "marker" in found:
                    delays.setdefault(found["marker"], []).extend(
                        delay / 1000 for delay in found["delays"]
                    )
                elif "bytes" in found:
                    last = found
            process.wait()
            said.append(last)
        time.sleep(0.2)
        return self._sum(said), delays

    def _next(
        self, process: "subprocess.Popen[str]", key: str, value: int | None = None
    ) -> dict[str, Any]:
        """The next line with a key (and value); others are kept for whoever asks for them."""
        kept = self._heard[process.pid]
        for old in kept:
            if key in old and value in (None, old[key]):
                kept.remove(old)
                return old
        alarm = threading.Timer(_PATIENCE, process.kill)
        alarm.start()
        try:
            return self._read(process, key, value)
        finally:
            alarm.cancel()

    def _read(
        self, process: "subprocess.Popen[str]", key: str, value: int | None
    ) -> dict[str, Any]:
        kept = self._heard[process.pid]
        for line in iter(self._said[process.pid].get, ""):
            said: dict[str, Any] = json.loads(line)
            if key in said and value in (None, said[key]):
                return said
            kept.append(said)
        raise RuntimeError("the load has ended")

    def _sum(self, said: list[dict[str, Any]]) -> Totals:
        keys = ("bytes", "deliveries", "reads", "closed", "cpu_seconds")
        checksums = tuple(tuple(item) for each in said for item in each.get("checksums", []))
        return Totals(**{key: sum(each[key] for each in said) for key in keys}, checksums=checksums)


def _hear(pipe: IO[str], said: "queue.Queue[str]") -> None:
    """Read what a process says until its end, which is "": a full pipe would hold it up."""
    with pipe:
        for line in pipe:
            said.put(line)
    said.put("")


def describe(delays: Sequence[float]) -> Delays:
    """`delays` are sorted."""
    count = len(delays)
    return Delays(
        fastest=delays[0],
        median=statistics.median(delays),
        p99=delays[min(count - 1, int(count * 0.99))],
        last=delays[-1],
        count=count,
    )


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
