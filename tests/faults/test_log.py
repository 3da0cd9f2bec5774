"""A log that is deleted, damaged or held by somebody else, and disks that don't take it."""

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.arena import Arena
from tests.faults.conftest import Scale
from tests.faults.patience import wait_for


def begun_anew(arena: Arena, before: int) -> bool:
    """Whether there is another log file than before, with something in it."""
    try:
        return arena.service.log_file.stat().st_ino != before and bool(arena.service.logged_ids())
    except (OSError, sqlite3.Error):
        return False


def inode(arena: Arena) -> int:
    return arena.service.log_file.stat().st_ino


def read_until_begun_anew(arena: Arena, before: int) -> None:
    """Let the workers read all that they have logged, until they see that they can't."""

    def look() -> bool:
        arena.service.get("/history?since=3600")
        return begun_anew(arena, before)

    wait_for(look, "a new log")


def write_back(arena: Arena) -> None:
    """Have much in the main file: what is in the -wal comes there now and then."""
    for _ in range(10):
        arena.service.append_all(("filling", "other", {"text": "x" * 400}) for _ in range(40))
        time.sleep(0.02)  # more at once than its buffer holds, and a reader is sent away
    with closing(sqlite3.connect(arena.service.log_file, timeout=20)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_the_log_is_deleted(arena: Arena, scale: Scale) -> None:
    def delete() -> None:
        before = inode(arena)
        arena.service.delete_log()
        wait_for(lambda: begun_anew(arena, before), "a new log")

    arena.run("log deleted", delete, tries=scale.few, breaks_log=True)


def test_only_the_main_file_is_deleted(arena: Arena, scale: Scale) -> None:
    def delete() -> None:
        before = inode(arena)
        arena.service.log_file.unlink()
        wait_for(lambda: begun_anew(arena, before), "a new log")

    arena.run("log's main file deleted", delete, tries=scale.few, breaks_log=True)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_log_is_truncated(arena: Arena, scale: Scale, share: float) -> None:
    def truncate() -> None:
        before = inode(arena)
        size = arena.service.log_file.stat().st_size
        os.truncate(arena.service.log_file, int(size * share))
        read_until_begun_anew(arena, before)

    name = "to nothing" if not share else "to half its size"
    arena.run(
        f"log truncated {name}",
        truncate,
        tries=scale.few,
        prepare=lambda: write_back(arena),
        breaks_log=True,
    )


@pytest.mark.parametrize("suffixes", [("",), ("", "-wal")], ids=["main file", "and -wal"])
def test_the_log_is_filled_with_garbage(
    arena: Arena, scale: Scale, suffixes: tuple[str, ...]
) -> None:
    def fill() -> None:
        before = inode(arena)
        for suffix in suffixes:
            path = Path(f"{arena.service.log_file}{suffix}")
            with path.open("r+b") as file:
                file.write(random.randbytes(path.stat().st_size))
        read_until_begun_anew(arena, before)

    name = "log" if len(suffixes) == 1 else "log and its -wal"
    arena.run(
        f"{name} filled with garbage",
        fill,
        tries=scale.few,
        prepare=lambda: write_back(arena),
        breaks_log=True,
    )


def test_the_log_is_locked(arena: Arena, scale: Scale) -> None:
    # Each append waits for a second, and the publisher's may be first.
    seconds = 60.0 if scale.full else 2 * scale.hold

    def lock() -> None:
        with closing(sqlite3.connect(arena.service.log_file, timeout=20)) as other:
            other.isolation_level = None
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")

    row = arena.run(f"log locked for {seconds:g} s", lock)
    assert row.unlogged > 0
