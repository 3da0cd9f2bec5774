"""The agent, which samples for a dashboard elsewhere, over HTTP, a file or Redis: docs/fleet.md."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.events.encoded import LOG_START
from dashboard.events.event import EventId
from dashboard.log.redis.engine import RedisLog
from tests.cli.test_commands import environ, run
from tests.support.agents import Agent
from tests.support.redis_server import RedisServer
from tests.support.service import ROOT, Reader, Service, data, running, wait_for
from tests.web.test_problems import assert_is_problem

TOKEN = "publish-me-if-you-can"
RULE = [{"name": "tight", "when": "memory.percent > 50", "clear": "< 40"}]
Make = Callable[..., Agent]


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The dashboard of this module; tests that kill it start it again."""
    folder = tmp_path_factory.mktemp("wall")
    with running(folder, PUBLISH_TOKEN=TOKEN, INTERVAL=0.2) as service:
        yield service.wait_until_ready()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make agents, each in a folder of its own, and don't start them yet."""
    agents: list[Agent] = []

    def make(host: str, log: str, **settings: object) -> Agent:
        folder = tmp_path / f"agent-{len(agents)}"
        folder.mkdir()
        given = {"HOST_NAME": host, "LOG": log, "PUBLISH_TOKEN": TOKEN}
        agents.append(Agent(folder, **(given | settings)))
        return agents[-1]

    yield make
    for agent in agents:
        agent.close()


def times(service: Service, host: str, name: str = "cpu") -> list[float]:
    """The times of a host's samples in the log, in the log's order."""
    return [event.data["time"] for event in service.logged(name, host=host)]


