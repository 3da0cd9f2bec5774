"""A history's file of its own for each test, and a clock to build it by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.log.history.store import HistoryStore

START = 1_801_440_000.0  # the beginning of a window of each tier


class Clock:
    """A clock that tests set."""

    now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    store = HistoryStore(tmp_path / "history.db", tmp_path / "lock")
    yield store
    store.close()
