"""Alerts of a real service: in the log, on the stream, at /alerts, and at a receiver; each once."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard.alerts.outbox import State
from tests.support.alert_receiver import Receiver
from tests.support.service import ROOT, Reader, Service, data, key, wait_for

Start = Callable[..., Service]
Read = Callable[..., Reader]

# Two limits for one figure, so that a later alert shows that no other came in between.
RULES = [
    {"name": "tight", "when": "memory.percent > 50", "clear": "< 40"},
    {"name": "tighter", "when": "memory.percent > 70", "clear": "< 60", "level": "critical"},
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


class Figure:
    """`memory.percent` of the services."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, value: float) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(str(value))
        draft.replace(self.path)


@pytest.fixture
def figure(tmp_path: Path) -> Figure:
    figure = Figure(tmp_path / "figure")
    figure.set(10)
    return figure


@pytest.fixture
def start(make_service: Start, figure: Figure, receiver: Receiver) -> Start:
    """Start a service with the rules above that sends to the receiver."""

    def start(*, notify: dict[str, Any] | None = None, workers: int = 1, **more: Any) -> Service:
        settings = {
            "INTERVAL": 0.1,
            "ALERT": json.dumps(RULES),
            "NOTIFY": json.dumps({"urls": [receiver.url], "rate": "1000/s"} | (notify or {})),
        }
        arguments = ("-c", str(ROOT / "tests" / "support" / "alerts_conf.py"))
        service = make_service(workers=workers, arguments=arguments, **(settings | more))
        service.environ["VITALS_FIGURE"] = str(figure.path)
        return service.start().wait_until_ready()

    return start


def said(service: Service) -> list[tuple[str, str]]:
    """Beginnings and ends of alerts that the log has."""
    events = [event.data for event in service.logged("alert")]
    return [(each["alert"], each["state"]) for each in events if each["state"] != "still"]


def told(service: Service) -> list[str]:
    """The open alerts of which the receiver is known to have been told."""
    (file,) = service.run_directory.glob("notify-*.json")
    return list(msgspec.json.decode(file.read_bytes(), type=State).told)


def test_raised_killed_restarted_and_cleared_each_once(
    start: Start, figure: Figure, receiver: Receiver, read: Read
) -> None:
    service = start()
    reader = read(service, "?events=alert")
    figure.set(55)
    receiver.wait_for("box: tight")
    said_first, _, most = receiver.messages[0]["message"].partition("; most: ")
    assert said_first == "[warning] memory.percent is 55, above 50"
    assert most == "" or most.endswith("B")  # before the first sample nobody is known
    assert receiver.messages[0]["type"] == "warning"
    event = reader.wait_for(1, "alert")[0]
    logged = service.logged("alert")[0]
    assert data(event) == logged.data
    assert {key: logged.data[key] for key in ("alert", "event", "level", "state", "value")} == {
        "alert": "tight",
        "event": "memory",
        "level": "warning",
        "state": "raised",
        "value": 55.0,
    }
    # The batch of the samples that made it.
    (sample,) = [
        e for e in service.logged("memory") if e.id.split("-")[0] == logged.id.split("-")[0]
    ]
    assert sample.data["percent"] == 55
    assert sample.data["time"] == logged.data["time"]

    wait_for(lambda: told(service) == ["tight"], "the note that it was told")
    service.stop(signal.SIGKILL)
    service.start().wait_until_ready()
    found = service.json("/alerts")
    assert [(a["alert"], a["since"]) for a in found["alerts"]] == [("tight", logged.data["since"])]
    figure.set(75)
    receiver.wait_for("box: tight", "box: tighter")

    wait_for(lambda: len(told(service)) == 2, "the note that it was told")
    service.stop(signal.SIGKILL)
    figure.set(5)  # it is over while nobody looks
    service.start().wait_until_ready()
    receiver.wait_for("box: tight", "box: tighter", "box: 2 alerts")
    assert receiver.messages[2]["message"].split("\n") == [
        "[over] memory.percent is 5, no longer above 50",
        "[over] memory.percent is 5, no longer above 70",
    ]
    assert receiver.messages[2]["type"] == "success"
    assert said(service) == [
        ("tight", "raised"),
        ("tighter", "raised"),
        ("tight", "cleared"),
        ("tighter", "cleared"),
    ]
    assert service.json("/alerts")["alerts"] == []
    ids = service.logged_ids("alert")
    assert [event.id for event in reader.wait_for(len(ids), "alert")] == ids


def test_what_a_receiver_did_not_take_is_sent_after_a_restart_once(
    start: Start, figure: Figure, receiver: Receiver
) -> None:
    receiver.status = 503
    service = start(WALL_URL="https://wall.example")
    figure.set(55)
    wait_for(lambda: receiver.asked >= 2, "a second try")
    service.stop(signal.SIGKILL)
    receiver.status = 200
    service.start().wait_until_ready()
    receiver.wait_for("box: tight")
    logged = service.logged("alert")[0]
    link = f" https://wall.example/host/box?at={logged.data['since']:.0f}"
    assert receiver.messages[0]["message"].endswith(link)
    figure.set(75)
    receiver.wait_for("box: tight", "box: tighter")
    assert said(service) == [("tight", "raised"), ("tighter", "raised")]
    assert "503" in service.output.read_text()
    assert receiver.url not in service.output.read_text()


