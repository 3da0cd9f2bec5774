"""The contestants: each serves one event stream to many, and is given events to publish.

Every server gets its one (or two) workers, room for the streams, no access log, and otherwise what
its documentation shows. Published is the same data everywhere; with Vitals' id and name around it
an event has 440 bytes.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.processes import BUILD, PEERS, ROOT, await_port, end, free_port, get, tree

if TYPE_CHECKING:
    from dashboard.log.contract import EventLog

_DATA_BYTES = 399


def now_us() -> int:
    """What the load calls a marker: CLOCK_MONOTONIC in microseconds."""
    return time.monotonic_ns() // 1000


def data(marker: int) -> str:
    head = f'{{"at":"@{marker:016d}@","x":"'
    return head + "x" * (_DATA_BYTES - len(head) - 2) + '"}'


class Server:
    """One contestant. Entered it serves on `port`; left, it is gone with all it made."""

    name: str
    target = "/stream"
    headers: Sequence[str] = ()
    options: Sequence[str] = ()  # for the load: when a stream counts as accepted
    most_streams = 1_000_000
    resumes = False  # `headers` name the last event but one

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.port = 0
        self._processes: list[subprocess.Popen[bytes]] = []
        self.directory = Path()

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="vitals-bench-"))
        self.port = free_port()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for process in reversed(self._processes):
            end(process)
        self._processes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """What is to be closed before the processes are ended."""

    def publish(self) -> int:
        """Publish one event now and return its marker."""
        raise NotImplementedError

    def await_streams(self, streams: int) -> bool:
        """Wait by other means for streams that the load can't see accepted."""
        return False

    def pids(self) -> list[int]:
        return [pid for process in self._processes for pid in tree(process.pid)]

    def run(
        self,
        *command: str | Path,
        port: int | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start a process of this server and wait until it listens."""
        log = (self.directory / "output").open("ab")
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=log, stderr=log
        )
        log.close()
        self._processes.append(process)
        try:
            await_port(port or self.port, process)
        except RuntimeError as error:
            said = (self.directory / "output").read_text(errors="replace")
            raise RuntimeError(f"{self.name}: {error}\n{said[-2000:]}") from None


class Floor(Server):
    name = "C send loop (the floor)"

    def start(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._triggers = []
        for _ in range(self.workers):
            trigger = free_port()
            self._triggers.append(trigger)
            self.run(BUILD / "floor", str(self.port), str(trigger))

    def stop(self) -> None:
        self._socket.close()

    def publish(self) -> int:
        marker = now_us()
        # What Vitals sends for the same event: the size of a chunk, id, name, data.
        event = f"1b8\r\nid: 1700000000000-0\nevent: bench\ndata: {data(marker)}\n\n\r\n"
        for trigger in self._triggers:
            self._socket.sendto(event.encode(), ("127.0.0.1", trigger))
        return marker


class Vitals(Server):
    """Published by appending to the log from another process, as a script on the host does."""

    name = "Vitals"
    target = "/stream?events=bench"

    def __init__(
        self,
        workers: int = 1,
        *,
        settings: Mapping[str, str] | None = None,
        resumed: bool = False,
        name: str | None = None,
    ) -> None:
        """`resumed`: streams come back with the id of the last event but one."""
        super().__init__(workers)
        self._settings = dict(settings or {})
        self.resumes = resumed
        self.name = name or self.name
        if resumed:
            self.options = ("-m",)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.directory}/events.db"

    def open(self) -> "EventLog":
        """The log, for whoever publishes."""
        from dashboard.log.opening import open_log

        return open_log(self.url, retention=6 * 3600)

    def start(self) -> None:
        self.log = self.open()
        self.ids: list[str] = []
        for _ in range(2):
            self.publish()
        self.serve()

    def serve(self) -> None:
        """Start gunicorn; one that was stopped comes back on the same port and log."""
        settings = {"LOG": self.url, "INTERVAL": "3600", "HEARTBEAT": "3600"} | self._settings
        self.run(
            ROOT / ".venv/bin/gunicorn",
            *("--bind", f"127.0.0.1:{self.port}", "--workers", str(self.workers)),
            *("--log-level", "warning"),
            cwd=ROOT,
            env={f"DASHBOARD_{key}": value for key, value in settings.items()},
        )
        get(self.port, "/healthz")
        time.sleep(1.0)

    def restart(self) -> None:
        """Stop the service and start it again, as a deploy does."""
        self.pause()
        self.serve()

    def pause(self) -> None:
        """Stop the service; the log stays."""
        end(self._processes.pop())

    def stop(self) -> None:
        self.log.close()

    def publish(self) -> int:
        from dashboard.events.event import Event

        marker = now_us()
        ids = self.log.append([Event("bench", "bench", data(marker))])
        self.ids.append(str(ids[0]))
        if self.resumes and len(self.ids) > 1:
            self.headers = (f"Last-Event-ID: {self.ids[-2]}",)
        return marker


class _PublishedByPost(Server):
    """Published by POST on one connection that stays open."""

    def start(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def stop(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def publish(self) -> int:
        marker = now_us()
        self._connection.request("POST", "/publish", body=data(marker).encode())
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status < 300, answer.status
        return marker


class Nchan(_PublishedByPost):
    name = "nginx + nchan"

    def start(self) -> None:
        super().start()
        text = (ROOT / "bench/peers/nchan.conf").read_text()
        limit = os.sysconf("SC_OPEN_MAX")
        for key, value in (
            ("PORT", str(self.port)),
            ("WORKERS", str(self.workers)),
            ("USER", "user root;" if os.getuid() == 0 else ""),
            ("DESCRIPTORS", str(limit)),
            ("CONNECTIONS", str(limit - 500)),
            ("DIRECTORY", str(self.directory)),
        ):
            text = text.replace(f"@{key}@", value)
        configuration = self.directory / "nginx.conf"
        configuration.write_text(text)
        self.run("nginx", "-p", self.directory, "-c", configuration)


class SseStarlette(_PublishedByPost):
    name = "sse-starlette, uvicorn, uvloop"
    options = ("-c", "0")  # it sends its headers at once, and no body before the first event

    def start(self) -> None:
        super().start()
        self.run(
            PEERS / "uvicorn",
            *("starlette_app:app", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--loop", "uvloop", "--http", "httptools", "--backlog", "4096"),
            *("--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "3600"),
            cwd=ROOT / "bench/peers",
        )


class PlainFlask(Server):
    """What Vitals is built on, by itself: `peers/plain_app.py` under gunicorn's gevent worker."""

    name = "a plain Flask view"
    application = "plain_app:app"

    def start(self) -> None:
        self.run(
            ROOT / ".venv/bin/gunicorn",
            *(self.application, "--bind", f"127.0.0.1:{self.port}", "--log-level", "warning"),
            *("--worker-class", "gevent", "--worker-connections", "20000", "--backlog", "4096"),
            *("--no-control-socket", "--config", os.devnull),
            cwd=ROOT / "bench/peers",
        )


class BareWsgi(PlainFlask):
    name = "a bare WSGI application"
    application = "plain_app:bare"


class FlaskSse(Server):
    name = "flask-sse, gunicorn, Redis"
    # A stream is a connection to Redis, too: 9,000 took more than a minute to be let in.
    most_streams = 2_000
    # It sends nothing, not even headers, before the first event: all have to be let in at once.
    options = ("-f", "4000")

    def start(self) -> None:
        redis_port = free_port()
        self.run(
            "redis-server",
            *("--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""),
            *("--appendonly", "no", "--maxclients", "15000", "--dir", self.directory),
            port=redis_port,
        )
        self._redis = socket.create_connection(("127.0.0.1", redis_port))
        self._answers = self._redis.makefile("rb")
        self.run(
            PEERS / "gunicorn",
            *("flask_app:app", "--bind", f"127.0.0.1:{self.port}"),
            *("--worker-class", "gevent", "--workers", str(self.workers)),
            *("--worker-connections", "20000", "--backlog", "4096", "--log-level", "warning"),
            *("--no-control-socket",),
            cwd=ROOT / "bench/peers",
            env={"REDIS_URL": f"redis://127.0.0.1:{redis_port}"},
        )

    def stop(self) -> None:
        if hasattr(self, "_redis"):
            self._answers.close()
            self._redis.close()

    def publish(self) -> int:
        marker = now_us()
        message = json.dumps({"data": data(marker), "type": "bench"})
        self._ask("PUBLISH", "sse", message)
        return marker

    def await_streams(self, streams: int) -> bool:
        end_at = time.monotonic() + 60
        while time.monotonic() < end_at:
            if self._ask("PUBSUB", "NUMSUB", "sse") >= streams:
                return True
            time.sleep(0.01)
        return True

    def _ask(self, *words: str) -> int:
        """Send a command in Redis' protocol; the last integer of the answer."""
        parts = [f"*{len(words)}\r\n"]
        parts += [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        self._redis.sendall("".join(parts).encode())
        line = self._answers.readline()
        while not line.startswith(b":"):
            line = self._answers.readline()
        return int(line[1:])
