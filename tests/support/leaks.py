"""The check that a test leaves nothing behind: no greenlet, descriptor, thread or child process.

For tests that run the code in their own process:

    pytestmark = pytest.mark.usefixtures("no_leaks")

Not for modules that share a service or a browser: theirs stay open between tests.
"""

import gc
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

_PATIENCE = 10.0  # seconds; native threads and killed greenlets end a moment after they are told


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail a test after which more is open or running than before it."""
    # gevent's loop and its thread pool have descriptors and threads of their own.
    gevent.get_hub().threadpool.apply(lambda: None)
    gevent.sleep(0)
    before = _open_things()
    gc.freeze()  # what is there already is not looked at again: that would take longer than tests
    try:
        yield
        deadline = time.monotonic() + _PATIENCE
        while (left := _left_since(before)) and time.monotonic() < deadline:
            gevent.sleep(0.02)
    finally:
        gc.unfreeze()
    assert not left, f"left behind: {left}"


def memory_of(pid: int) -> int:
    """Bytes that a process has for itself."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(
        int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Private_")
    )


def _left_since(before: Counter[str]) -> list[str]:
    left = sorted((_open_things() - before).elements())
    if left:
        gc.collect()  # what only garbage holds open is closed by this, with a ResourceWarning
        left = sorted((_open_things() - before).elements())
    return left + [
        f"greenlet {thing!r}"
        for thing in gc.get_objects()
        if isinstance(thing, gevent.Greenlet) and not thing.ready()
    ]


def _open_things() -> Counter[str]:
    found = Counter(f"descriptor of {target}" for target in _descriptors())
    # The pool of gevent's own loop keeps its threads for the next call.
    threads = len(os.listdir("/proc/self/task")) - gevent.get_hub().threadpool.size
    found.update({"thread": max(0, threads)})
    for task in Path("/proc/self/task").iterdir():
        try:
            found.update(f"child process {pid}" for pid in (task / "children").read_text().split())
        except OSError:
            continue  # a thread that ended between the two looks
    return found


def _descriptors() -> Iterator[str]:
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            yield str(descriptor.readlink())
        except OSError:
            continue  # that of the listing itself
