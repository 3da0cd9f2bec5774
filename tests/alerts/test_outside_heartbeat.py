"""HEARTBEAT_URL: asked while samples are logged, and not when they are not."""

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gevent
import pytest

from dashboard.alerts.outside_heartbeat import OutsideHeartbeat
from tests.sampling.test_sampler import wait_until

pytestmark = pytest.mark.usefixtures("no_leaks")


class Outside:
    """A server that counts requests, and answers with `status`."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status = 200
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.paths.append(self.path)
                self.send_response(outside.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/ping/k-e-y?a=1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def outside() -> Iterator[Outside]:
    outside = Outside()
    yield outside
    outside.close()


def test_it_is_asked_while_samples_are_logged(outside: Outside) -> None:
    heartbeat = OutsideHeartbeat(outside.url, every=0.05)
    heartbeat.start()
    heartbeat.on_logged()
    wait_until(lambda: len(outside.paths) == 1)
    gevent.sleep(0.3)
    assert outside.paths == ["/ping/k-e-y?a=1"], "nothing was logged since"
    heartbeat.on_logged()
    wait_until(lambda: len(outside.paths) == 2)
    heartbeat.stop()
    heartbeat.on_logged()
    gevent.sleep(0.2)
    assert len(outside.paths) == 2


def test_what_goes_wrong_is_said_once_without_the_key(
    outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    outside.status = 500
    heartbeat = OutsideHeartbeat(outside.url, every=0.01)
    heartbeat.start()
    with caplog.at_level(logging.WARNING):
        while len(outside.paths) < 3:
            heartbeat.on_logged()
            gevent.sleep(0.02)
        outside.status = 204
        while "answers again" not in caplog.text:
            heartbeat.on_logged()
            gevent.sleep(0.02)
    heartbeat.stop()
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "HEARTBEAT_URL at 127.0.0.1: status 500",
        "HEARTBEAT_URL at 127.0.0.1: answers again",
    ]


def test_without_a_url_nothing_runs() -> None:
    heartbeat = OutsideHeartbeat("")
    heartbeat.start()
    heartbeat.on_logged()
    heartbeat.stop()