def test_what_was_raised_before_the_message_could_be_sent_is_sent_after_a_kill(
    start: Start, figure: Figure, receiver: Receiver
) -> None:
    service = start(NOTIFY="{}")
    figure.set(55)
    wait_for(lambda: said(service) == [("tight", "raised")], "the alert in the log")
    service.stop(signal.SIGKILL)
    # As if it had been killed between the two: now there is somebody to tell.
    service.settings["NOTIFY"] = json.dumps({"urls": [receiver.url]})
    service.start().wait_until_ready()
    receiver.wait_for("box: tight")
    figure.set(75)
    receiver.wait_for("box: tight", "box: tighter")
    assert said(service) == [("tight", "raised"), ("tighter", "raised")]


def test_another_worker_takes_over_what_is_raised(
    start: Start, figure: Figure, receiver: Receiver
) -> None:
    service = start(workers=2)
    figure.set(55)
    receiver.wait_for("box: tight")
    wait_for(lambda: told(service) == ["tight"], "the note that it was told")
    leader = service.leader()
    os.kill(leader, signal.SIGKILL)
    wait_for(lambda: service.leader() != leader, "another worker to lead")
    figure.set(75)
    receiver.wait_for("box: tight", "box: tighter")
    figure.set(5)
    receiver.wait_for("box: tight", "box: tighter", "box: 2 alerts")
    assert len(said(service)) == 4


@pytest.mark.parametrize(
    "kills", [5, pytest.param(60, marks=[pytest.mark.full, pytest.mark.timeout(600)])]
)
def test_whenever_the_leader_is_killed_nothing_is_told_twice_and_nothing_forgotten(
    start: Start, figure: Figure, receiver: Receiver, kills: int
) -> None:
    """Only what had arrived, and was not noted yet at the kill, may come again."""
    moments = random.Random(17)
    service = start(workers=2)
    again: set[str] = set()
    expected = []

    def lines() -> list[str]:
        return [line for each in list(receiver.messages) for line in each["message"].split("\n")]

    def arrived(value: float) -> list[str]:
        return [line.partition(";")[0] for line in lines() if f" is {value:g}, " in line]

    for number in range(kills):
        value = round((51, 1)[number % 2] + 0.3 * number, 1)  # its messages are known by it
        figure.set(value)
        time.sleep(moments.uniform(0, 0.6))  # it is sampled, logged, on its way, or told
        leader = service.leader()
        notes = [file.read_bytes() for file in service.run_directory.glob("notify-*.json")]
        os.kill(leader, signal.SIGKILL)
        newest = lines()[-1].partition(";")[0] if lines() else ""
        is_noted = any(
            ("tight" in state.told) == ("[over]" not in newest) and not state.ended
            for state in (msgspec.json.decode(note, type=State) for note in notes)
        )
        if not is_noted:
            again.add(newest)
        wait_for(lambda value=value: arrived(value), f"to be told of {value}")  # type: ignore[misc]
        expected.append(arrived(value)[0])
        wait_for(lambda last=leader: service.leader() != last, "the next")  # type: ignore[misc]
    figure.set(75)
    wait_for(lambda: arrived(75.0), "a later message")
    found = [line.partition(";")[0] for line in lines() if "is 75" not in line]
    assert list(dict.fromkeys(found)) == expected
    assert {line for line in found if found.count(line) > 1} <= again
    states = ["raised", "cleared"] * kills
    assert [state for name, state in said(service) if name == "tight"][:kills] == states[:kills]


def test_a_message_on_its_way_at_a_reload_arrives_once(
    start: Start, figure: Figure, receiver: Receiver
) -> None:
    service = start()
    (worker,) = service.worker_pids()
    receiver.open.clear()
    figure.set(55)
    receiver.wait_for("box: tight")
    os.kill(service.pid, signal.SIGHUP)
    wait_for(lambda: set(service.worker_pids()) - {worker}, "another worker")
    receiver.open.set()
    wait_for(lambda: worker not in service.worker_pids(), "the old worker to end")
    service.wait_until_ready()
    figure.set(75)
    receiver.wait_for("box: tight", "box: tighter")


def test_a_receiver_that_hangs_holds_up_neither_samples_nor_streams(
    start: Start, figure: Figure, receiver: Receiver, read: Read
) -> None:
    service = start()
    reader = read(service, "?events=cpu")
    receiver.open.clear()
    figure.set(55)
    wait_for(lambda: receiver.asked == 1, "the message")
    reader.wait_for(len(reader.named("cpu")) + 10, "cpu")
    assert service.json("/alerts")["alerts"][0]["alert"] == "tight"
    assert receiver.asked == 1


