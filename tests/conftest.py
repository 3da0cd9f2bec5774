"""Fixtures: a real service per test or shared by a module."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service import Reader, Service

pytest_plugins = ["tests.browser_fixtures"]


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start services, each in a folder of its own; all are stopped after the test."""
    services: list[Service] = []

    def start(*, workers: int = 1, arguments: tuple[str, ...] = (), **settings: object) -> Service:
        folder = tmp_path / f"service-{len(services)}"
        folder.mkdir()
        service = Service(folder, workers=workers, **settings)
        service.arguments = list(arguments)
        services.append(service)
        return service.start()

    yield start
    for service in services:
        service.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service with the default settings for the tests of a module that only read."""
    service = Service(tmp_path_factory.mktemp("service"))
    yield service.start()
    service.stop()


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
