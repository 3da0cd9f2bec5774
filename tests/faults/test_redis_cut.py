"""The network to Redis is cut: packets vanish, and nobody is told. Later it is there again.

In the namespace of tests/support/network.py. A dashboard of two workers with readers, two agents,
one of them with little room, and a program that appends all the time have to find back alone.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.log.test_redis_trouble import (
    Writer,
    assert_all_samples_are_logged,
    assert_each_once,
    is_unlogged,
)
from tests.page.wall import measured
from tests.server.test_trouble import all_say
from tests.support.agents import Agent
from tests.support.network import Network
from tests.support.redis_server import RedisServer
from tests.support.service import Reader, Service, data, key, more, wait_for

INTERVAL = 0.5
# Each sample is some six events: the one with little room has some for a few seconds.
LITTLE_ROOM = 30


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    try:
        if network.trouble:
            assert "CI" not in os.environ, f"no network can be made: {network.trouble}"
            pytest.skip(f"no network can be made here: {network.trouble}")
        yield network
    finally:
        network.close()


@pytest.fixture
def server(tmp_path: Path, network: Network) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder, port=6379, network=network)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def writer(server: RedisServer) -> Iterator[Writer]:
    writer = Writer(server)
    yield writer
    writer.close()


@pytest.fixture
def agents(tmp_path: Path, server: RedisServer) -> Iterator[list[Agent]]:
    """`roomy` and `tight`."""
    agents = []
    for name in ("roomy", "tight"):
        folder = tmp_path / name
        folder.mkdir()
        log = f"redis://{server.address}:{server.port}/0?run_directory={folder / 'run'}"
        agents.append(Agent(folder, HOST_NAME=name, LOG=log, INTERVAL=INTERVAL))
    agents[1].environ = {"VITALS_MOST": str(LITTLE_ROOM)}
    yield agents
    for agent in agents:
        agent.close()


def times(service: Service, host: str) -> list[float]:
    """When the samples of a host were taken, in the order in which they were logged."""
    return [row.data["time"] for row in service.logged("cpu", host=host)]


@pytest.mark.parametrize("seconds", [12, pytest.param(60, marks=pytest.mark.full)])
def test_the_network_to_redis_is_cut(
    network: Network,
    server: RedisServer,
    writer: Writer,
    agents: list[Agent],
    start_service: Callable[..., Service],
    read: Callable[..., Reader],
    seconds: int,
) -> None:
    service = start_service(workers=2, LOG=server.url, INTERVAL=INTERVAL).wait_until_ready()
    for agent in agents:
        agent.start().wait_until_said("sampling")
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(6)]
    more(readers, "cpu", 3)
    writer.some_more()
    for host in ("roomy", "tight"):
        wait_for(lambda: times(service, host), f"samples of {host}")  # noqa: B023

    network.cut()
    cut_at = time.time()
    wait_for(lambda: all(map(is_unlogged, readers)), "unlogged samples")
    wait_for(lambda: all_say(service, ready=False), "all workers to say so")
    measured("cut off, until all workers say that they are", time.time() - cut_at)
    for agent in agents:
        agent.wait_until_said("samples are held until it takes them")
    agents[1].wait_until_said("the oldest are dropped")
    while time.time() < cut_at + seconds:
        more(readers, "cpu", 2)
        assert service.get("/").status_code == 200
    network.mend()
    mended_at = time.time()

    writer.some_more()
    measured("mended, until who appends may again", time.time() - mended_at)
    wait_for(lambda: not any(map(is_unlogged, readers)), "logged samples")
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    for agent in agents:
        agent.wait_until_said("the log is back after")
    for host in ("box", "roomy", "tight"):
        wait_for(lambda: times(service, host)[-1] > mended_at, f"new samples of {host}")  # noqa: B023
    measured("mended, until all is as before", time.time() - mended_at)

    writer.some_more()
    last = writer.told[-1]
    told = [event_id for event_id in writer.told if key(start) < key(event_id) <= key(last)]
    for reader in readers:
        reader.wait_for_id(last)
        assert_each_once(reader, told)
        assert reader.connects == 1
        assert reader.named("gap") == []
    logged = [i for i in service.logged_ids() if key(start) < key(i) <= key(last)]
    assert [i for i in readers[0].logged_ids() if key(i) <= key(last)] == logged
    print(f"measured: {len(logged)} events, {len(told)} of who appends, to each reader once")
    numbers = [data(event)["number"] for event in readers[0].named("news")]
    assert len(numbers) == len(set(numbers)), "appended once, logged twice"
    assert_all_samples_are_logged(service, readers[0])
    assert "Traceback" not in service.output.read_text()

    # An agent with room enough has told all it saw, and the other one's gap is one.
    assert "were dropped" not in agents[0].said()
    during = {
        host: [at for at in times(service, host) if cut_at < at < mended_at]
        for host in ("roomy", "tight")
    }
    for host in during:
        logged_times = times(service, host)  # at once: more come all the time
        assert logged_times == sorted(set(logged_times))
    print("measured: of the cut's samples logged:", {host: len(at) for host, at in during.items()})
    assert len(during["roomy"]) > 2 * len(during["tight"])
    assert "dropped meanwhile" in agents[1].said()
    drawn = service.json("/history?since=300&points=20000&host=tight&events=cpu")
    assert None in drawn["hosts"]["tight"]["cpu"]["percent"], "drawn over the gap"
    for agent in agents:
        assert "Traceback" not in agent.said()
        assert agent.end() == 0
