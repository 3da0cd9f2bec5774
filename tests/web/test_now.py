"""GET /now: the newest values, and no old one that looks new."""

import json
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.metrics import FAMILIES
from dashboard.metrics.catalogue.model import Catalogue
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.web.now import newest
from tests.support.service import Reader, Service, wait_for
from tests.web.test_problems import assert_is_problem


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("now"),
        INTERVAL=0.2,
        FIGURE='[{"name": "slow.length", "every": "5s"}]',
        COMMAND='[{"name": "mails", "run": ["echo", "5"], "every": "90s"}]',
    )
    service.clock_offset = -100
    service.append("slow", "box", time=1, length=1)
    service.append("once", "box", time=1, length=7, nothing=None)
    service.append("cpu", "gone", time=1, percent=5)
    service.append("once", "all", time=1, **{"a,b~c@d:e%": 3, "größe": 4})
    service.clock_offset = 0
    yield service.start().wait_until_ready()
    service.close()


def test_values_are_flat_with_the_age_of_the_oldest(service: Service) -> None:
    wait_for(lambda: service.get("/now?figures=cpu.percent").status_code == 200, "a sample")
    found = service.json("/now?figures=once.length,cpu.percent,once.nothing")
    assert found.keys() == {"host", "age", "once.length", "cpu.percent", "once.nothing"}
    assert (found["host"], found["once.length"], found["once.nothing"]) == ("box", 7, None)
    assert 0 <= found["cpu.percent"] <= 100
    assert found["age"] > 90
    assert service.json("/now?figures=cpu.percent&host=box")["age"] < 30


def test_values_may_be_below_their_events(service: Service) -> None:
    found = service.json("/now?figures=once.length,cpu.percent&form=nested")
    assert found.keys() == {"host", "age", "figures"}
    assert found["figures"].keys() == {"once", "cpu"}
    assert found["figures"]["once"] == {"length": 7}


def test_a_name_may_have_any_letters_and_signs_that_separate_names_as_codes(
    service: Service,
) -> None:
    name = "once.a%252Cb%257Ec@d%253ae%2525"
    found = service.json(f"/now?host=all&figures={name},once.größe")
    assert found.keys() == {"host", "age", "once.a,b~c@d:e%", "once.größe"}
    assert (found["once.a,b~c@d:e%"], found["once.größe"]) == (3, 4)
    for picture in (f"badge/{name}.svg", f"picture/{name}~once.größe.svg"):
        assert service.get(f"/{picture}?host=all").status_code == 200
    assert service.get("/badge/once.a%252Cb.svg?host=all").status_code == 404


def test_machines_may_be_called_in_any_script(service: Service) -> None:
    service.append("once", "größe-機", length=3)
    asked = "host=gr%C3%B6%C3%9Fe-%E6%A9%9F"
    apart = "host=gro%CC%88%C3%9Fe-%E6%A9%9F"
    now = f"/now?figures=once.length&{asked}"
    wait_for(lambda: service.get(now).status_code == 200, "the machine")
    for query in (asked, apart):
        found = service.json(f"/now?figures=once.length&{query}")
        assert (found["host"], found["once.length"]) == ("größe-機", 3)
        assert list(service.json(f"/history?since=200&{query}")["hosts"]) == ["größe-機"]
    assert service.get("/host/größe-機").status_code == 200
    assert service.get("/badge/once.length.svg?host=größe-機").status_code == 200
    with closing(Reader(service, "?events=once&host=größ*")) as reader:
        reader.wait_for(1, "once")
    compared = service.get("/compare?metric=cpu.percent&host=größe-機")
    assert compared.headers["Location"].isascii()


def test_old_values_are_503(service: Service) -> None:
    problem = assert_is_problem(service.get("/now?figures=cpu.percent&host=gone"), 503)
    assert "cpu.percent of gone is" in str(problem["detail"])
    assert_is_problem(service.get("/now?figures=slow.length"), 503)


def test_figures_of_a_command_come_as_often_as_it_is_run(service: Service) -> None:
    wait_for(lambda: service.get("/now?figures=mails.value").status_code == 200, "its output")
    rows = {row["name"]: row["every"] for row in service.json("/catalogue")["figures"]}
    assert (rows["mails.value"], rows["mails.exit_status"], rows["once.length"]) == (90, 90, None)

    def told(query: str) -> object:
        with closing(Reader(service, query)) as reader:
            return json.loads(reader.wait_for(1, "hello")[0].data)["source_cadences"]

    assert told("") == {"mails@box": 90}
    now = 1000.0
    buffer = ReplayBuffer(retention=3600, clock=lambda: now)
    buffer.add(
        Encoded(Event(host, "mails", '{"time": 1000, "value": 5}', EventId(1_000_000, number)))
        for number, host in enumerate(("box", "far"))
    )
    runtime = SimpleNamespace(
        hub=SimpleNamespace(replay_buffer=buffer),
        host_intervals=HostIntervals(FAMILIES, 1.0, buffer),
        source_cadences={"mails@box": 90},
    )
    served: Any = SimpleNamespace(runtime=runtime, catalogue=Catalogue())
    now += 271
    assert newest(served, "box", "mails.value").is_old
    assert not newest(served, "far", "mails.value").is_old
    now -= 2
    assert not newest(served, "box", "mails.value").is_old


def test_what_is_not_there_is_404(service: Service) -> None:
    assert_is_problem(service.get("/now?figures=cpu.speed"), 404)
    assert_is_problem(service.get("/now?figures=queue.length"), 404)
    assert_is_problem(service.get("/now?figures=cpu.percent&host=nobody"), 404)


@pytest.mark.parametrize("query", ["", "figures=", "figures=cpu", "figures=cpu.percent&x=1"])
def test_wrong_questions_are_400(service: Service, query: str) -> None:
    assert_is_problem(service.get(f"/now?{query}"), 400)