def pss(pid: int) -> int:
    """Bytes of memory that a process takes; what it shares is divided among its users."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith("Pss:")]
    return int(kilobytes) << 10


# Over HTTP.


def test_the_figures_of_both_machines_are_on_one_stream(
    wall: Service, make: Make, read: Callable[..., Reader]
) -> None:
    reader = read(wall, "?events=cpu,system")
    agent = make("größe-1", wall.url, HOST_TAGS="web,eu-1").start("-m", "flask", "agent")
    wait_for(
        lambda: all(
            {"größe-1", "box"} <= {data(event)["host"] for event in reader.named(name)}
            for name in ("cpu", "system")
        ),
        "figures of both",
    )
    assert set(wall.json("/history?events=cpu")["hosts"]) == {"größe-1", "box"}
    expected = {"box": [], "größe-1": ["web", "eu-1"]}

    def tags() -> dict[str, object]:
        events = [data(event) for event in reader.named("system")]
        return {event["host"]: event["tags"] for event in events if "tags" in event}

    wait_for(lambda: tags() == expected, "the tags of both")
    # The exposition is read by prometheus-client's own parser.
    gauges = {labels["host"]: value for labels, value in wall.metric("node_memory_MemTotal_bytes")}
    assert gauges.keys() == {"größe-1", "box"}
    assert "dashboard.agent" in Path(f"/proc/{agent.pid}/cmdline").read_text()
    assert pss(agent.pid) < 40_000_000
    assert agent.end(signal.SIGINT) == 0


def test_what_was_sampled_while_the_dashboard_was_away_arrives_once_and_in_order(
    wall: Service, make: Make, read: Callable[..., Reader]
) -> None:
    agent = make("patient", wall.url).start()
    brimful = make("brimful", wall.url)
    brimful.environ["VITALS_MOST"] = "20"
    brimful.start()
    reader = read(wall, "?events=cpu&host=patient")
    reader.wait_for(3, "cpu")
    wait_for(lambda: len(times(wall, "brimful")) > 3, "samples of the other agent")
    wall.stop(signal.SIGKILL)
    killed = time.time()
    agent.wait_until_said("samples are held until it takes them")
    brimful.wait_until_said("no room for more samples: the oldest are dropped")
    wait_for(lambda: time.time() > killed + 2, "an absence of some samples")
    wall.start()
    started = time.time()
    wait_for(lambda: times(wall, "patient")[-1] > started, "the newest samples")
    agent.wait_until_said("the log is back after")
    for name in ("cpu", "memory", "network"):
        found = times(wall, "patient", name)
        assert found == sorted(set(found)), name
        assert len([at for at in found if killed < at < started]) > 2, name
    wait_for(lambda: data(reader.named("cpu")[-1])["time"] > started, "the newest on the stream")
    received = [data(event)["time"] for event in reader.named("cpu") if event.id]
    assert received == sorted(set(received))
    assert agent.said().count("samples are held") == 1

    # Who had no room for all of it says how much is missing, and the charts have a gap there.
    brimful.wait_until_said("events were dropped meanwhile")
    assert brimful.said().count("no room") == 1
    wait_for(lambda: times(wall, "brimful")[-1] > started, "samples after that")
    found = times(wall, "brimful")
    assert found == sorted(set(found))
    cpu = wall.json("/history?host=brimful&events=cpu")["hosts"]["brimful"]["cpu"]
    gaps = [at for at, percent in zip(cpu["time"], cpu["percent"], strict=True) if percent is None]
    assert any(killed - 1 < at < started for at in gaps), cpu


def test_at_the_end_it_sends_what_it_has(wall: Service, make: Make) -> None:
    agent = make("leaving", wall.url).start()
    wait_for(lambda: times(wall, "leaving"), "samples")
    (worker,) = wall.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    try:
        stopped = time.time()
        wait_for(lambda: time.time() > stopped + 1, "samples that can't be sent")
        assert agent.process is not None
        agent.process.send_signal(signal.SIGTERM)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert agent.wait() == 0
    assert times(wall, "leaving")[-1] > stopped
    assert [row.data["message"] for row in wall.logged("agent", host="leaving")] == [
        "stopped in order"
    ]
    assert "not logged" not in agent.said()


def test_what_is_wrong_is_said_once_and_it_goes_on_trying(wall: Service, make: Make) -> None:
    agents = {
        "Connection refused; samples are held": make("lost", "http://127.0.0.1:1"),
        "401 publishing needs PUBLISH_TOKEN": make("spy", wall.url, PUBLISH_TOKEN="x" * 16),
        "422 agent='box': this is the name of the machine that serves here": make("box", wall.url),
        "404 ": make("astray", f"{wall.url}/elsewhere"),
    }
    for agent in agents.values():
        agent.start()
    for words, agent in agents.items():
        agent.wait_until_said(words)
    for words, agent in agents.items():
        assert agent.end() == 0
        assert agent.said().count(words) == 1
        assert "events were not logged" in agent.said()
        assert TOKEN not in agent.said()
    assert not wall.logged(host="spy")


@pytest.mark.parametrize("moment", ["sent", "noted", "never"])
def test_no_alert_is_raised_twice_whenever_it_is_killed(
    wall: Service, make: Make, moment: str
) -> None:
    host = f"killed-{moment}"
    agent = make(host, wall.url, ALERT=json.dumps(RULE))
    figure = agent.folder / "figure"
    figure.write_text("55")
    agent.environ = {"VITALS_FIGURE": str(figure), "VITALS_KILL": moment}
    agent.start()

    def said() -> list[str]:
        return [event.data["state"] for event in wall.logged("alert", host=host)]

    wait_for(said, "the alert")
    assert (agent.end(signal.SIGKILL) if moment == "never" else agent.wait()) == -signal.SIGKILL
    before = len(times(wall, host, "memory"))
    del agent.environ["VITALS_KILL"]
    agent.start()
    wait_for(lambda: len(times(wall, host, "memory")) > before + 3, "samples of the next process")
    assert said() == ["raised"]
    draft = agent.folder / "draft"
    draft.write_text("30")
    draft.replace(figure)
    wait_for(lambda: len(said()) > 1, "its end")
    assert said() == ["raised", "cleared"]
    # The facts of `system` come anew when a family turns out to be missing, also in the same tick.
    found = [(e.name, json.dumps(e.data)) for e in wall.logged(host=host)]
    assert len(found) == len(set(found)), "something was logged twice"
    assert agent.end() == 0


def test_of_two_agents_of_one_machine_one_samples(wall: Service, make: Make) -> None:
    first = make("twin", wall.url)
    second = make("twin", wall.url, INSTANCE=first.folder)
    first.start().wait_until_said("sampling twin")
    second.start().wait_until_said("another process samples twin here")
    assert "sampling" not in second.said()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second.wait_until_said("sampling twin")
    killed = time.time()
    wait_for(lambda: times(wall, "twin")[-1] > killed, "samples of the second")
    found = times(wall, "twin")
    assert found == sorted(set(found))


# Over a log that others read, too.


def test_over_a_file_it_goes_on_from_what_the_log_says(wall: Service, make: Make) -> None:
    log = str(wall.settings["LOG"])
    agent = make("beside", log, ALERT=json.dumps(RULE))
    figure = agent.folder / "figure"
    figure.write_text("55")
    agent.environ = {"VITALS_FIGURE": str(figure)}
    agent.start()
    wait_for(lambda: wall.logged("alert", host="beside"), "the alert")
    agent.end(signal.SIGKILL)
    before = len(times(wall, "beside", "memory"))
    agent.start()
    wait_for(lambda: len(times(wall, "beside", "memory")) > before + 3, "more samples")
    assert [event.data["state"] for event in wall.logged("alert", host="beside")] == ["raised"]
    # The service samples its own machine over the same log: whoever comes second waits.
    other = make("box", log).start()
    other.wait_until_said("another process samples box here")
    assert other.end() == 0


def test_over_redis_nothing_is_missing_or_there_twice_after_a_crash(
    tmp_path: Path, make: Make
) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    redis = RedisServer(folder).start()
    log = RedisLog(redis.url, folder / "run", retention=3600)

    def found() -> list[float]:
        events = log.read_range(LOG_START, EventId(1 << 60, 0), names=["cpu"], limit=10_000)
        return [json.loads(event.data)["time"] for event in events]

    try:
        agent = make("far", redis.url).start()
        wait_for(lambda: len(found()) > 3, "samples")
        redis.kill()
        killed = time.time()
        agent.wait_until_said("samples are held until it takes them")
        redis.start()
        agent.wait_until_said("the log is back after")
        back = time.time()
        wait_for(lambda: found()[-1] > back, "the newest samples")
        times = found()
        assert times == sorted(set(times))
        assert [at for at in times if at > killed]
        assert agent.end() == 0
        assert "not logged" not in agent.said()
    finally:
        log.close()
        redis.stop()


# POST /events?agent=


@pytest.mark.parametrize(
    ("query", "body", "status", "key", "words"),
    [
        ("agent=box", {"event": "cpu", "data": {}}, 422, "agent", "its own"),
        ("agent=a+b", {"event": "cpu", "data": {}}, 400, "agent", "host name"),
        ("agent=", {"event": "cpu", "data": {}}, 400, "agent", "host name"),
        ("agents=a", {"event": "cpu", "data": {}}, 400, "agents", "allowed: agent"),
        ("agent=a", {"event": "notice", "data": {}}, 422, "event", "an agent sends"),
        ("agent=a", {"event": "cpu", "data": {}, "host": "b"}, 422, "host", "agent of a"),
        ("agent=a", {"event": "cpu", "data": {"percent": "5"}}, 422, "data", "cpu.percent"),
        ("", {"event": "cpu", "data": {}}, 422, "event", "reserved"),
    ],
)
def test_what_is_no_agents_is_refused(
    wall: Service, query: str, body: dict[str, Any], status: int, key: str, words: str
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = wall.request("POST", f"/events?{query}", json=body, headers=headers)
    problem = assert_is_problem(response, status)
    assert problem["key"] == key
    assert words in str(problem["detail"])


def test_an_agents_events_need_the_token_too(wall: Service) -> None:
    body = {"event": "cpu", "data": {}}
    assert wall.request("POST", "/events?agent=far", json=body).status_code == 401


# Settings.


def test_a_folder_that_cannot_be_made_is_said_once_and_tried_again(make: Make) -> None:
    agent = make("far", "http://127.0.0.1:1")
    blocked = agent.folder / "blocked"
    blocked.write_text("no folder")
    agent.settings["INSTANCE"] = blocked
    agent.start().wait_until_said("Not a directory")
    assert agent.end() == 0
    assert agent.said().count("Not a directory") == 1


@pytest.mark.parametrize(
    "server",
    ["gunicorn -b 127.0.0.1:0", "gevent.monkey --module flask run -p 0", "flask --debug run -p 0"],
)
def test_a_service_does_not_start_over_a_log_that_it_cannot_read(server: str) -> None:
    env = environ(LOG="https://wall.example", PUBLISH_TOKEN=TOKEN)
    command = [sys.executable, "-m", *server.split()]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"LOG='https://wall.example'" in done.stderr
    assert b"`flask agent` is for it; a service has a log of sqlite:/// or redis://" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_flask_run_says_at_once_that_it_needs_gevent() -> None:
    done = run("run", "-p", "0", env=environ(), program="flask")
    assert done.returncode == 2
    assert b"such as `python -m gevent.monkey --module flask run`" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_flask_run_is_bound_only_to_loopback_without_a_token(host: str) -> None:
    run = ("-m", "gevent.monkey", "--module", "flask", "run", "-p", "0", "-h", host)
    command = [sys.executable, *run]
    done = subprocess.run(command, cwd=ROOT, env=environ(), capture_output=True, timeout=60)
    assert done.returncode == 2
    said = (
        f"bound to {host}, which others can reach, without a READ_TOKEN: set DASHBOARD_READ_TOKEN"
    )
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_an_agent_needs_the_token_of_a_vitals() -> None:
    done = run("agent", env=environ(LOG="https://wall.example"))
    assert done.returncode == 2
    assert done.stderr == (
        b"Vitals: LOG='https://wall.example' wants a token: PUBLISH_TOKEN is to be the one of that "
        b"Vitals\n"
    )


def test_commands_publish_where_the_agents_log_is(wall: Service) -> None:
    done = run("publish", "deploy", env=environ(LOG=wall.url, PUBLISH_TOKEN=TOKEN, HOST_NAME="x"))
    assert done.returncode == 0, done.stderr
    assert [event.host for event in wall.logged("deploy")] == ["x"]
