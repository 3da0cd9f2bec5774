"""Two dashboards over one Redis behind a proxy: who watches moves from one to the other.

Each is restarted in turn. Streams begin anew at the other one, after their last id; nothing is lost
and nothing comes twice, to programs and to a page.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.page.far import Machine
from tests.page.relay import HAProxy, Nginx, Proxy
from tests.page.wall import Wall
from tests.support.redis_server import RedisServer
from tests.support.service import Reader, Service, data, key, wait_for

INTERVAL = 0.2


@pytest.fixture(scope="module")
def dashboards(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Service]]:
    services = []
    for name in ("one", "two"):
        folder = tmp_path_factory.mktemp(name)
        log = f"unix://{redis_server.path}?run_directory={folder / 'run'}"
        services.append(Service(folder, LOG=log, HOST_NAME=name, INTERVAL=INTERVAL, RETRY=200))
    for service in services:
        service.start()
    for service in services:
        service.wait_until_ready()
    yield services
    for service in services:
        service.close()


@pytest.fixture
def machine(redis_server: RedisServer) -> Iterator[Machine]:
    machine = Machine(redis_server.url, interval=INTERVAL)
    yield machine
    machine.close()


@pytest.mark.usefixtures("outages")
@pytest.mark.parametrize("kind", [Nginx, HAProxy])
def test_who_watches_moves_to_the_other_and_loses_nothing(
    dashboards: list[Service],
    machine: Machine,
    open_wall: Callable[..., Wall],
    tmp_path: Path,
    kind: type[Proxy],
) -> None:
    proxy = kind(tmp_path / "proxy", *(service.port for service in dashboards))
    readers: list[Reader] = []
    try:
        wall = open_wall(dashboards[0], "/?host=far", url=proxy.url).wait_until_joined()
        readers += [Reader(proxy, "?events=cpu") for _ in range(8)]  # type: ignore[arg-type]
        for reader in readers:
            reader.wait_for(1, "cpu")
            assert {"one", "two"} <= set(data(reader.named("hello")[0])["hosts"])
        start = machine.ids[-1]
        for number, service in enumerate(dashboards):
            wait_for(lambda: held(dashboards) == len(readers) + 1, "all to be connected")
            other = dashboards[1 - number]
            service.stop()
            wait_for(lambda: held([other]) == len(readers) + 1, "all to have moved")  # noqa: B023
            service.start().wait_until_ready()
        newest = machine.ids[-1]
        assert [reader.connects for reader in readers] != [1] * len(readers)
        for reader in readers:
            reader.wait_for_id(newest)
            assert reader.named("gap") == []
            got = reader.logged_ids()
            assert [key(i) for i in got] == sorted({key(i) for i in got}), "twice, or out of order"
            sent = [i for i in machine.ids if key(start) < key(i) <= key(newest)]
            assert [i for i in sent if i not in set(got)] == [], "missed"
        last = machine.times[machine.ids.index(newest)]
        wait_for(lambda: wall.rows("cpu", "far").samples[-1] >= last, "the page to have it")
        since = machine.times[machine.ids.index(start)]
        drawn = wall.rows("cpu", "far").samples
        expected = [at for at in machine.times if since <= at <= last]
        assert [at for at in drawn if since <= at <= last] == expected
        assert wall.link == "live"
    finally:
        for reader in readers:
            reader.close()
        proxy.close()


def held(services: list[Service]) -> float:
    """The streams that are open there."""
    return sum(service.total("vitals_streams") for service in services)
