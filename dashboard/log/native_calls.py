"""Calls of a log that block, made in a native thread."""

from collections.abc import Callable
from typing import TypeVar

from dashboard.log.contract import LogUnavailable
from dashboard.posix.native_thread import NativeThread, ThreadLost

T = TypeVar("T")


def run_log_call(thread: NativeThread, call: Callable[[], T]) -> T:
    """Return or raise what a call of a log does. Raises LogUnavailable where no thread makes it."""
    try:
        return thread.run(call)
    except ThreadLost as error:
        raise LogUnavailable(str(error)) from None
