"""The stream where its socket can't be parked, and over clients and proxies that decompress it.

TLS in gunicorn and `flask run` go on in the generator, by the same contract.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.page.relay import Nginx
from tests.support.service import Reader, Service, data, more, wait_for

Read = Callable[..., Reader]


class TLSService(Service):
    """gunicorn that ends TLS itself."""

    scheme = "https"

    def command(self) -> list[str]:
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        if not key.exists():
            openssl = shutil.which("openssl")
            assert openssl, "no openssl on the PATH; ./test installs it, or names what is missing"
            subprocess.run(
                [
                    *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                    *("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
                ],
                check=True,
                capture_output=True,
            )
        return [*super().command(), "--certfile", str(certificate), "--keyfile", str(key)]


class FlaskService(Service):
    """Flask's own server, which runs on gevent when it is told to."""

    announces = r"Running on http://127\.0\.0\.1:(\d+)"

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "gevent.monkey", "--module", "flask", "run"),
            *("--port", str(self.port), "--no-reload", "--with-threads"),
        ]


@pytest.fixture(params=[TLSService, FlaskService])
def unparked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    service: Service = request.param(tmp_path, INTERVAL=0.2, HEARTBEAT=1)
    try:
        yield service.start().wait_until_ready()
    finally:
        service.close()


def test_a_stream_that_cannot_park(unparked: Service, read: Read) -> None:
    reader = read(unparked, "?events=cpu,mark")
    reader.wait_for(1, "hello")
    more(reader, "cpu", 3)
    last = reader.logged_ids()[-1]
    reader.close()
    wait_for(lambda: unparked.total("vitals_streams") == 0, "the reader to be gone")

    missed = [unparked.append("mark", number=number) for number in range(3)]
    again = read(unparked, "?events=mark", last_event_id=last)
    again.wait_for(3, "mark")
    marks = [unparked.append("mark", number=number) for number in range(3, 6)]
    again.wait_for(6, "mark")
    assert again.logged_ids() == missed + marks
    assert [data(event)["number"] for event in again.named("mark")] == list(range(6))
    again.wait_for(1, "heartbeat")


def test_refused_keys_are_told_as_elsewhere(unparked: Service) -> None:
    for query in ("?events=CPU", "?nonsense=1"):
        assert unparked.get(f"/stream{query}").status_code == 400


def read_until(response: httpx.Response, last_id: str) -> str:
    text = ""
    for part in response.iter_text():
        text += part
        if f"id: {last_id}\n" in text:
            return text
    raise AssertionError(f"the stream ended after {text!r}")


@pytest.fixture
def service(start_service: Callable[..., Service]) -> Service:
    return start_service(INTERVAL=3600).wait_until_ready()


def test_gzip_for_httpx_and_curl_and_through_nginx(service: Service, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx", service.port)
    curl = shutil.which("curl")
    assert curl, "no curl on the PATH; ./test installs it, or names what is missing"
    try:
        for base in (service.url, nginx.url):
            url = f"{base}/stream?events=mark"
            asked = {"Accept-Encoding": "gzip"}
            process = subprocess.Popen(
                [curl, "--silent", "--no-buffer", "--compressed", url],
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            with httpx.stream("GET", url, headers=asked, timeout=20) as response:
                assert response.headers["content-encoding"] == "gzip"
                assert response.headers["vary"] == "Accept-Encoding"
                wait_for(lambda: service.total("vitals_streams") == 2, "both to be connected")
                ids = [service.append("mark", text="ä" * 2000) for _ in range(3)]
                # Each frame can be read when it comes, not when a buffer of somebody is full.
                text = read_until(response, ids[-1])
            assert [line[4:] for line in text.splitlines() if line.startswith("id: ")][-3:] == ids
            assert process.stdout is not None
            seen: list[str] = []
            while len(seen) < 3:
                line = process.stdout.readline()
                assert line, "curl ended"
                if line.startswith("id: ") and line[4:-1] in ids:
                    seen.append(line[4:-1])
            assert seen == ids
            process.kill()
            process.wait()
            process.stdout.close()
            wait_for(lambda: service.total("vitals_streams") == 0, "both to be gone")
    finally:
        nginx.close()
