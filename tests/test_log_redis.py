"""The Redis log: the contract, on a real server, and what a server may do to it."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from dashboard.log import EventLog
from dashboard.log.redis import RedisLog
from tests.log_contract import LogContract, OpenLog
from tests.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("no_leaks")

_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


class TestRedisLog(LogContract):
    """The contract, each test with keys of its own."""

    @pytest.fixture
    def url(self, server: RedisServer) -> str:
        return f"{server.url}&prefix=test-{next(_numbers)}"

    @pytest.fixture
    def open_log(self, url: str, tmp_path: Path) -> Iterator[OpenLog]:
        opened: list[EventLog] = []

        def open_one(
            *, retention: float = 3600.0, clock: Callable[[], float] = time.time
        ) -> EventLog:
            its = None if clock is time.time else clock
            from dashboard.log import run_directory

            opened.append(RedisLog(url, run_directory(url), retention=retention, clock=its))
            return opened[-1]

        yield open_one
        for log in opened:
            log.close()
