"""A user whom nginx's auth_request or Caddy's forward_auth names, as docs/deploying.md has them.

The service trusts 127.0.0.1, where the proxies are; a stranger asks from 127.0.0.2, or through a
proxy, or says who he is twice.
"""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.support.proxies import DEPLOY, Caddy, Nginx, Proxy, program
from tests.support.service import ROOT, Service

PAGE = (ROOT / "docs/deploying.md").read_text("utf-8").partition("## Signed in by others")[2]
GROUPS = '[{"name": "staff"}, {"name": "guests", "events": ["cpu"]}]'
FORGED = {"Remote-User": "root", "Remote-Groups": "staff"}
# By the cookie `who`, what whoever signs people in says of them.
PEOPLE = {
    "ada": {"Remote-User": "ada", "Remote-Groups": "x,staff"},
    "guest": {"Remote-User": "guest", "Remote-Groups": "guests"},
    "nobody": {"Remote-User": "nobody"},  # is in no group
    "unnamed": {},  # may pass, and is not named
}


def blocks(language: str) -> list[str]:
    """The code of a language in the page's section."""
    section = re.split(r"\n## ", PAGE)[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


class Door(BaseHTTPRequestHandler):
    """Says who asks: 200 with the headers of one of PEOPLE, else 401."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        who = re.search(r"who=(\w+)", self.headers.get("Cookie", ""))
        known = PEOPLE.get(who[1]) if who else None
        is_known = known is not None and self.path.partition("?")[0] == "/check"
        self.send_response(200 if is_known else 401)
        for name, value in (known or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def door() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("service"),
        INTERVAL=0.2,
        TRUSTED_USER_HEADER="Remote-User",
        TRUSTED_GROUPS_HEADER="Remote-Groups",
        TRUSTED_PROXIES="127.0.0.1",
        GROUP=GROUPS,
        INSTANCE=tmp_path_factory.mktemp("instance"),
    )
    yield service.start()
    service.close()


class SignedInNginx(Nginx):
    """deploy/nginx.conf with the lines of the page."""

    door = 0

    def changed(self, site: str) -> str:
        check, lines = blocks("nginx")
        assert check.count("127.0.0.1:9091") == 1
        site = site.replace("location / {\n        proxy", f"{check}\nlocation / {{\n        proxy")
        site = site.replace("127.0.0.1:9091", f"127.0.0.1:{self.door}")
        passed_on = "proxy_pass http://vitals;"
        assert site.count(passed_on) == 2
        return site.replace(passed_on, f"{passed_on}\n{lines}")


class SignedInCaddy(Caddy):
    """deploy/Caddyfile with the lines of the page."""

    door = 0

    def prepare(self) -> None:
        super().prepare()
        (lines,) = blocks("caddyfile")
        lines = lines.replace("127.0.0.1:9091", f"127.0.0.1:{self.door}")
        site = (DEPLOY / "Caddyfile").read_text("utf-8")
        assert site.count("\treverse_proxy ") == 1
        changed = site.replace("\treverse_proxy ", f"{lines}\n\treverse_proxy ")
        (self.folder / "Caddyfile").write_text(changed)

    def command(self) -> list[str]:
        return [program("caddy"), "run", "--config", str(self.folder / "Caddyfile")]


@pytest.fixture(scope="module", params=[SignedInNginx, SignedInCaddy])
def proxy(
    request: pytest.FixtureRequest,
    door: int,
    service: Service,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    request.param.door = door
    proxy: Proxy = request.param(tmp_path_factory.mktemp("proxy") / "proxy", service.port)
    yield proxy.start()
    proxy.stop()


def ask(proxy: Proxy, path: str, who: str = "", **headers: str) -> httpx.Response:
    cookie = {"Cookie": f"who={who}"} if who else {}
    return httpx.get(proxy.url + path, headers=cookie | headers, verify=False, timeout=20)


def test_a_proxy_s_user_reads_what_his_groups_may(proxy: Proxy) -> None:
    page = ask(proxy, "/", "ada", Accept="text/html")
    assert page.status_code == 200
    assert "<title>" in page.text
    with httpx.stream(
        "GET", f"{proxy.url}/stream", headers={"Cookie": "who=ada"}, verify=False, timeout=20
    ) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert next(line for line in lines if line == "event: memory")
    assert "signed in as ada" in ask(proxy, "/sign-in", "ada").text
    assert ask(proxy, "/history?events=cpu", "guest").status_code == 200
    beyond = ask(proxy, "/history?events=memory", "guest")
    assert beyond.status_code == 403
    assert "allowed are the events cpu" in beyond.text
    assert ask(proxy, "/", "nobody").status_code == 403


def test_a_forged_header_does_not_pass_the_proxy(proxy: Proxy) -> None:
    for path in ("/history", "/stream", "/"):
        assert ask(proxy, path, **FORGED).status_code == 401  # by the door
        assert ask(proxy, path, "unnamed", Accept="*/*", **FORGED).status_code in (303, 401, 403)
        assert ask(proxy, path, "nobody", **FORGED).status_code == 403
    assert ask(proxy, "/history?events=memory", "guest", **FORGED).status_code == 403


def test_nobody_else_is_believed(service: Service) -> None:
    stranger = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(transport=stranger, base_url=service.url, timeout=20) as client:
        for path in ("/history", "/stream", "/metrics"):
            assert client.get(path, headers=FORGED).status_code == 401
    assert service.get("/history", headers=FORGED).status_code == 200


@pytest.mark.parametrize("name", ["Remote-User", "remote-groups"])
def test_a_header_that_comes_twice_is_refused(service: Service, name: str) -> None:
    head = (
        "GET /history HTTP/1.1\r\nHost: localhost\r\nRemote-User: ada\r\nRemote-Groups: staff\r\n"
    )
    with service.dial() as connection:
        connection.sendall(f"{head}{name}: guests\r\nConnection: close\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"TRUSTED_USER_HEADER or -GROUPS_HEADER comes twice" in answer
