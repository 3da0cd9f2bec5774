"""The machine under the service: its clock, its limits, a mount that hangs."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.faults.arena import Arena
from tests.faults.conftest import Scale
from tests.faults.patience import wait_for

NEW_STREAMS = 20


def set_clock(arena: Arena, offset: float) -> None:
    """Let every worker's clock be off by some seconds, and wait until samples say so."""
    temporary = arena.faults / "clock.new"
    temporary.write_text(str(offset))
    temporary.rename(arena.faults / "clock")

    def is_set() -> bool:
        last: float = arena.service.logged("cpu")[-1].data["time"]
        return abs(last - offset - time.time()) < 20

    wait_for(is_set, "samples by the other clock")


@pytest.mark.parametrize("offset", [-3600, 3600], ids=["back", "forth"])
def test_the_clock_is_stepped(arena: Arena, scale: Scale, offset: int) -> None:
    def step() -> None:
        set_clock(arena, offset)
        time.sleep(scale.hold / 2)
        set_clock(arena, 0)

    name = "forth and back again" if offset > 0 else "back and forth again"
    arena.run(f"clock stepped {name} by an hour", step, tries=scale.few)


@contextmanager
def limited(arena: Arena, kind: int, amounts: dict[int, int]) -> Iterator[None]:
    """A limit of each worker, by its process id."""
    before = {pid: resource.prlimit(pid, kind) for pid in amounts}
    for pid, amount in amounts.items():
        resource.prlimit(pid, kind, (amount, before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            try:
                resource.prlimit(pid, kind, limits)
            except ProcessLookupError:
                continue  # it could not go on under the limit; its successor has none


def test_the_descriptors_run_out(arena: Arena, scale: Scale) -> None:
    def run_out() -> None:
        service = arena.service
        used = {
            pid: max(int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir())
            for pid in service.worker_pids()
        }
        with limited(arena, resource.RLIMIT_NOFILE, {p: most + 2 for p, most in used.items()}):
            held = [service.dial() for _ in range(NEW_STREAMS)]
            try:
                for connection in held:
                    connection.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                time.sleep(scale.hold)
            finally:
                for connection in held:
                    connection.close()

    arena.run("no descriptor left", run_out, tries=scale.few)


def test_the_memory_runs_out(arena: Arena, scale: Scale) -> None:
    def run_out() -> None:
        service = arena.service
        pages = {
            pid: int(Path(f"/proc/{pid}/statm").read_text().split()[0])
            for pid in service.worker_pids()
        }
        size = resource.getpagesize()
        with limited(arena, resource.RLIMIT_AS, {pid: n * size for pid, n in pages.items()}):
            end = time.monotonic() + scale.hold
            while time.monotonic() < end:
                for _ in range(10):
                    try:
                        service.get("/history?since=3600&points=20000")
                        service.get("/")
                    except httpx.HTTPError:
                        continue  # it had no memory to answer with

    arena.run("no memory left", run_out, tries=scale.few, may_fail=(500, 503))


def test_a_mount_hangs(arena: Arena, scale: Scale) -> None:
    def hang() -> None:
        switch, hanging = arena.faults / "hang", arena.faults / "hanging"
        hanging.unlink(missing_ok=True)
        switch.touch()
        try:
            wait_for(hanging.exists, "a reading to hang")
            time.sleep(scale.hold)
        finally:
            switch.unlink()

    arena.run("mount hangs", hang, tries=scale.few)
