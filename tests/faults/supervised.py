"""A service that is started again when its master ends, as systemd would; who publishes to it."""

import contextlib
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable

import httpx

from tests.faults.patience import wait_for
from tests.support.service import Service

PUBLISH_TOKEN = "publish-me-if-you-can"
_RESTART_SECONDS = 0.1  # systemd's RestartSec
_PAUSE = 0.05


class Supervised(Service):
    """A service with Restart=always: what is left of its processes is ended first."""

    restarts = 0
    before_restart: Callable[[], object] | None = None  # called once
    _stopping = False
    _failure: BaseException | None = None
    _supervisor: threading.Thread | None = None

    def supervise(self) -> "Supervised":
        """Begin to look after it."""
        self._supervisor = threading.Thread(target=self._keep_running, daemon=True)
        self._supervisor.start()
        return self

    def _keep_running(self) -> None:
        try:
            while not self._stopping:
                process = self.process
                assert process is not None
                process.wait()
                if self._stopping:
                    return
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                time.sleep(_RESTART_SECONDS)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                if self.before_restart is not None:
                    before, self.before_restart = self.before_restart, None
                    before()
                self.restarts += 1
                self.start()
        except BaseException as error:
            self._failure = error

    def check(self) -> None:
        """Raise what went wrong with a restart."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        self._stopping = True
        super().close()
        if self._supervisor is not None:
            self._supervisor.join(60)
        self.check()


class Publisher:
    """Publishes numbered events one after the other, each until the service says that it has it."""

    def __init__(self, service: Service) -> None:
        self.acknowledged: dict[int, str] = {}  # number -> id
        self.refused: Counter[int] = Counter()  # status -> how often
        self._service = service
        self._leaving = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(timeout=5, headers=headers, limits=limits) as client:
            try:
                while not self._leaving.wait(_PAUSE):
                    self._publish(client, len(self.acknowledged))
            except BaseException as error:
                self._failure = error

    def _publish(self, client: httpx.Client, number: int) -> None:
        key = uuid.uuid4().hex
        body = {"event": "numbered", "data": {"n": number}}
        while not self._leaving.is_set():
            try:
                answer = client.post(
                    f"{self._service.url}/events", json=body, headers={"Idempotency-Key": key}
                )
            except httpx.HTTPError:
                self._leaving.wait(_PAUSE)
                continue
            if answer.status_code == 201:
                (self.acknowledged[number],) = answer.json()["ids"]
                return
            self.refused[answer.status_code] += 1
            self._leaving.wait(_PAUSE)

    def mark(self) -> str:
        """Wait until something that is published from now on is logged; return its id."""
        count = len(self.acknowledged)

        def acknowledged() -> str | None:
            self.check()
            return self.acknowledged.get(count + 1)

        return wait_for(acknowledged, "a publication")

    def check(self) -> None:
        """Raise what went wrong with publishing."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Leave."""
        self._leaving.set()
        self._thread.join(30)
        self.check()
