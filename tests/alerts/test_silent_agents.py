"""Real agents that die, freeze, lose their network or leave: told once each, however often the
dashboard is started again meanwhile.
"""

import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.agents import Agent
from tests.support.alert_receiver import Receiver
from tests.support.network import Network
from tests.support.redis_server import free_port
from tests.support.service import ROOT, Service, wait_for
from tests.web.test_silences import TOKEN

# One machine in a message's line, or several at once.
ONE = re.compile(r"\[(critical|over)\] (\S+?):? (?:nothing for|is back)")
MANY = re.compile(r"\[(critical|over)\] \d+ machines are (?:silent|back): (.+)")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def network() -> Iterator[Network | None]:
    """A network that can be cut; None where none can be made."""
    with closing(Network()) as network:
        assert not network.trouble or "CI" not in os.environ, network.trouble
        yield None if network.trouble else network


@pytest.fixture
def make_agent(tmp_path: Path) -> Iterator[Callable[[str, str], Agent]]:
    agents: list[Agent] = []

    def make(host: str, log: str) -> Agent:
        folder = tmp_path / host
        folder.mkdir()
        agents.append(Agent(folder, HOST_NAME=host, LOG=log, PUBLISH_TOKEN=TOKEN))
        return agents[-1]

    yield make
    for agent in agents:
        agent.close()


def told(receiver: Receiver) -> Counter[tuple[str, str]]:
    """How often what was said of each machine that was silent."""
    found: Counter[tuple[str, str]] = Counter()
    for line in (line for each in list(receiver.messages) for line in each["message"].split("\n")):
        if one := ONE.match(line):
            found[one[2], one[1]] += 1
        elif many := MANY.match(line):
            found.update((host, many[1]) for host in many[2].split(", "))
    return found


def assert_in_time(service: Service, silent: list[str], receiver: Receiver) -> None:
    """The messages left within 45 s of the last signs of life, by the log's clock."""
    for host in silent:
        samples = [row.id for row in service.logged(host=host) if row.name != "alert"]
        heard = int(samples[-1].partition("-")[0]) / 1000
        (raised,) = [
            row.data["time"]
            for row in service.logged("alert", host=host)
            if row.data["rule"] == "host-silent"
        ]
        arrived = next(
            at
            for at, message in zip(receiver.arrived, receiver.messages, strict=True)
            if re.search(rf"\b{host}\b", message["message"])
        )
        print(f"measured: {host} raised after {raised - heard:.1f} s, told {arrived - heard:.1f} s")
        assert 30 < raised - heard < 36
        assert arrived - heard < 45


@pytest.mark.parametrize(
    ("silence", "restarts"),
    [
        pytest.param(8, 2, marks=pytest.mark.full),
        pytest.param(30, 10, marks=[pytest.mark.full, pytest.mark.timeout(600)]),
    ],
)
def test_each_way_to_fall_silent_is_told_once_and_one_that_leaves_is_not(
    make_service: Callable[..., Service],
    make_agent: Callable[[str, str], Agent],
    network: Network | None,
    receiver: Receiver,
    silence: int,
    restarts: int,
) -> None:
    arguments = ["-c", str(ROOT / "tests" / "support" / "silence_conf.py")]
    outside = ""
    if network:
        first, _, last = network.address.rpartition(".")
        outside = f"{first}.{int(last) - 1}:{free_port()}"
        arguments += ["-b", outside]
    notify = json.dumps({"urls": [receiver.url], "rate": "1000/s"})
    service = make_service(
        arguments=tuple(arguments), ALERTS="{}", NOTIFY=notify, PUBLISH_TOKEN=TOKEN, PUBLIC=1
    )
    service.environ["VITALS_SILENCE"] = str(silence)
    service.start().wait_until_ready()

    agents = {host: make_agent(host, service.url) for host in ("killed", "frozen", "late", "left")}
    agents["hour"] = make_agent("hour", service.url)
    agents["hour"].environ["VITALS_CLOCK"] = "-3600"
    for agent in agents.values():
        agent.start()
    if network:
        agents["cut"] = make_agent("cut", f"http://{outside}")
        command = [*network.inside(), sys.executable, "-m", "dashboard.agent"]
        agents["cut"].start("-c", f"import os; os.execv({command[0]!r}, {command!r})")
    for host in agents:
        wait_for(lambda host=host: service.logged("cpu", host=host), f"samples of {host}")  # type: ignore[misc]
    (newest,) = [row.data["time"] for row in service.logged("cpu", host="hour")][-1:]
    assert newest < time.time() - 3000

    agents["killed"].end(signal.SIGKILL)
    agents["hour"].end(signal.SIGKILL)
    os.kill(agents["frozen"].pid, signal.SIGSTOP)
    if network:
        network.cut()
    agents["left"].end(signal.SIGTERM)
    silent = [host for host in agents if host not in ("late", "left")]
    once = Counter((host, "critical") for host in silent)
    wait_for(lambda: told(receiver) >= once, "the silent to be told", timeout=silence + 30)
    if silence == 30:
        assert_in_time(service, silent, receiver)
    for number in range(restarts):
        service.stop(signal.SIGKILL if number % 2 else signal.SIGTERM)
        service.start().wait_until_ready()
    # That this one is told shows that the last dashboard has listened for long enough.
    count = len(service.logged("cpu", host="late"))
    wait_for(lambda: len(service.logged("cpu", host="late")) > count, "a sample of the last")
    agents["late"].end(signal.SIGKILL)
    once["late", "critical"] = 1
    wait_for(lambda: told(receiver) >= once, "the last one to be told", timeout=silence + 30)
    left = [(row.id, row.name, row.data) for row in service.logged("system", host="left")]
    assert told(receiver) == once, left

    os.kill(agents["frozen"].pid, signal.SIGCONT)
    if network:
        network.mend()
    for host in ("killed", "hour", "late"):
        agents[host].start()
    once.update((host, "over") for host in [*silent, "late"])
    wait_for(lambda: told(receiver) >= once, "all to be back", timeout=60)
    assert told(receiver) == once
    logged = [row.data for row in service.logged("alert") if row.data["rule"] == "host-silent"]
    states = {"raised": "critical", "cleared": "over"}
    said = ((each["host"], states.get(each["state"], "")) for each in logged)
    assert Counter(said) == once
