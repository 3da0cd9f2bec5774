"""The service below a path, behind nginx: every page, link, file and stream of it.

docs/deploying.md has the lines for nginx.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.proxies import Nginx
from tests.support.service import Service

TOKEN = "a-token-of-this-test"
PREFIX = "/wall/of-1"
ATTRIBUTES = re.compile(r"""\s(?:href|src|action|data-[a-z-]+)="(/[^"]*)\"""")


class Stripping(Nginx):
    """nginx with the service below a path, which it takes off."""

    passes = "http://vitals/"

    def changed(self, site: str) -> str:
        streams = site.index("    # Streams: each")
        end = site.index("    location @away")
        site = site[:streams] + site[end:]
        site = site.replace('        proxy_set_header X-Forwarded-Prefix "";\n', "")
        site = site.replace(
            "    location / {\n        proxy_pass http://vitals;",
            f"    location {PREFIX}/ {{\n        proxy_pass {self.passes};\n"
            f"        proxy_set_header X-Forwarded-Prefix {PREFIX};\n        proxy_buffering off;",
        )
        assert site.count(PREFIX) == 2
        return site


class Keeping(Stripping):
    """nginx that hands the whole path on."""

    passes = "http://vitals"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"), READ_TOKEN=TOKEN, INTERVAL=0.5)
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture(scope="module", params=[Stripping, Keeping])
def url(
    request: pytest.FixtureRequest, service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    proxy = request.param(tmp_path_factory.mktemp("proxy") / "proxy", service.port)
    yield proxy.start().url + PREFIX
    proxy.stop()


@pytest.fixture
def browser(url: str) -> Iterator[httpx.Client]:
    """A browser that has signed in below the path."""
    with httpx.Client(verify=False, timeout=20, headers={"Accept": "text/html,*/*"}) as client:
        asked = client.get(f"{url}/?theme=light")
        assert asked.status_code == 303
        sign_in = asked.headers["Location"]
        assert urlsplit(sign_in).path == f"{PREFIX}/sign-in"
        page = client.post(f"{url}{sign_in.removeprefix(PREFIX)}", data={"token": TOKEN})
        assert page.headers["Location"] == f"{PREFIX}/?theme=light"
        assert f"Path={PREFIX}" in page.headers["Set-Cookie"]
        yield client


def test_every_address_in_a_page_is_below_the_path_and_there(
    url: str, browser: httpx.Client
) -> None:
    base = url.removesuffix(PREFIX)
    for path in ("/", "/host/web-1", "/screens", "/embed/cpu", "/sign-in"):
        page = browser.get(f"{url}{path}")
        assert page.status_code == 200, path
        found = set(ATTRIBUTES.findall(page.text))
        assert found, path
        assert [each for each in found if not each.startswith(f"{PREFIX}/")] == [], path
        for address in found:
            if address.startswith(f"{PREFIX}/stream") or address.endswith("/host/"):
                continue
            answer = browser.get(f"{base}{address}")
            # What a form posts to is there, and answers no GET.
            allowed = (405,) if address.endswith("/sign-out") else (200, 204)
            assert answer.status_code in allowed, address


def test_the_stream_and_a_link_work_below_the_path(url: str, browser: httpx.Client) -> None:
    with browser.stream("GET", f"{url}/stream?events=cpu") as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        assert any(line == "event: cpu" for line in lines)
    assert browser.get(f"{url}/history?since=5").status_code == 200


def test_nobody_gets_beyond_the_path_by_it(service: Service) -> None:
    """A prefix of a client's own making is no place to be sent to."""
    for prefix in (
        "//evil.example",
        "/\\evil.example",
        "/a/../..//b",
        "/a b",
        "https://evil",
        "/%2f",
    ):
        answer = service.get("/", headers={"X-Forwarded-Prefix": prefix, "Accept": "text/html"})
        assert answer.headers["Location"].startswith("/sign-in?"), prefix
