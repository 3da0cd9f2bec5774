"""`./bench/run overhead`: what it costs to watch one machine, with one viewer.

Each runs as it does by default, one after another in turns, with a viewer that asks for what its
own page asks for. What the viewer itself costs is not counted.
"""

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.processes import PEERS, await_quiet, cpu, end, get, load_average, pss
from bench.servers import Server, Vitals

_SETTLE = 20.0  # seconds after the start; Netdata collects in all of its plugins by then


@dataclass(frozen=True)
class Overhead:
    """`cpu` in percent of one core, `memory` in bytes (PSS of all processes)."""

    name: str
    cpu: float
    memory: float
    processes: int
    load_average: float


class _Viewer:
    """Asks for some pages of a server again and again, on one connection, while entered."""

    def __init__(self, port: int, targets: list[str], every: float) -> None:
        self._port, self._targets, self._every = port, targets, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.answers = 0

    def __enter__(self) -> "_Viewer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            with contextlib.suppress(OSError, http.client.HTTPException):
                while not self._over.wait(self._every):
                    for target in self._targets:
                        connection.request("GET", target, headers={"Accept-Encoding": "gzip"})
                        answer = connection.getresponse()
                        answer.read()
                        self.answers += answer.status == 200
            connection.close()


class _Watching(Vitals):
    """Vitals with its defaults, and curl as its viewer."""

    def __init__(self) -> None:
        super().__init__(settings={"INTERVAL": "1", "HEARTBEAT": "15"})

    def start(self) -> None:
        super().start()
        self._viewer = subprocess.Popen(
            [
                "curl",
                "--silent",
                "--no-buffer",
                "--compressed",
                f"http://127.0.0.1:{self.port}/stream",
            ],
            stdout=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if hasattr(self, "_viewer"):
            self._viewer.terminate()
            self._viewer.wait()
        super().stop()


class Netdata(Server):
    """Debian's Netdata; its page asks for each visible chart once a second."""

    name = "Netdata"
    _charts = (
        *("system.cpu", "system.load", "system.ram", "system.io"),
        *("system.net", "system.processes", "system.ctxt", "mem.available"),
    )

    def start(self) -> None:
        for name in ("cache", "lib", "log"):
            (self.directory / name).mkdir()
        options = [
            ("web", "bind to", "127.0.0.1"),
            ("web", "default port", str(self.port)),
            ("directories", "cache", str(self.directory / "cache")),
            ("directories", "lib", str(self.directory / "lib")),
            ("directories", "log", str(self.directory / "log")),
            ("global", "cache directory", str(self.directory / "cache")),
            ("global", "run as user", "root" if os.getuid() == 0 else ""),
        ]
        command = ["netdata", "-D", "-P", str(self.directory / "pid")]
        for section, key, value in options:
            if value:
                command += ["-W", "set", section, key, value]
        self.run(*command)
        query = "after=-300&points=300&group=average&format=json&options=ms|flip|jsonwrap|nonzero"
        time.sleep(3.0)
        known = json.loads(get(self.port, "/api/v1/charts"))["charts"]
        targets = [f"/api/v1/data?chart={name}&{query}" for name in self._charts if name in known]
        self._viewer = _Viewer(self.port, targets, 1.0)
        self._viewer.__enter__()

    def stop(self) -> None:
        if hasattr(self, "_viewer"):
            self._viewer.__exit__()

    def stop_and_wait(self) -> None:
        """End it, so that all it knows is on the disk."""
        self.stop()
        del self._viewer
        end(self._processes.pop(), 60.0)


class _Glances(Server):
    """Glances' web server; its page asks for all figures and their colours every 2 seconds."""

    name = "Glances"

    def start(self) -> None:
        self.run(
            PEERS / "glances",
            *("-w", "--bind", "127.0.0.1", "--port", str(self.port), "--disable-check-update"),
            env={"HOME": str(self.directory)},
        )
        self._viewer = _Viewer(self.port, ["/api/4/all", "/api/4/all/views"], 2.0)
        self._viewer.__enter__()

    def stop(self) -> None:
        if hasattr(self, "_viewer"):
            self._viewer.__exit__()


def run(*, seconds: float, rounds: int, say: Callable[[str], None]) -> list[Overhead]:
    each: dict[str, list[Overhead]] = {}
    for _ in range(rounds):
        for make in (_Watching, Netdata, _Glances):
            await_quiet()
            found = _measure(make(), seconds)
            say(_line(found))
            each.setdefault(found.name, []).append(found)
    return [
        Overhead(
            name=name,
            cpu=statistics.median(found.cpu for found in all_found),
            memory=statistics.median(found.memory for found in all_found),
            processes=max(found.processes for found in all_found),
            load_average=max(found.load_average for found in all_found),
        )
        for name, all_found in each.items()
    ]


def _measure(server: Server, seconds: float) -> Overhead:
    with server:
        time.sleep(_SETTLE)
        pids = server.pids()
        used, began, memory = cpu(pids), time.monotonic(), []
        while time.monotonic() < began + seconds:
            time.sleep(5.0)
            memory.append(pss(server.pids()))
        pids = server.pids()
        used = (cpu(pids) - used) / (time.monotonic() - began)
        viewer = getattr(server, "_viewer", None)
        if isinstance(viewer, _Viewer):
            assert viewer.answers > seconds / 4, f"{server.name} answered {viewer.answers} times"
    return Overhead(
        name=server.name,
        cpu=used * 100,
        memory=statistics.median(memory),
        processes=len(pids),
        load_average=load_average(),
    )


def table(found: list[Overhead]) -> str:
    own = found[0]
    lines = [
        "| | CPU, percent of a core | × of it | memory (PSS) | × of it | processes |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for each in found:
        lines.append(
            f"| {each.name} | {each.cpu:.2f} | {own.cpu / each.cpu:.2f} "
            f"| {each.memory / 2**20:.0f} MB | {own.memory / each.memory:.2f} | {each.processes} |"
        )
    return "\n".join(lines)


def _line(found: Overhead) -> str:
    return (
        f"{found.name}: {found.cpu:.2f} % of a core, {found.memory / 2**20:.0f} MB in "
        f"{found.processes} processes (load average {found.load_average:.1f})"
    )
