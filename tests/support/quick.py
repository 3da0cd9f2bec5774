"""Quick tests: those that start no service, agent, browser, proxy, Redis or PostgreSQL.

`./test quick` runs the files and folders of tests/quick.txt with `--quick`, which leaves out tests
that have a fixture in `SLOW` or the marker `slow`. The others may not start such a program, neither
here nor in `./test`: an audit hook refuses it, with the name of the test.
"""

import re
import sys
from collections.abc import Iterator

import pytest

from tests.support.service import ROOT

PATHS = tuple((ROOT / "tests" / "quick.txt").read_text("utf-8").split())
SLOW = frozenset({"service", "make_service", "start_service", "browser", "server", "manager"})
_SERVERS = re.compile(
    r"gunicorn|nginx|caddy|redis-server|valkey|postgres|playwright|dashboard\.agent|flask run"
)

_running: str | None = None  # the quick test that runs now


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out tests that start servers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick, where that is asked for."""
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=[item for item in items if not is_quick(item)])
        items[:] = [item for item in items if is_quick(item)]


def is_quick(item: pytest.Item) -> bool:
    """Return whether `./test quick` runs a test."""
    fixtures = set(getattr(item, "fixturenames", ()))
    is_slow = fixtures & SLOW or item.get_closest_marker("slow")
    return item.nodeid.startswith(PATHS) and not is_slow


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note for the audit hook which quick test runs."""
    global _running
    _running = item.nodeid if is_quick(item) else None
    try:
        return (yield)
    finally:
        _running = None


def _refuse_servers(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen" and _running is not None:
        program, given = arguments[:2]
        words = [given] if isinstance(given, str | bytes) else given
        command = " ".join(map(str, (program, *words)))  # type: ignore[misc]
        if _SERVERS.search(command):
            raise AssertionError(f"{_running} is no quick test, as it starts: {command}")


sys.addaudithook(_refuse_servers)
