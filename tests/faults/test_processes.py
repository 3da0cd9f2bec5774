"""Processes that are killed, told to begin anew, or stopped."""

import os
import signal
import time

import pytest

from tests.faults.arena import WORKERS, Arena
from tests.faults.conftest import Scale
from tests.faults.patience import wait_for


def replaced(arena: Arena, gone: set[int]) -> bool:
    pids = set(arena.service.worker_pids())
    return len(pids) == WORKERS and not pids & gone


def test_a_worker_is_killed(arena: Arena, scale: Scale) -> None:
    def kill() -> None:
        leader = arena.service.leader()
        victim = next(pid for pid in arena.service.worker_pids() if pid != leader)
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: replaced(arena, {victim}), "another worker")

    arena.run("kill -9 of a worker", kill, tries=scale.many)


def test_the_leader_is_killed(arena: Arena, scale: Scale) -> None:
    def kill() -> None:
        leader = arena.service.leader()
        os.kill(leader, signal.SIGKILL)
        wait_for(lambda: replaced(arena, {leader}), "another worker")

    arena.run("kill -9 of the leader", kill, tries=scale.many)


def test_the_master_is_killed(arena: Arena, scale: Scale) -> None:
    def kill() -> None:
        restarts = arena.service.restarts
        os.kill(arena.service.pid, signal.SIGKILL)
        wait_for(lambda: arena.service.restarts > restarts, "the supervisor to see it")

    arena.run("kill -9 of the master, started again", kill, tries=scale.many)


def test_reloads_in_a_row(arena: Arena, scale: Scale) -> None:
    times = 10 if scale.full else 4

    def reload() -> None:
        before = set(arena.service.worker_pids())
        for _ in range(times):
            os.kill(arena.service.pid, signal.SIGHUP)
            time.sleep(0.2)  # else the master would find several of them as one
        wait_for(lambda: replaced(arena, before), "other workers")

    arena.run(f"HUP {times} times in a row", reload, tries=scale.few)


def stop_for(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_the_leader_is_stopped_for_a_while(arena: Arena, scale: Scale) -> None:
    seconds = min(scale.hold, 10.0)
    act = lambda: stop_for(arena.service.leader(), seconds)  # noqa: E731
    arena.run(f"SIGSTOP of the leader, SIGCONT after {seconds:g} s", act, tries=scale.few)


def test_everything_is_stopped_for_a_while(arena: Arena, scale: Scale) -> None:
    """As a virtual machine that is paused, or a laptop that is closed."""
    seconds = min(scale.hold, 10.0)

    def stop() -> None:
        os.killpg(arena.service.pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.killpg(arena.service.pid, signal.SIGCONT)

    arena.run(f"SIGSTOP of all, SIGCONT after {seconds:g} s", stop, tries=scale.few)


@pytest.mark.full
def test_a_worker_that_stays_stopped_is_replaced(arena: Arena) -> None:
    """gunicorn's master ends a worker that gives no sign for its time-out of 30 s."""

    def stop() -> None:
        leader = arena.service.leader()
        os.kill(leader, signal.SIGSTOP)
        wait_for(lambda: replaced(arena, {leader}), "another worker")

    arena.run("SIGSTOP of the leader for good", stop)
