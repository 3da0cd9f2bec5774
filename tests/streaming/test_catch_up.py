"""The start of a stream: the same memory whatever the log holds, and nothing lost meanwhile."""

import json
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dashboard.events.event import Event, EventId
from dashboard.streaming.catch_up import CHUNK
from tests.streaming.test_hub import Stack

pytestmark = pytest.mark.usefixtures("no_leaks")

LARGE = 60_000
COUNT = 400  # 24 MB in all


def large(number: int) -> Event:
    return Event("box", f"big{number}", json.dumps({"n": number, "text": "x" * LARGE}))


def alone(folder: Path) -> Stack:
    """A worker that reads its log for streams only: a history would read all of it each minute."""
    return Stack(folder, history="off")


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Fail if more than `size` bytes are taken meanwhile and not given back at once."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size, f"{peak / 1e6:.1f} MB"


def ids_in(stack: Stack, query: str, after: EventId | None, last: EventId) -> list[EventId]:
    found = []
    with closing(stack.stream(query, after)) as one:
        for name, event_id, _ in one.events():
            assert name != "gap"
            if event_id is not None:
                found.append(event_id)
                if event_id == last:
                    break
    return found


def fill(stack: Stack, count: int = COUNT) -> list[EventId]:
    """Log so many large events of as many names."""
    given: list[EventId] = []
    for start in range(0, count, 10):
        given += stack.writer.append([large(number) for number in range(start, start + 10)])
    stack.settled(given[-1])
    return given


@pytest.mark.parametrize("query", ["", "every=5"])
def test_a_snapshot_of_much_takes_little_memory(tmp_path: Path, query: str) -> None:
    with closing(alone(tmp_path)) as stack:
        stack.start()
        given = fill(stack)
        with at_most(60 * CHUNK):
            assert ids_in(stack, query, None, given[-1]) == given


@pytest.mark.parametrize("every", ["", "every=5"])
def test_a_snapshot_in_batches_takes_little_memory(tmp_path: Path, every: str) -> None:
    with closing(alone(tmp_path)) as stack:
        stack.start()
        fill(stack)
        with at_most(60 * CHUNK), closing(stack.stream(f"batch=1&{every}")) as one:
            size = 0
            for block in one:
                size += len(block)
                if size > COUNT * LARGE:
                    break


@pytest.mark.parametrize("memory", [1 << 20, 64 << 20])
@pytest.mark.parametrize("query", ["", "events=big7,big300,big399"])
def test_a_replay_of_much_takes_little_memory(
    tmp_path: Path, query: str, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.streaming.replay_buffer.MOST_BYTES", memory)
    with closing(alone(tmp_path)) as stack:
        stack.start()
        given = fill(stack)
        with at_most(60 * CHUNK):
            found = ids_in(stack, query, given[0], given[-1])
        assert found == (given[1:] if not query else [given[7], given[300], given[399]])


def test_a_replay_of_which_the_log_loses_a_part_tells_of_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.streaming.replay_buffer.LEAST_BYTES", 1000)
    monkeypatch.setattr("dashboard.streaming.replay_buffer.MOST_BYTES", 1000)
    with closing(alone(tmp_path)) as stack:
        stack.start()
        given = fill(stack, 40)
        found: list[EventId | str] = []
        with closing(stack.stream("", given[0])) as one:
            for name, event_id, _ in one.events():
                found.append(event_id or name)
                if len(found) == 2:  # hello, and the first that was missed
                    with closing(sqlite3.connect(tmp_path / "events.db")) as other:
                        other.execute(
                            "DELETE FROM event WHERE id IN (SELECT id FROM event LIMIT 35)"
                        )
                        other.commit()
                if event_id == given[-1]:
                    break
        gap = found.index("gap")
        assert found[1:gap] == given[1:gap], "as far as it could be read"
        assert 1 < gap < 35
        assert found[gap + 1 :] == given, "the newest of each name"
