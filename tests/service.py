"""A real service for tests: gunicorn on a free port, with a log of its own, and readers of it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from httpx_sse import EventSource, ServerSentEvent

ROOT = Path(__file__).parent.parent
T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, *, timeout: float = 30.0) -> T:
    """Return the first true value of a condition; fail after a time no idle machine needs."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}"
        time.sleep(0.02)


class Service:
    """One gunicorn with its workers. Settings are given without their prefix."""

    def __init__(self, folder: Path, *, workers: int = 1, **settings: object) -> None:
        self.folder = folder
        self.workers = workers
        self.log_file = folder / "events.db"
        self.settings = {"LOG": f"sqlite:///{self.log_file}", "HOST_NAME": "box"} | settings
        self.arguments: list[str] = []
        self.output = folder / "service.log"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Service":
        """Start, and return once it listens. A second start takes the port of the first."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
        environ |= {f"DASHBOARD_{key}": str(value) for key, value in self.settings.items()}
        offset = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-w", str(self.workers)),
                    *("-b", f"127.0.0.1:{self.port}", *self.arguments),
                ],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

        def listening() -> re.Match[str] | None:
            text = self.output.read_text()[offset:]
            assert self.process is not None
            assert self.process.poll() is None, f"the service did not start:\n{text}"
            return re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", text)

        self.port = int(wait_for(listening, "gunicorn to listen")[1])
        wait_for(self.answers, "the service to answer")
        return self

    def answers(self) -> bool:
        """Whether a worker answers."""
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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
        return httpx.get(self.url + path, timeout=20, **options)

    def json(self, path: str) -> Any:
        """GET a path and decode its JSON."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.json()

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


class Reader:
    """A client that reads a stream in a thread, comes back with its last id, and keeps all."""

    def __init__(
        self, service: Service, query: str = "", *, last_event_id: str | None = None
    ) -> None:
        self.events: list[ServerSentEvent] = []
        self.connects = 0
        self.last_event_id = last_event_id
        self._url = f"{service.url}/stream{query}"
        self._leaving = threading.Event()
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=60))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._leaving.is_set():
            try:
                self._read()
            except (httpx.HTTPError, OSError):
                pass  # the server went away; we come back, as a browser does
            self._leaving.wait(0.1)

    def _read(self) -> None:
        headers = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        with self._client.stream("GET", self._url, headers=headers) as response:
            assert response.status_code == 200, response.read()
            self.connects += 1
            for event in EventSource(response).iter_sse():
                if event.id:
                    self.last_event_id = event.id
                self.events.append(event)
                if self._leaving.is_set():
                    return

    def named(self, *names: str) -> list[ServerSentEvent]:
        """What came of some names."""
        return [event for event in list(self.events) if event.event in names]

    def logged_ids(self) -> list[str]:
        """The ids of all events that have one of their own, in the order they came."""
        protocol = {"hello", "gap", "heartbeat", "busy"}
        return [event.id for event in list(self.events) if event.event not in protocol]

    def wait_for(self, count: int, *names: str, timeout: float = 30.0) -> list[ServerSentEvent]:
        """Wait until `count` events of some names (of any, without names) have come."""

        def enough() -> list[ServerSentEvent] | None:
            found = self.named(*names) if names else list(self.events)
            return found if len(found) >= count else None

        return wait_for(enough, f"{count} events {names}", timeout=timeout)

    def close(self) -> None:
        """Leave."""
        self._leaving.set()
        self._client.close()


def data(event: ServerSentEvent) -> dict[str, Any]:
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
        service.stop()
