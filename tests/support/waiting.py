"""Waiting for what a test expects."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T | None], what: str, *, timeout: float = 30.0) -> T:
    """Return the first true value of a condition; fail after a time no idle machine needs.

    It is looked at the more rarely the longer it takes: looks cost a request or a call of the page.
    """
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - began
        assert waited < timeout, f"waited {timeout:g} s for {what}"
        time.sleep(min(max(0.02, waited / 10), 0.1))
