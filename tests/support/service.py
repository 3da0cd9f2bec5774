"""A real service for tests: gunicorn on a free port, with a log of its own, and readers of it."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from httpx_sse import ServerSentEvent
from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from dashboard.events.event import Event
from dashboard.log.contract import EventLog
from dashboard.log.opening import run_directory
from dashboard.log.redis.engine import RedisLog
from dashboard.log.sqlite.engine import SQLiteLog
from tests.support.redis_server import delete_in_redis, rows_in_redis
from tests.support.waiting import wait_for as wait_for

ROOT = Path(__file__).parents[2]


class Logged(NamedTuple):
    """A row of the log, read by sqlite3 and not by the engine."""

    id: str
    host: str
    name: str
    data: dict[str, Any]


class Service:
    """One gunicorn with its workers. Settings are given without their prefix."""

    scheme = "http"
    announces = r"Listening at: https?://127\.0\.0\.1:(\d+)"

    def __init__(self, folder: Path, *, workers: int = 1, **settings: object) -> None:
        self.folder = folder
        self.workers = workers
        self.log_file = folder / "events.db"
        # Without the built-in alerts, which depend on how this machine is just now.
        defaults = {"HOST_NAME": "box", "ALERTS": '{"defaults": false}'}
        self.settings = {"LOG": f"sqlite:///{self.log_file}"} | defaults | settings
        if "READ_TOKEN" in settings and "LOG" not in settings:
            self.settings.setdefault("INSTANCE", folder)  # which has the list of links
        # A Redis is shared by the services of a module; each has keys and a folder of its own.
        self.redis_log = str(self.settings["LOG"]).format(folder=folder, unique=uuid.uuid4().hex)
        if not self.redis_log.startswith(("redis", "unix")):
            self.redis_log = ""
        else:
            self.settings["LOG"] = self.redis_log
        self.arguments: list[str] = []
        self.output = folder / "service.log"
        self.port = 0
        self.environ: dict[str, str] = {}
        self.descriptors: tuple[int, ...] = ()  # what it inherits
        self.clock_offset = 0.0  # seconds; what `append` thinks that the time is
        self.process: subprocess.Popen[bytes] | None = None
        # Each request on a connection of its own: any worker may answer. No certificates: httpx
        # would read all of this machine for each client, in 25 ms.
        self._client = httpx.Client(
            timeout=20, verify=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._log: EventLog | None = None

    @property
    def run_directory(self) -> Path:
        """Where the workers meet."""
        if self.redis_log:
            return run_directory(self.redis_log)
        return self.log_file.with_name(self.log_file.name + "-run")

    def delete_log(self) -> None:
        """Delete the log's files, or its keys."""
        if self.redis_log:
            delete_in_redis(self.redis_log)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.log_file}{suffix}").unlink(missing_ok=True)

    def start(self) -> "Service":
        """Start, and return once it listens. A second start takes the port of the first."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
        environ |= {f"DASHBOARD_{key}": str(value) for key, value in self.settings.items()}
        environ |= self.environ
        offset = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=self.descriptors,
            )

        def listening() -> re.Match[str] | None:
            text = self.output.read_text()[offset:]
            assert self.process is not None
            assert self.process.poll() is None, f"the service did not start:\n{text}"
            return re.search(self.announces, text)

        self.port = int(wait_for(listening, "gunicorn to listen")[1])

        def answering() -> bool:
            listening()  # fails when the workers could not start and the master has ended
            return self.answers()

        wait_for(answering, "the service to answer")
        return self

    def command(self) -> list[str]:
        """What is started, in the project's folder."""
        return [
            *(sys.executable, "-m", "gunicorn", "-w", str(self.workers)),
            *("-b", f"127.0.0.1:{self.port}", *self.arguments),
        ]

    def answers(self) -> bool:
        """Whether a worker answers."""
        try:
            return self._client.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def worker_pids(self) -> list[int]:
        """The workers' process ids, as the kernel knows them."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def leader(self) -> int:
        """The process id of the worker that samples."""

        def look() -> int | None:
            for labels, value in self.metric("vitals_leads"):
                if value == 1 and int(labels["worker"]) in self.worker_pids():
                    return int(labels["worker"])
            return None

        return wait_for(look, "a worker to lead")

    def metric(self, name: str) -> list[tuple[dict[str, str], float]]:
        """The samples (labels, value) of one metric, by the parser of prometheus-client."""
        from prometheus_client.openmetrics.parser import text_string_to_metric_families

        text = self.get("/metrics").text
        return [
            (dict(sample.labels), sample.value)
            for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
            for sample in family.samples
            if sample.name == name
        ]

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET a path; the answer is whole, so not for streams."""
        return self.request("GET", path, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request; the answer is whole."""
        return self._client.request(method, self.url + path, **options)

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric over all samples (so over all workers) that have these labels."""
        return sum(v for found, v in self.metric(name) if labels.items() <= found.items())

    def dial(self, *, receive_buffer: int | None = None) -> socket.socket:
        """A bare connection."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def append(self, name: str | None, host: str = "other", **fields: object) -> str:
        """Log an event from this process, as `flask publish` would, and return its id."""
        return self.append_all([(name, host, fields)])[0]

    def append_all(self, events: Iterable[tuple[str | None, str, dict[str, Any]]]) -> list[str]:
        """Log a batch of (name, host, fields of the data)."""
        if self._log is None:
            clock = lambda: time.time() + self.clock_offset  # noqa: E731
            if self.redis_log:
                folder = self.run_directory
                self._log = RedisLog(self.redis_log, folder, retention=6 * 3600.0, clock=clock)
            else:
                self._log = SQLiteLog(self.log_file, retention=6 * 3600.0, clock=clock)
        batch = [
            Event(host, name, json.dumps({"host": host, "time": time.time()} | fields))
            for name, host, fields in events
        ]
        return [str(event_id) for event_id in self._log.append(batch)]

    def logged(self, *names: str, host: str | None = None) -> list[Logged]:
        """What is in the log now, in id order: of some names (all, without any) and one host."""
        return [
            Logged(event_id, its_host, name, json.loads(text))
            for event_id, its_host, name, text in self._rows()
            if (not names or name in names) and (host is None or its_host == host)
        ]

    def _rows(self) -> list[tuple[str, str, str, str]]:
        if self.redis_log:
            return rows_in_redis(self.redis_log)
        # Not read-only: the last reader of a log in WAL mode may have to recover it.
        with closing(sqlite3.connect(self.log_file, timeout=20)) as database:
            rows = database.execute("SELECT id, host, name, data FROM event ORDER BY id").fetchall()
        return [(f"{number >> 20}-{number & 0xFFFFF}", *rest) for number, *rest in rows]

    def logged_ids(self, *names: str, host: str | None = None) -> list[str]:
        """The ids that are in the log now."""
        return [event.id for event in self.logged(*names, host=host)]

    def newest_id(self) -> str:
        """The highest id in the log; waits for one."""
        return wait_for(self._ids_if_any, "the log to have an event")[-1]

    def json(self, path: str) -> Any:
        """GET a path and decode its JSON."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def _ids_if_any(self) -> list[str]:
        try:
            return self.logged_ids()
        except sqlite3.OperationalError:
            return []  # the worker has not made it yet

    def wait_until_ready(self) -> "Service":
        """Wait until it samples and logs."""
        wait_for(lambda: self.get("/readyz").status_code == 200, "the service to be ready")
        return self

    def close(self) -> None:
        """Stop for good, and give back what this object holds."""
        self.stop()
        self._client.close()
        if self._log is not None:
            self._log.close()
            self._log = None

    def stop(self, sig: int = signal.SIGTERM) -> None:
        """Signal the master, or with SIGKILL it and all workers, and wait for the end."""
        process, self.process = self.process, None
        if process is None:
            return
        if sig == signal.SIGKILL:
            os.killpg(process.pid, sig)
        else:
            process.send_signal(sig)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it came. `id` is its own, "" without one (where a browser keeps the last)."""

    event: str
    data: str
    id: str
    retry: int | None


class Reader:
    """A client that reads a stream in a thread, comes back with its last id, and keeps all.

    The bytes are parsed by httpx-sse.
    """

    def __init__(
        self, service: Service, query: str = "", *, last_event_id: str | None = None
    ) -> None:
        self.events: list[Received] = []
        self.connects = 0
        self.last_event_id = last_event_id
        self._url = f"{service.url}/stream{query}"
        self._leaving = threading.Event()
        self._socket: socket.socket | None = None
        self._failure: BaseException | None = None
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=60), verify=False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._leaving.is_set():
            try:
                self._read()
            except (httpx.HTTPError, OSError):
                pass  # the server went away; we come back, as a browser does
            except BaseException as error:
                self._failure = error
                return
            self._leaving.wait(0.1)

    def _read(self) -> None:
        given = self.last_event_id
        headers = {} if given is None else {"Last-Event-ID": given}
        with self._client.stream("GET", self._url, headers=headers) as response:
            self._socket = response.extensions["network_stream"].get_extra_info("socket")
            assert response.status_code == 200, response.read()
            self.connects += 1
            lines, decoder = SSELineDecoder(), SSEDecoder()
            has_id = False
            for text in response.iter_text():
                for line in lines.decode(text):
                    has_id = has_id or line.startswith("id:")
                    event = decoder.decode(line)
                    if event is not None:
                        self._keep(event, has_id)
                        has_id = False
                if self._leaving.is_set():
                    return

    def _keep(self, event: ServerSentEvent, has_id: bool) -> None:
        if has_id:
            self.last_event_id = event.id
        name = event.event or "message"
        self.events.append(Received(name, event.data, event.id if has_id else "", event.retry))

    def named(self, *names: str) -> list[Received]:
        """What came of some names."""
        return [event for event in list(self.events) if event.event in names]

    def logged(self) -> list[Received]:
        """All events with an id, in the order they came."""
        return [event for event in list(self.events) if event.id]

    def logged_ids(self) -> list[str]:
        """The ids of all events that have one, in the order they came."""
        return [event.id for event in self.logged()]

    def wait_for(self, count: int, *names: str, timeout: float = 30.0) -> list[Received]:
        """Wait until `count` events of some names (of any, without names) have come."""

        def enough() -> list[Received] | None:
            if self._failure is not None:
                raise self._failure
            found = self.named(*names) if names else list(self.events)
            return found if len(found) >= count else None

        return wait_for(enough, f"{count} events {names}", timeout=timeout)

    def wait_for_id(self, event_id: str) -> None:
        """Wait until an id, or a later one, has come."""
        wait_for(
            lambda: self.last_event_id and key(self.last_event_id) >= key(event_id),
            f"the event {event_id}",
        )

    def close(self) -> None:
        """Leave. Raises what went wrong in the thread."""
        self._leaving.set()
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already
        self._thread.join(30)
        assert not self._thread.is_alive(), "the reader does not end"
        self._client.close()
        if self._failure is not None:
            raise self._failure


def more(readers: Reader | Iterable[Reader], name: str, count: int) -> None:
    """Wait until each reader has some more events of a name."""
    readers = [readers] if isinstance(readers, Reader) else readers
    wanted = [(reader, len(reader.named(name)) + count) for reader in readers]
    for reader, total in wanted:
        reader.wait_for(total, name)


def data(event: Received) -> dict[str, Any]:
    """The JSON object of an event."""
    value = json.loads(event.data)
    assert isinstance(value, dict)
    return value


def key(event_id: str) -> tuple[int, int]:
    """An id as something that can be compared."""
    match = re.fullmatch(r"(\d+)-(\d+)", event_id)
    assert match is not None, f"not an id of the contract's form: {event_id!r}"
    return int(match[1]), int(match[2])


@contextmanager
def running(folder: Path, *, workers: int = 1, **settings: object) -> Iterator[Service]:
    """A service for the length of a `with`."""
    service = Service(folder, workers=workers, **settings)
    try:
        yield service.start()
    finally:
        service.close()
