"""Scrapes: targets that are away, slow, endless or no exporters; and both sources in a service."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashboard.sampling.sources import scrape as module
from dashboard.sampling.sources.scrape import ScrapeReader
from dashboard.settings import Scrape
from tests.support.service import running, wait_for

TEXT = '# TYPE jobs gauge\njobs{queue="mail"} 41\njobs{queue="sms"} 7\n'


class Target:
    """A server whose paths answer as their names say."""

    def __init__(self) -> None:
        self.is_up = True
        self.accepted = ""
        self.asked = self.dropped = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.accepted = str(self.headers["Accept"])
                outer.asked += 1
                if self.path == "/slow-head":
                    return self.drip(b"HTTP/1.0 200 OK\r\nX-Long: ")
                if self.path.startswith("/around"):
                    time.sleep(0.1)
                    self.send_response(302)
                    self.send_header("Location", f"/around/{outer.asked}")
                    return self.end_headers()
                if self.path.startswith("/astray"):
                    self.send_response(302)
                    self.send_header("Location", f"ftp://localhost{self.path}")
                    return self.end_headers()
                self.send_response(200 if outer.is_up else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                try:
                    if self.path == "/endless":
                        while outer.is_up:
                            self.wfile.write(b"# nothing\n" * 1000)
                    elif self.path == "/dripping":
                        self.drip(b"#\n")
                    else:
                        self.wfile.write(b"<html>" if self.path == "/page" else TEXT.encode())
                except OSError:
                    pass

            def drip(self, begin: bytes) -> None:
                with suppress(OSError):
                    self.wfile.write(begin)
                    while outer.is_up:
                        self.wfile.write(b"#")
                        time.sleep(0.05)
                outer.dropped += 1

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self.is_up = False
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.close()


def reader(target: Target, path: str) -> ScrapeReader:
    return ScrapeReader(Scrape(name="jobs", url=target.url + path))


def test_a_target_that_is_up(target: Target) -> None:
    scrape = reader(target, "/metrics")
    data = scrape.read()
    assert data.pop("scrape_seconds") >= 0
    assert data == {"jobs": {"mail": 41, "sms": 7}, "up": 1}
    assert scrape.absent_reason is None
    assert "openmetrics-text" in target.accepted


def test_a_target_that_is_away_is_up_0(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 0.3)
    for path, reason in (
        ("/page", "no metrics"),
        ("/endless", f"more than {module.MOST_BYTES} bytes"),
        ("/dripping", "no whole answer after 0.3 s"),
        ("/slow-head", "no whole answer after 0.3 s"),
        ("/around", "no whole answer after 0.3 s"),
    ):
        scrape = reader(target, path)
        assert scrape.read() == {"up": 0}
        assert reason in str(scrape.absent_reason)
        assert str(scrape.absent_reason).startswith(f"{target.url.removeprefix('http://')}: ")
    assert target.asked <= 3 + 5  # of ten redirects, for which there was no time
    wait_for(lambda: target.dropped == 2, "the connections to be closed")
    target.is_up = False
    scrape = reader(target, "/metrics")
    assert scrape.read() == {"up": 0}
    assert "status 503" in str(scrape.absent_reason)
    nobody = ScrapeReader(Scrape(name="jobs", url="http://127.0.0.1:9/"))
    assert nobody.read() == {"up": 0}
    assert "refused" in str(nobody.absent_reason)
    for path in ("/metrics?token=s3cret", "/s3cret", "/astray?to=s3cret"):
        scrape = reader(target, path)
        assert scrape.read() == {"up": 0}
        assert "s3cret" not in str(scrape.absent_reason)


@pytest.mark.slow
def test_a_service_has_both_in_its_log_and_judges_them(tmp_path: Path, target: Target) -> None:
    """A command that hangs holds up neither the other sources nor the families."""
    settings = {
        "SCRAPE": [{"name": "jobs", "url": f"{target.url}/metrics", "every": 1}],
        "COMMAND": [
            {"name": "uptime", "run": ["cut", "-d ", "-f1", "/proc/uptime"], "every": 1},
            {"name": "stuck", "run": ["sleep", "600"], "every": 2, "timeout": 1},
        ],
        "ALERT": [
            {"name": "jobs-away", "when": "jobs.up < 1", "level": "critical"},
            {"name": "stuck", "when": "stuck.exit_status > 0"},
        ],
    }
    texts: dict[str, Any] = {key: json.dumps(tables) for key, tables in settings.items()}
    with running(tmp_path, INTERVAL=0.2, **texts) as service:

        def figures() -> dict[str, Any] | None:
            found = {row["name"]: row for row in service.json("/catalogue")["figures"]}
            wanted = {"jobs.jobs.mail", "uptime.value", "stuck.exit_status", "jobs.up"}
            return found if wanted <= found.keys() else None

        found = wait_for(figures, "all sources in the catalogue")
        assert found["jobs.jobs.mail"]["value"] == 41
        assert found["uptime.value"]["value"] > 0
        assert found["stuck.exit_status"]["value"] == 124

        def alerts() -> set[str]:
            return {row["alert"] for row in service.json("/alerts")["alerts"]}

        wait_for(lambda: alerts() == {"stuck"}, "the alert on an exit status")
        target.is_up = False
        wait_for(lambda: "jobs-away" in alerts(), "the alert on a target")
        checks = service.get("/readyz").json()["checks"]
        assert "jobs: " in checks["families"]
        assert checks["sampling"] == "ok"
        target.is_up = True
        wait_for(lambda: alerts() == {"stuck"}, "the end of that alert")
