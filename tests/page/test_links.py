"""Signed links in Chromium: on a display, in another site's frames and elements; hostile names."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from tests.access.test_signed_links import SECRET, TOKEN, key
from tests.page.elsewhere import Elsewhere
from tests.support.service import Service, wait_for

pytestmark = pytest.mark.one_window

EVIL = "<img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[Service]:
    # The other server by a name of another site: no cookie of ours goes there along.
    service = Service(
        tmp_path_factory.mktemp("service"),
        READ_TOKEN=TOKEN,
        SECRET_KEY=SECRET,
        INTERVAL=0.5,
        ALLOWED_ORIGINS=elsewhere.stranger,
        FRAME_ANCESTORS=elsewhere.stranger,
    )
    yield service.start().wait_until_ready()
    service.close()


def asked(page: Page) -> list[str]:
    """The addresses of all requests that a page makes from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url))
    return found


def test_a_display_opens_its_link_once(service: Service, page: Page) -> None:
    its = key("cpu,memory", "box", seconds=3 * 86400)
    page.goto(f"{service.url}/?theme=light&key={its}")
    page.wait_for_selector("html[data-link=live]")
    assert page.url == f"{service.url}/?theme=light"
    (cookie,) = page.context.cookies()
    assert cookie["name"].startswith("vitals-link-")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert 3 * 86400 < cookie["expires"] - time.time() <= 33 * 86400 + 60
    # Of what the wall has by itself just that is left which the link covers.
    panels = page.locator("[data-panel]").evaluate_all("all => all.map(e => e.dataset.event)")
    assert set(panels) == {"cpu", "memory"}
    page.wait_for_selector('[data-panel="memory"][data-freshness=fresh]')
    urls = asked(page)
    page.reload()
    page.wait_for_selector("html[data-link=live]")
    assert urls
    assert not [url for url in urls if its in url]

    # What is named beyond that says so; the rest is live.
    page.goto(f"{service.url}/?panels=cpu,disk&tiles=cpu")
    page.wait_for_selector("html[data-link=live]")
    assert "This link does not show it" in (page.text_content('[data-panel="disk"]') or "")


def test_a_host_beyond_the_link_is_named(
    service: Service, page: Page, page_errors: list[str]
) -> None:
    page.goto(f"{service.url}/?host=web-1&key={key('cpu,memory', 'box')}")
    page.wait_for_selector("[data-link-words]:has-text('web-1 is not allowed here')")
    page.goto("about:blank")
    page_errors.clear()  # Chromium's words about the 403


