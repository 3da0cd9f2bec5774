"""How often each machine is sampled: what it says counts, and not the service's setting."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.events.encoded import LOG_START, Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.scope import FULL, Scope
from dashboard.metrics import FAMILIES
from dashboard.streaming.greeting import Greeting
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer
from tests.access.test_signed_links import SECRET, TOKEN, key
from tests.support.service import Reader, Service, data, running, wait_for

Read = Callable[..., Reader]


def paces(*said: tuple[str, object]) -> HostIntervals:
    """Those of a service of 2 s, whose log has these data of events `system` by host."""
    recent = ReplayBuffer(retention=3600)
    events = []
    for number, (host, text) in enumerate(said):
        written = text if isinstance(text, str) else json.dumps(text)
        event_id = EventId(int(time.time() * 1000), number)
        events.append(Encoded.of(Event(host, "system", written, event_id)))
    recent.load(events, [], LOG_START)
    return HostIntervals(FAMILIES, 2.0, recent)


def test_a_machine_has_the_interval_that_it_says() -> None:
    found = paces(("a", {"interval": 10.0}), ("b", {"interval": 0.1}), ("c", {"interval": 2.0}))
    assert [found.interval(host) for host in ("a", "b", "c", "unheard")] == [10.0, 0.1, 2.0, 2.0]
    assert found.non_default_intervals() == {"a": 10.0, "b": 0.1}
    assert (found.cadences("a")["cpu"], found.cadences("a")["system"]) == (10.0, 60.0)
    assert (found.cadences("b")["cpu"], found.cadences("b")["processes"]) == (0.1, 5)
    assert found.cadences("c")["processes"] == 6.0


def test_a_reader_is_told_the_cadences_of_the_sources_that_it_may_read() -> None:
    settings: Any = SimpleNamespace(host_name="box", interval=2.0, heartbeat=15.0)
    buffer, sources = ReplayBuffer(retention=3600), {"mails@box": 90.0}
    greeting = Greeting(settings, buffer, paces(), sources, build="", clock=time.time)
    for scope in (FULL, Scope(events=("mails",)), Scope(hosts=("box",))):
        assert greeting.data(scope)["source_cadences"] == {"mails@box": 90.0}
    for scope in (Scope(events=("cpu",)), Scope(hosts=("far",))):
        assert greeting.data(scope)["source_cadences"] == {}


DEEP = '{"x":' * 2000 + "1" + "}" * 2000


@pytest.mark.parametrize("told", [{}, "[]", {"interval": None}, {"interval": "5"}, DEEP])
@pytest.mark.parametrize("interval", [0, -1, 3601, True])
def test_what_is_no_interval_is_none(told: object, interval: object) -> None:
    found = paces(("a", told), ("b", {"interval": interval}))
    assert found.non_default_intervals() == {}


def test_what_a_machine_said_holds_as_long_as_the_log_knows_the_machine() -> None:
    now = time.time()
    recent = ReplayBuffer(retention=30, clock=lambda: now)

    def log(name: str, told: object) -> None:
        event_id = EventId(int(now * 1000), 0)
        recent.add([Encoded.of(Event("a", name, json.dumps(told), event_id))])

    found = HostIntervals(FAMILIES, 2.0, recent)
    log("system", {"interval": 10.0})
    assert found.non_default_intervals() == {"a": 10.0}
    now += 20
    log("cpu", {"percent": 1.0})
    now += 20
    assert found.non_default_intervals() == {"a": 10.0}, "system comes once a minute"
    now += 20
    assert found.non_default_intervals() == {}
    log("cpu", {"percent": 1.0})
    assert found.interval("a") == 2.0, "nothing is kept of one that had gone"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of 0.2 s that knows two machines more, one of which says that it takes its time."""
    folder: Path = tmp_path_factory.mktemp("paces")
    with running(folder, INTERVAL=0.2, READ_TOKEN=TOKEN, SECRET_KEY=SECRET) as service:
        service._client.headers["Authorization"] = f"Bearer {TOKEN}"
        wait_for(lambda: service.get("/readyz").status_code == 200, "the service to be ready")
        events = [("cpu", host, {"percent": 5.0}) for host in ("slow", "unsaid")]
        service.append_all([*events, ("system", "slow", {"interval": 600.0})])
        yield service


def test_figures_are_exported_as_long_as_their_own_machine_keeps_its_pace(service: Service) -> None:
    def stale() -> dict[str, float]:
        marked = service.metric("vitals_family_stale")
        return {one["host"]: value for one, value in marked if one["family"] == "cpu"}

    wait_for(lambda: stale().get("unsaid") == 1, "the one that says nothing to be stale")
    assert stale()["slow"] == 0
    exported = {one["host"] for one, _ in service.metric("vitals_cpu_usage_ratio")}
    assert "slow" in exported
    assert "unsaid" not in exported


def test_hello_tells_the_intervals_that_differ_to_whoever_may_see_the_machine(
    service: Service, read: Read
) -> None:
    def told(events: str, hosts: str) -> object:
        link = key(events, hosts)
        return data(read(service, f"?key={link}").wait_for(1, "hello")[0])["intervals"]

    # A key for cpu alone does not bring the event in which the machine says it.
    assert told("cpu", "slow,box") == {"slow": 600.0}
    assert told("cpu", "box,unsaid") == {}
    wait_for(lambda: told("", "") == {"slow": 600.0}, "a greeting that is made anew each second")
