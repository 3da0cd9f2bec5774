"""No route holds the event loop for long while a fleet's events are in memory and in the log."""

import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import gevent
import greenlet
import msgspec
import pytest
from werkzeug.test import EnvironBuilder

from dashboard import create_app
from dashboard.access.link_store import FILE as LINKS
from dashboard.access.link_store import Link
from dashboard.access.machine_store import FILE as MACHINES
from dashboard.access.machine_store import Machine
from dashboard.access.secret_key import secret_key
from dashboard.access.signed_links import SignedLinks
from dashboard.alerts.model import Alert
from dashboard.alerts.silences import Silence
from dashboard.events.event import Event
from dashboard.events.scope import Scope
from dashboard.log.opening import open_log_for_greenlets
from dashboard.runtime import Service
from dashboard.settings import Settings
from tests.streaming.test_hub import wait_until

HOSTS = 1000
SCREENS = 90  # a machine has at most 200 kinds of event that are published
MOUNTS = [{"mountpoint": f"/{n}", "total": 10**12, "used": 10**11} for n in range(4)]
FIGURES: dict[str, dict[str, Any]] = {
    "cpu": {"percent": 10.5, "iowait": 0.1, "steal": 0.0, "cores": [1.5] * 8},
    "memory": {"total": 10**10, "available": 10**9, "swap_total": 0, "swap_used": 0},
    "load": {"load1": 1.0, "load5": 1.0, "load15": 1.0},
    "network": {"received_bytes_per_second": 1.5, "sent_bytes_per_second": 1.5},
    "filesystem": {"mounts": MOUNTS},
    "system": {"boot_time": 1.7e9, "tags": ["web"]},
    "shop": {"orders": 5, "queue": {"length": 3}},
}
REPORT = {"build": "1", "link": "live", "width": 1, "height": 1, "url": "/", "every": 60}
# Seconds of CPU. 20 ms are wanted, and 25 were measured at most, on a busy machine, on which all
# takes some times as long. /metrics took 420 in one turn, /alerts with 1,000 silences 1,100.
MOST = 0.06
# The same work takes more of it while others use the processor's caches: too long is each time.
TRIES = 5
TOKEN = "t" * 20  # to read and to publish
# As large as an event may be.
LARGE = json.dumps({"time": 1.7e9, "a": [{"name": str(n), "b": n} for n in range(2500)]})
FIFTY = ",".join(f"large-{n % 9}.a.{n}.b" for n in range(50))
NAMES = ",".join(f"web-{n}*" for n in range(99))
STARS = ",".join(f"*h*-*{n}*" for n in range(5))
READS = [
    *("/healthz", "/readyz", "/metrics", "/alerts", "/catalogue", "/openapi.json", "/screens"),
    *("/", "/history?since=60&host=host-1&events=cpu", "/sign-in", "/machines", "/links"),
    "/picture/cpu.percent~cpu.iowait~load.load1.svg?host=host-1&width=4000",
    *("/stream?batch=1", "/stream?every=5&fields=cpu.percent", f"/stream?host={NAMES},*1"),
    *(f"/stream?host={STARS}", f"/history?since=60&host={STARS}", "/alerts?since=1h"),
    *("/now?figures=cpu.percent,load.load1&host=host-1", "/badge/cpu.percent.svg?host=host-1"),
    *("/embed/cpu", "/history?host=host-1&at=MOMENT", f"/now?figures={FIFTY}&host=large"),
    f"/picture/{FIFTY.replace(',', '~', 7).partition(',')[0]}.svg?host=large",
]
# By the number of the try: what is new costs more than what was there before.
WRITES: dict[str, Callable[[int], Any]] = {
    "/alerts/memory/ack": lambda t: {"for": f"{t + 1}h"},
    "/silences": lambda t: {"host": f"web-{t}*", "for": "1h"},
    "/events": lambda t: [{"event": f"job-{t}-{n}", "data": {"n": n}} for n in range(80)],
    "/progress/backup": lambda t: {"done": t + 1, "total": 2 * TRIES},
    "/machines/invitations": lambda t: {"host": f"web-{t}"},
    "/links": lambda t: {"label": f"lobby-{t}", "hosts": [f"web-{t}*"]},
    "/screens/lobby-1": lambda t: REPORT | {"url": f"/host/box-{t}"},
    "/screens/lobby-2/show": lambda t: {"url": f"/host/box-{t}"},
}


@contextmanager
def longest_turn() -> Iterator[list[float]]:
    """Measure the CPU time that one greenlet took at most before it let others run."""
    longest = [0.0]
    last = time.thread_time()

    def note(event: str, switch: object) -> None:
        nonlocal last
        now = time.thread_time()
        longest[0] = max(longest[0], now - last)
        last = now

    before = greenlet.settrace(note)
    try:
        yield longest
    finally:
        greenlet.settrace(before)


def write_rights(folder: Path, now: float) -> None:
    """Write down as many machines and links as there may be."""
    machines = [
        Machine(id=f"host-{n}", made=now, used=now, used_from="192.0.2.1", digest=f"{n:064}")
        for n in range(HOSTS - 100)
    ]
    links = [
        Link(id=f"{n:012}", label="a display in the hall", made=now, expires=now + 9000, used=now)
        for n in range(900)
    ]
    for name, rights in ((MACHINES, machines), (LINKS, links)):
        (folder / name).write_bytes(msgspec.json.encode(rights))


