"""Waiting for as long as any machine takes, however busy the faults make it."""

from collections.abc import Callable
from typing import TypeVar

from tests.support import service

T = TypeVar("T")

PATIENCE = 240.0  # seconds


def wait_for(condition: Callable[[], T | None], what: str) -> T:
    """Return the first true value of a condition."""
    return service.wait_for(condition, what, timeout=PATIENCE)
