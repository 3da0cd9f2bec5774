"""Fixtures of the faults: how many clients and tries there are, an arena, and the table."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.faults.arena import Arena


@dataclass(frozen=True)
class Scale:
    """How much is done: `many` tries of what is quick, `few` of what takes its time."""

    full: bool
    clients: int
    many: int
    few: int
    hold: float  # seconds that a fault lasts
    half_open: int
    held: int  # connections that ask and take nothing


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seconds = 1800 if config.getoption("--full") else 120
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(seconds))


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Scale:
    if request.config.getoption("--full"):
        return Scale(True, clients=500, many=5, few=2, hold=5.0, half_open=10_000, held=5_000)
    return Scale(False, clients=50, many=1, few=1, hold=2.0, half_open=1000, held=250)


@pytest.fixture(scope="module")
def disk() -> Path | None:
    """Where the log is to be, if not beside everything else."""
    return None


@pytest.fixture(scope="module")
def settings() -> dict[str, object]:
    """Return what the service has beside the arena's own settings."""
    return {}


@pytest.fixture(scope="module")
def arena(
    tmp_path_factory: pytest.TempPathFactory,
    browser: Browser,
    scale: Scale,
    disk: Path | None,
    settings: dict[str, object],
) -> Iterator[Arena]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    arena = Arena(
        tmp_path_factory.mktemp("arena"),
        clients=scale.clients,
        context=context,
        disk=disk,
        settings=settings,
    )
    try:
        yield arena.open()
    finally:
        arena.close()


@pytest.fixture(autouse=True)
def _note_rows(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hand each test's rows to the table at the end of the run."""
    arena = request.getfixturevalue("arena") if "arena" in request.fixturenames else None
    yield
    while arena is not None and arena.rows:
        request.node.user_properties.append(("fault", asdict(arena.rows.pop(0))))
