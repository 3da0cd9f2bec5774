"""Fixtures: a real service per test or shared by a module."""

from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support.service import Reader, Service

pytest_plugins = [
    f"tests.support.{name}" for name in ("browser_fixtures", "leaks", "quick", "redis_fixtures")
]

# A slow machine is not a wrong function.
hypothesis.settings.register_profile("in_any_time", deadline=None)
hypothesis.settings.load_profile("in_any_time")

# The ways in which a stream may be served, as settings: a suite of the stream's contract runs over
# each (`params=WAYS` on a fixture `way` of its own), the others over the default.
WAYS: dict[str, dict[str, object]] = {
    "parked": {"PARKING": "on"},
    "greenlets": {"PARKING": "off"},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="tests/faults with 500 clients, many tries and long faults, some 40 minutes",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for --full, and spread the files that need a browser among the others.

    Several of them at once would keep each other from a processor; others wait half of the time.
    """
    if not config.getoption("--full"):
        left_out = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("full")]
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    pages = [path for path in files if path.parent.name == "page"]
    order = [path for path in files if path.parent.name != "page"]
    for number, page in enumerate(pages):
        order.insert(number + round(number * (len(order) - number) / len(pages)), page)
    items[:] = [item for path in order for item in files[path]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of the faults, from whichever process they were tested in."""
    reports = [each for every in terminalreporter.stats.values() for each in every]
    rows = [
        row
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, row in report.user_properties
        if name == "fault"
    ]
    if rows:
        from tests.faults.arena import table

        terminalreporter.section("faults")
        terminalreporter.write_line(table(rows))


@pytest.fixture(scope="module")
def way() -> dict[str, object]:
    """Settings that each service of this module has."""
    return {}


@pytest.fixture
def make_service(tmp_path: Path, way: dict[str, object]) -> Iterator[Callable[..., Service]]:
    """Make services, each in a folder of its own, and don't start them yet."""
    services: list[Service] = []

    def make(*, workers: int = 1, arguments: tuple[str, ...] = (), **settings: object) -> Service:
        folder = tmp_path / f"service-{len(services)}"
        folder.mkdir()
        service = Service(folder, workers=workers, **(way | settings))
        service.arguments = list(arguments)
        services.append(service)
        return service

    yield make
    for service in services:
        service.close()


@pytest.fixture
def start_service(make_service: Callable[..., Service]) -> Callable[..., Service]:
    """Start services, each in a folder of its own; all are stopped after the test."""

    def start(*, workers: int = 1, arguments: tuple[str, ...] = (), **settings: object) -> Service:
        return make_service(workers=workers, arguments=arguments, **settings).start()

    return start


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, way: dict[str, object]) -> Iterator[Service]:
    """One service with the default settings for the tests of a module that only read."""
    service = Service(tmp_path_factory.mktemp("service"), workers=1, **way)
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture
def read() -> Iterator[Callable[..., Reader]]:
    """Make readers of a stream; all leave after the test."""
    readers: list[Reader] = []

    def make(service: Service, query: str = "", *, last_event_id: str | None = None) -> Reader:
        reader = Reader(service, query, last_event_id=last_event_id)
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.close()
