"""Clients that people use, all through two kill -9 of the whole service: nothing is lost."""

import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import pytest
import sseclient
from playwright.sync_api import BrowserContext, Page, Route

from dashboard.client import EventSource
from tests.support.service import ROOT, Service, wait_for

MODULES = ROOT / "node_modules"
PATH = "/stream?events=mark"
Ids = Callable[[], list[str]]


class Follower:
    """Python that reads in a thread, and comes back with the last id that it has."""

    def __init__(self, url: str) -> None:
        self.ids: list[str] = []
        self._url = url
        self._leaving = threading.Event()
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=60))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def events(self, response: httpx.Response) -> Iterator[tuple[str, str | None]]:
        """The names and ids of the events in a response."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._leaving.is_set():
            headers = {"Last-Event-ID": self.ids[-1]} if self.ids else {}
            try:
                with self._client.stream("GET", self._url, headers=headers) as response:
                    for name, event_id in self.events(response):
                        if name == "mark" and event_id:
                            self.ids.append(event_id)
            except httpx.HTTPError:
                self._leaving.wait(0.1)

    def close(self) -> None:
        """Leave; the service must have ended, and the stream with it."""
        self._leaving.set()
        self._thread.join(30)
        self._client.close()


class HttpxSse(Follower):
    def events(self, response: httpx.Response) -> Iterator[tuple[str, str | None]]:
        for event in httpx_sse.EventSource(response).iter_sse():
            yield event.event, event.id


class SseclientPy(Follower):
    def events(self, response: httpx.Response) -> Iterator[tuple[str, str | None]]:
        for event in sseclient.SSEClient(response.iter_bytes()).events():
            yield event.event, event.id


@contextmanager
def in_python(kind: type[Follower], service: Service, page: Callable[[], Page]) -> Iterator[Ids]:
    follower = kind(f"{service.url}{PATH}")
    try:
        yield lambda: follower.ids
    finally:
        service.stop(signal.SIGKILL)
        follower.close()


@contextmanager
def our_own(service: Service, page: Callable[[], Page]) -> Iterator[Ids]:
    ids: list[str | None] = []
    source = EventSource(f"{service.url}{PATH}", retry=0.1)
    thread = threading.Thread(target=lambda: ids.extend(one.id for one in source if one.id))
    thread.start()
    try:
        yield lambda: [one for one in ids if one]
    finally:
        source.close()
        thread.join(30)


@contextmanager
def npm_eventsource(service: Service, page: Callable[[], Page]) -> Iterator[Ids]:
    node = shutil.which("node")
    assert node, "no node on the PATH; ./test sets it up"
    script = str(Path(__file__).parents[1] / "support" / "follow_stream.mjs")
    lines: list[str] = []
    with subprocess.Popen(
        [node, script, f"{service.url}{PATH}"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        reading = threading.Thread(
            target=lambda: lines.extend(map(str.strip, process.stdout or ()))
        )
        reading.start()
        try:
            yield lambda: lines
        finally:
            process.kill()
            reading.join(30)


BROWSER = {
    "EventSource": "follow(new EventSource(path))",
    "event-source-polyfill": "follow(new EventSourcePolyfill(path, {headers: {'X-Own': '1'}}))",
    "fetch-event-source": """import("/module/index.js").then(({ fetchEventSource }) =>
        fetchEventSource(path, { openWhenHidden: true, onmessage: keep }))""",
}


@contextmanager
def in_chromium(script: str, service: Service, page: Callable[[], Page]) -> Iterator[Ids]:
    tab = page()

    def module(route: Route) -> None:
        name = route.request.url.rpartition("/")[2].removesuffix(".js")
        file = MODULES / "@microsoft/fetch-event-source/lib/esm" / f"{name}.js"
        route.fulfill(body=file.read_text(), content_type="text/javascript")

    tab.route("**/module/*", module)
    tab.goto(f"{service.url}/healthz")
    tab.add_script_tag(path=MODULES / "event-source-polyfill/src/eventsource.js")
    tab.evaluate(
        """([script, path]) => {
            window.ids = [];
            window.keep = ({ event, id }) => { if (event === "mark") window.ids.push(id); };
            window.follow = (source) => source.addEventListener("mark",
                ({ lastEventId }) => window.keep({ event: "mark", id: lastEventId }));
            new Function("path", script)(path);
        }""",
        [script, PATH],
    )
    ids: list[str] = []

    def so_far() -> list[str]:
        ids[:] = tab.evaluate("window.ids")
        return ids

    yield so_far
    tab.goto("about:blank")  # where nothing connects any more


CLIENTS: dict[str, Callable[..., Any]] = {
    "dashboard.client": our_own,
    "httpx-sse": lambda *given: in_python(HttpxSse, *given),
    "sseclient-py": lambda *given: in_python(SseclientPy, *given),
    "eventsource (npm)": npm_eventsource,
    **{
        name: lambda *given, script=script: in_chromium(script, *given)
        for name, script in BROWSER.items()
    },
}


@pytest.fixture
def new_tab(window: BrowserContext, page_errors: list[str]) -> Callable[[], Page]:
    """Open tabs, whose errors are kept."""

    def new_tab() -> Page:
        tab = window.new_page()
        tab.on("console", lambda said: page_errors.extend([said.text] * (said.type == "error")))
        tab.on("pageerror", lambda error: page_errors.append(str(error)))
        return tab

    return new_tab


def test_each_survives_two_kill_9(
    make_service: Callable[..., Service], new_tab: Callable[[], Page], page_errors: list[str]
) -> None:
    service = make_service(INTERVAL=3600, RETRY=200).start().wait_until_ready()
    sent = [service.append("mark", n=0)]
    with ExitStack() as stack:
        followed = {
            name: stack.enter_context(client(service, new_tab)) for name, client in CLIENTS.items()
        }
        stack.callback(service.close)

        def all_have_it(when: str) -> None:
            for name, ids in followed.items():
                wait_for(lambda: len(ids()) >= len(sent), f"{name} to have all, {when}")  # noqa: B023
                assert ids() == sent, f"lost, doubled or out of order by {name}, {when}"

        all_have_it("at the start")
        for number in range(2):
            sent.append(service.append("mark", n=number))
            service.stop(signal.SIGKILL)
            # What happens while the service is away, by another process at its log.
            sent += [service.append("mark", n=number) for _ in range(3)]
            service.start().wait_until_ready()
            sent.append(service.append("mark", n=number))
            all_have_it(f"after kill {number + 1}")
    # Chromium and the polyfill note each connection that is refused or breaks off.
    said = [one for one in page_errors if not re.search("net::ERR_|network error|fetch", one)]
    assert said == []
