"""/links on a service with two workers: made, listed, revoked, and who may not."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from playwright.sync_api import Page
from werkzeug.test import Client

from tests.access.test_signed_links import SECRET, TOKEN, key
from tests.support.bare_app import READ_TOKEN, bare_app
from tests.support.service import Reader, Service, more, running, wait_for

FULL = {"Authorization": f"Bearer {TOKEN}"}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("links")
    settings = {"READ_TOKEN": TOKEN, "SECRET_KEY": SECRET, "INTERVAL": 0.5}
    with running(folder, workers=2, **settings) as service:
        yield service.wait_until_ready()


def made(service: Service, **asked: object) -> dict[str, str]:
    answer = service.request("POST", "/links", json=asked, headers=FULL)
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def listed(service: Service) -> dict[str, dict[str, object]]:
    answer = service.get("/links", headers=FULL | JSON)
    assert answer.status_code == 200, answer.text
    return {link["id"]: link for link in answer.json()["links"]}


def test_a_revoked_link_ends_in_all_workers_and_no_other(service: Service) -> None:
    lobby = made(service, label="lobby", events=["cpu"], path="/embed/cpu?theme=light")
    assert lobby["url"] == f"{service.url}/embed/cpu?theme=light&key={lobby['key']}"
    assert lobby["qr"].startswith("<svg ")
    hall = made(service, label="hall", events=["cpu"])
    old = key("cpu")

    def reader(key: str) -> Reader:
        reader = Reader(service, f"?events=cpu&key={key}")
        reader.wait_for(1, "cpu")
        return reader

    def have_both_workers_streams() -> bool:
        metrics = service.get("/metrics", headers=FULL).text
        return len(re.findall(r"^vitals_streams{[^}]*} [1-9]", metrics, re.MULTILINE)) == 2

    ending, going_on = [reader(lobby["key"])], []
    try:
        while not have_both_workers_streams() and len(ending) < 50:
            ending.append(reader(lobby["key"]))
        assert have_both_workers_streams()
        going_on = [reader(key) for key in (hall["key"], old) for _ in range(4)]
        wait_for(lambda: len([x for x in listed(service).values() if x["used"]]) == 3, "the uses")
        known = listed(service)
        assert (known[lobby["id"]]["label"], known[lobby["id"]]["events"]) == ("lobby", ["cpu"])
        assert {link["used_from"] for link in known.values()} == {"127.0.0.1"}
        (of_old,) = known.keys() - {lobby["id"], hall["id"]}
        assert known[of_old]["made"] == pytest.approx(time.time(), abs=100)

        asked = service.request("DELETE", f"/links/{lobby['id']}", headers=FULL)
        assert asked.status_code == 204
        # Each comes back, and is told why it may not.
        wait_for(lambda: all(each._failure for each in ending), "its streams to end")
        assert all("the key was revoked, at " in str(each._failure) for each in ending)
        more(going_on, "cpu", 2)
        assert {each.connects for each in (*ending, *going_on)} == {1}
    finally:
        for each in (*ending, *going_on):
            with suppress(AssertionError):  # it was refused, as was looked at above
                each.close()
    for _ in range(8):  # whichever worker
        for credentials in ({"Authorization": f"Bearer {lobby['key']}"}, {}):
            query = "" if credentials else f"?key={lobby['key']}"
            answer = service.get(f"/history{query}", headers=credentials)
            assert answer.status_code == 401
            assert answer.json()["detail"].startswith("the key was revoked, at ")
        assert service.get(f"/history?events=cpu&key={hall['key']}").status_code == 200
    there = service.get(f"/?key={lobby['key']}", headers={"Accept": "text/html"})
    assert there.status_code == 303
    assert "The link was revoked at " in service.get(there.headers["Location"]).text

    # An old one is revoked likewise; again, and an unknown one.
    for link_id, status in ((of_old, 204), (of_old, 204), ("none", 404)):
        answer = service.request("DELETE", f"/links/{link_id}", headers=FULL)
        assert answer.status_code == status
    assert service.get(f"/history?key={old}").status_code == 401


def test_the_page_makes_a_link_and_takes_it_back(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/sign-in?next=/?panels=cpu")
    page.fill("#token", TOKEN)
    page.click("form button")
    page.hover('[data-panel="cpu"]')
    page.click('[data-embed-panel="cpu"]')
    page.click('[data-share-panel="cpu"]')
    page.wait_for_url("**/links?path=*")
    assert page.input_value("[name=path]") == "/embed/cpu?theme=auto"
    assert page.input_value("[name=events]") == "cpu"
    page.go_back()
    page.click("[data-share]")
    page.wait_for_url("**/links?path=*")
    assert page.input_value("[name=path]") == "/?panels=cpu"
    page.fill("[name=label]", "<b>hall</b>")
    page.fill("[name=events]", "cpu, build.*")
    page.fill("[name=for]", "2d")
    page.click("[data-make]")
    page.wait_for_selector("[data-made] img[src^='data:image/svg']")
    url = page.input_value("[data-url]")
    assert url.startswith(f"{service.url}/?panels=cpu&key=")
    assert httpx.get(url.replace("/?", "/history?events=cpu&", 1)).status_code in (200, 400)
    row = page.locator("[data-rows] tr", has_text="<b>hall</b>")
    assert "cpu, build.*" in row.inner_text()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button").click()
    row.get_by_text("revoked").wait_for()
    assert httpx.get(url).headers["Location"].startswith("/sign-in")


@pytest.fixture
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(bare_app(tmp_path_factory.mktemp("app")))


def test_a_link_makes_no_links(service: Service) -> None:
    with_link = {"Authorization": f"Bearer {made(service, label='all')['key']}"}
    for method, path in (("GET", "/links"), ("POST", "/links"), ("DELETE", "/links/x")):
        body = {"json": {"label": "x"}} if method == "POST" else {}
        answer = service.request(method, path, headers=with_link, **body)
        assert answer.status_code == 403
        assert "READ_TOKEN" in answer.json()["detail"]
        assert service.request(method, path, **body).status_code in (401, 303)
        strange = FULL | {"Origin": "https://evil.example"}
        if method != "GET":
            assert service.request(method, path, headers=strange, **body).status_code == 403


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"for": "0d"}, "for"),
        ({"for": "90"}, "for"),
        ({"events": []}, "events"),
        ({"hosts": ["a b"]}, "hosts"),
        ({"path": "//evil.example"}, "path"),
        ({"label": "two\nlines"}, "label"),
        ({"labels": "x"}, "labels"),
    ],
)
def test_what_is_no_link_is_refused_by_name(
    client: Client, asked: dict[str, object], key: str
) -> None:
    answer = client.post("/links", json=asked, headers={"Authorization": f"Bearer {READ_TOKEN}"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["key"] == key
