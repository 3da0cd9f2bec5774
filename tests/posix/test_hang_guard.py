"""HangGuard where threads do not start, as without memory."""

import _thread
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.posix import hang_guard
from dashboard.posix.hang_guard import HangGuard


def test_a_thread_that_dies_before_it_begins_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guard: HangGuard[str, int] = HangGuard(len)
    assert guard.ask_each(["a", "bb"]) == {"a": 1, "bb": 2}

    def native(name: str) -> Callable[..., Any]:
        if name == "start_new_thread":
            return lambda run, arguments: 1
        found: Callable[..., Any] = getattr(_thread, name)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(hang_guard, "native", native)
        patch.setattr(hang_guard, "START_DEADLINE", 0.01)
        with pytest.raises(RuntimeError, match="did not start"):
            guard.ask_each(["a", "bb"])
    assert guard.ask_each(["a", "bb"]) == {"a": 1, "bb": 2}