def test_a_page_that_is_shown_for_months_keeps_its_cookie(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/sign-in")
    page.fill("#token", TOKEN)
    page.clock.install()
    page.click("button")
    page.wait_for_selector("html[data-link=live]")
    (before,) = page.context.cookies()
    with page.expect_response("**/sign-in/renew") as renewed:
        page.clock.fast_forward("14:00:00")
    assert renewed.value.status == 204
    (after,) = page.context.cookies()
    assert (after["name"], after["httpOnly"]) == (before["name"], True)
    assert after["expires"] >= before["expires"]
    assert after["value"] != before["value"] or after["expires"] > before["expires"]


def test_the_overview_shows_the_machines_of_the_link(service: Service, page: Page) -> None:
    for host in ("web-1", "web-2", "db-1"):
        service.append("cpu", host, percent=10.0)
        service.append("memory", host, percent=20.0)
    its = key("cpu,memory", "web-*")

    def names() -> list[str]:
        return page.locator("[data-list] > *").all_inner_texts()

    wait_for(
        lambda: (
            'data-machines="2"'
            in httpx.get(f"{service.url}/", headers={"Cookie": f"vitals-link={its}"}).text
        ),
        "the log to be read",
    )
    page.goto(f"{service.url}/?key={its}")
    page.wait_for_selector("[data-list]:has-text('web-2')")
    assert len(names()) == 2
    assert "db-1" not in page.content()
    assert "box" not in page.content()
    answer = page.goto(f"{service.url}/host/web-1")
    assert answer is not None
    assert answer.status == 200
    refused = httpx.get(f"{service.url}/host/db-1", headers={"Cookie": f"vitals-link={its}"})
    assert refused.status_code == 403
    assert "hosts web-*" in refused.json()["detail"]


def test_an_expired_link_leads_to_the_sign_in_and_says_why(
    service: Service, page: Page, page_errors: list[str]
) -> None:
    page.goto(f"{service.url}/?panels=cpu&key={key('cpu', seconds=6)}")
    page.wait_for_selector("html[data-link=live]")
    page.wait_for_selector("[role=alert]:has-text('The link has expired')", timeout=60_000)
    assert urlsplit(page.url).path == "/sign-in"
    page_errors.clear()  # of the stream and the history that were refused


def frame(service: Service, panel: str, its: str) -> str:
    address = f"{service.url}/embed/{panel}?theme=light&key={its}"
    return f'<iframe src="{address}" width="320" height="180"></iframe>'


def test_frames_and_elements_of_another_site_show_what_their_keys_cover(
    service: Service, elsewhere: Elsewhere, page: Page
) -> None:
    cpu, memory = key("cpu", "box"), key("memory", "box")
    body = (
        frame(service, "cpu", cpu)
        + frame(service, "memory", memory)
        + f'<vitals-chart panel="memory" key="{memory}" style="width: 320px"></vitals-chart>'
        + f'<vitals-number value="cpu.percent" key="{cpu}"></vitals-number>'
        + f'<vitals-number id="beyond" value="load.load1" key="{cpu}"></vitals-number>'
        + f'<script src="{service.url}/static/embed.js" async></script>'
    )
    sent: list[tuple[str, str | None]] = []
    page.on("request", lambda each: sent.append((each.url, each.headers.get("referer"))))
    page.goto(elsewhere.stranger + elsewhere.write(body))
    for name in ("cpu", "memory"):
        inner = wait_for(
            lambda name=name: (  # type: ignore[misc]
                page.evaluate("0"),
                next((one for one in page.frames if f"/embed/{name}" in one.url), None),
            )[1],
            f"the frame of {name}",
        )
        inner.wait_for_selector("html[data-link=live]", state="attached")
        inner.wait_for_selector(f'[data-panel="{name}"][data-freshness=fresh]')
    page.wait_for_selector('vitals-chart[data-link="live"]')
    page.wait_for_selector('vitals-number[data-freshness="fresh"]', state="attached")
    page.wait_for_selector("#beyond .message:has-text('the key does not cover load')")
    assert page.context.cookies() == []
    ours = [(url, referrer) for url, referrer in sent if url.startswith(service.url)]
    assert any("/stream?" in url and cpu in url for url, _ in ours)
    assert not [url for url, _ in ours if "/static/" in url and "key=" in url]
    assert not [referrer for _, referrer in ours if referrer and "key=" in referrer]


# Names.


def evil_log(service: Service) -> None:
    top = [{"pid": 1, "name": EVIL, "user": EVIL, "cpu_percent": 9.0, "memory_bytes": 1}]
    service.append("processes", "evil", count=1, running=1, top=top)
    mount = {"mountpoint": f"/{EVIL}", "total": 9, "used": 8, "percent": 88.0}
    service.append("filesystem", "evil", mounts=[mount])
    device = {"read_bytes_per_second": 1.0, "write_bytes_per_second": 1.0, "busy_percent": 1.0}
    service.append("disk", "evil", devices={EVIL: device}, busy_percent=1.0)
    service.append("sensors", "evil", temperatures=[{"label": EVIL, "celsius": 50.0}], fans=[])
    service.append("system", "evil", os=EVIL, kernel=EVIL, uptime_seconds=1.0, users=1)
    service.append("cpu", "evil", percent=1.0)
    service.append("log", "evil", message=EVIL, level="error", source=EVIL)
    service.append("notice", "evil", message=EVIL, title=EVIL)
    service.append("progress", "evil", job="x", message=EVIL, done=1, total=2, state="running")
    alert = {"alert": EVIL, "rule": EVIL, "event": "cpu", "level": "critical", "state": "raised"}
    service.append("alert", "evil", message=EVIL, value=1.0, threshold=0.0, since=1.0, **alert)


@pytest.mark.parametrize("where", ["wall", "embed"])
def test_names_are_text(service: Service, page: Page, where: str) -> None:
    its = key("*", "evil")
    evil_log(service)
    panels = "processes,filesystem,devices,sensors,system,log,notice,progress,alerts"
    embedded = ["processes", "filesystem", "log"]  # each is the panel of the wall
    shown = embedded if where == "embed" else [f"?panels={panels}&tiles=filesystem"]
    for each in shown:
        path = f"/embed/{each}?" if where == "embed" else f"/{each}&"
        page.goto(f"{service.url}{path}host=evil&key={its}")
        page.wait_for_function(
            "(name) => document.body.innerText.includes(name)", arg="onerror=", timeout=20_000
        )
    if where == "wall":
        for panel in ("processes", "filesystem"):
            text = f"[data-panel={panel}]:has-text('<img src=x onerror')"
            page.wait_for_selector(text)
            page.hover(f"[data-panel={panel}] td")
        page.wait_for_selector("[data-alerts]:has-text('<img src=x')")
    assert page.locator("img").count() == 0
    assert page.title() != "owned"
