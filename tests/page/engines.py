"""Both engines of the log, as a fixture: a module that imports `way` and `server` runs on each.

On Redis only with --full: what a page sees of a log is the same on both, which tests/log holds, and
test_redis_outage.py takes Redis away from open pages.

`pytest.mark.parametrize("way", [...], indirect=True)` says so for a test that is to run on one.
"""

from collections.abc import Iterator

import pytest

from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for a module; each service has keys of its own in it."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("redis", marks=pytest.mark.full)])
def way(request: pytest.FixtureRequest) -> dict[str, object]:
    """The settings of each service: without any its log is a file."""
    if request.param == "sqlite":
        return {}
    server: RedisServer = request.getfixturevalue("server")
    return {"LOG": server.url_for_each}