def test_a_url_that_apprise_does_not_know_is_told_without_what_is_secret_in_it(
    start: Start, figure: Figure, receiver: Receiver
) -> None:
    service = start(notify={"urls": ["nonsense://user:hunter2@host/", receiver.url]})
    figure.set(55)
    receiver.wait_for("box: tight")
    told = "no alerts go to notify URL 1 (nonsense): apprise does not know such a URL"
    wait_for(lambda: told in service.output.read_text(), "the reason")
    assert "hunter2" not in service.output.read_text()
    assert not any("hunter2" in f.read_text() for f in service.run_directory.glob("notify-*"))


def test_the_built_in_rules_are_on_and_no_trouble(start_service: Start) -> None:
    service = start_service(INTERVAL=0.1, ALERTS="{}").wait_until_ready()
    wait_for(lambda: len(service.logged("cpu")) > 20, "some samples")
    assert "failed" not in service.output.read_text()
    # Whether one of them has something to say depends on the machine; this one always has.
    always = json.dumps([{"name": "memory-full", "when": "memory.percent > 0"}])
    service.settings["ALERT"] = always
    service.stop(signal.SIGKILL)
    service.start()
    wait_for(lambda: ("memory-full", "raised") in said(service), "the alert")


# GET /alerts.


@pytest.fixture(scope="module")
def quiet_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("alerts"))
    yield service.start()
    service.close()


def test_the_open_alerts_of_all_hosts_newest_first(quiet_service: Service) -> None:
    service = quiet_service
    first = service.append("alert", "a", alert="x", state="raised", since=100.0, level="info")
    service.append("alert", "b", alert="x", state="raised", since=300.0, message="m", other=1)
    second = service.append("alert", "b", alert="x", state="still", since=300.0, message="m")
    third = service.append("alert", "a", alert="y", state="raised", since=200.0)
    service.append("alert", "a", alert="z", state="raised")
    service.append("alert", "a", alert="z", state="cleared")
    service.append("alert", "a", alert="q", state="odd")
    last = service.append("alert", "a", nothing="at all")
    found = service.json("/alerts")
    assert [alert["id"] for alert in found["alerts"]] == [second, third, first]
    assert found["alerts"][0] == {
        "id": second,
        "host": "b",
        "time": found["alerts"][0]["time"],
        "alert": "x",
        "rule": "",
        "level": "warning",
        "state": "still",
        "event": "",
        "value": None,
        "threshold": None,
        "since": 300.0,
        "message": "m",
        "url": "/host/b?at=300",
    }
    assert key(found["last_event_id"]) >= key(last)
    only_a = service.json("/alerts?host=a")["alerts"]
    assert [alert["id"] for alert in only_a] == [third, first]
    service.append_all(
        [("alert", h, {"alert": n, "state": "cleared"}) for h, n in ("ax", "bx", "ay")]
    )
    assert service.json("/alerts")["alerts"] == []


def test_alerts_of_machines_that_are_gone_are_unknown(quiet_service: Service) -> None:
    service = quiet_service
    for host in ("here", "left", "dead"):
        service.append("alert", host, alert="hot", state="raised")
    service.append(
        "alert", "dead", alert="host-silent", rule="host-silent", judge="b", state="raised"
    )
    service.append("system", "here", leaving=False)
    service.append("system", "left", leaving=True)

    def unknown() -> dict[tuple[str, str], bool]:
        found = service.json("/alerts?host=here,left,dead")["alerts"]
        return {(each["host"], each["alert"]): each.get("unknown", False) for each in found}

    expected = {("here", "hot"): False, ("left", "hot"): True, ("dead", "hot"): True}
    wait_for(lambda: unknown() == expected | {("dead", "host-silent"): False}, f"{expected}")
    for host in ("here", "left", "dead"):
        service.append("alert", host, alert="hot", state="cleared")
    service.append("alert", "dead", alert="host-silent", judge="b", state="cleared")


@pytest.mark.parametrize("query", ["?hosts=a", "?host=a%20b", "?host=a&host=b", "?x=1"])
def test_a_wrong_query_is_refused(quiet_service: Service, query: str) -> None:
    response = quiet_service.get(f"/alerts{query}")
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["key"]


def test_they_need_the_right_to_read(start_service: Start) -> None:
    service = start_service(READ_TOKEN="s" * 16)
    assert service.get("/alerts").status_code == 401
    allowed = service.get("/alerts", headers={"Authorization": f"Bearer {'s' * 16}"})
    assert allowed.json()["alerts"] == []


def test_what_was_sent_is_kept_beside_the_log_for_the_owner_alone(
    start: Start, figure: Figure, receiver: Receiver
) -> None:
    service = start()
    figure.set(55)
    receiver.wait_for("box: tight")

    wait_for(lambda: told(service) == ["tight"], "the note that it was told")
    (lock,) = service.run_directory.glob("notify-*.lock")
    assert lock.stat().st_mode & 0o077 == 0