def events_of(host: str, number: int, now: float) -> Iterator[Event]:
    """What there is of one machine: samples, an open alert, a silence, and maybe a display."""
    head = {"host": host, "time": now}
    for name, data in FIGURES.items():
        yield Event(host, name, json.dumps(head | data))
    yield Alert(host=host, time=now, alert="memory", rule="memory", state="raised").event()
    if number % 5 == 0:
        yield Silence(
            host=host, time=now, until=now + 9000, hosts=f"w*-{number}", rule="d*"
        ).event()
    if number < SCREENS:
        name = f"lobby-{number}"
        report = head | {"host": "box", "screen": name, **REPORT}
        yield Event("box", f"screen.{name}", json.dumps(report))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An application with the events of a fleet, without a server."""
    folder = tmp_path_factory.mktemp("fleet")
    settings = Settings(
        log=f"sqlite:///{folder / 'events.db'}",
        host_name="box",
        instance=str(folder),
        read_token=TOKEN,
        publish_token=TOKEN,
    )
    write_rights(folder, time.time())
    app = create_app(settings)
    service: Service = app.extensions["vitals"]
    runtime = service.start()
    with closing(open_log_for_greenlets(settings.log, retention=3600)) as writer:
        ids = []
        for number in range(HOSTS):
            ids += writer.append([*events_of(f"host-{number}", number, time.time())])
        ids += writer.append([Event("large", f"large-{n}", LARGE) for n in range(9)])
        wait_until(lambda: runtime.hub.position >= ids[-1])
        wait_until(lambda: len(runtime.open_alerts.look()[0]) >= HOSTS)
        gc.collect()
        gc.freeze()  # as the worker does with what it begins with
        yield app
        gc.unfreeze()
    runtime.stop()


def ask(app: Any, route: str, credential: str, body: Any = None) -> int:
    """Ask a route and read its answer, of a stream the first blocks."""
    path, _, query = route.replace("MOMENT", f"{time.time() - 1:.3f}").partition("?")
    found = [""]

    def start_response(status: str, headers: object, exc_info: object = None) -> Any:
        found[0] = status

    sent = b"" if body is None else json.dumps(body).encode()
    environ = EnvironBuilder(
        path=path,
        query_string=query,
        method="GET" if body is None else "POST",
        input_stream=BytesIO(sent),
        content_length=len(sent),
        headers=[("Authorization", f"Bearer {credential}"), ("Accept", "application/json")],
    ).get_environ()
    result: Any = app.wsgi_app(environ, start_response)
    size = 0
    for block in result:
        size += len(block)
        if path == "/stream" and size > 50_000:
            break
        gevent.sleep(0)
    result.close()
    return int(found[0][:3])


def turn_of(fleet: Any, route: str, credential: str, body: Any = None) -> tuple[float, int]:
    """Return the longest turn of a request, and its status."""
    with longest_turn() as longest:
        status = gevent.spawn(ask, fleet, route, credential, body).get(timeout=60)
    return longest[0], status


def shortest(request: Callable[[int], tuple[float, int]]) -> tuple[float, int]:
    """Ask until a longest turn is short enough, each try with its number; return the best."""
    tries = []
    for number in range(TRIES):
        tries.append(request(number))
        if tries[-1][0] < MOST:
            break
    return min(tries)


@pytest.mark.parametrize("route", READS)
def test_no_route_holds_the_loop_for_long(fleet: Any, route: str) -> None:
    turn_of(fleet, route, TOKEN)  # what is made once, at the first request
    longest, status = shortest(lambda _: turn_of(fleet, route, TOKEN))
    # Nobody samples here, which these two say after a while.
    assert status in (200, 303) or route.startswith(("/readyz", "/now")), status
    assert longest < MOST


@pytest.mark.parametrize("route", WRITES)
def test_nothing_that_is_sent_holds_it_for_long(fleet: Any, route: str) -> None:
    longest, status = shortest(lambda t: turn_of(fleet, route, TOKEN, WRITES[route](t)))
    assert status in (201, 202, 204), status
    assert longest < MOST


def test_a_new_filter_and_a_link_cost_it_little(fleet: Any) -> None:
    """Each with patterns that no other had: what they mean is found out anew."""
    settings = fleet.extensions["vitals"].settings
    links = SignedLinks(secret_key(settings), settings.read_token)

    def by_link(route: str, number: int) -> tuple[float, int]:
        hosts = [f"web-{number}-{n}*" for n in range(90)] + [f"h*-*{n}" for n in range(10)]
        key = links.token(Scope(hosts=tuple(hosts), expires=time.time() + 900))
        return turn_of(fleet, route, key)

    def by_hosts(route: str, number: int) -> tuple[float, int]:
        names = NAMES.replace("web", f"db-{number}")
        return turn_of(fleet, f"{route}?host={names},*2", TOKEN)

    asked = [(by_link, each) for each in ("/stream?batch=1", "/", "/alerts", "/history?since=60")]
    for ask_by, route in (*asked, (by_hosts, "/stream")):
        longest, status = shortest(partial(ask_by, route))
        assert (status, longest < MOST) == (200, True), (route, longest)
