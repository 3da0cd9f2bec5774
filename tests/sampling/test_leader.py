"""Leadership between real processes: one at a time, the next at once, whatever happens."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import gevent
import pytest

from dashboard.sampling.leader import Leadership
from tests.support.service import ROOT, wait_for

pytestmark = pytest.mark.usefixtures("no_leaks")

_CANDIDATE = """
import sys, time
from pathlib import Path
from dashboard.sampling.leader import Leadership

leadership = Leadership(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    leadership.acquire()
    print("leads", flush=True)
    while leadership.holds():
        time.sleep(0.01)
    print("lost", flush=True)
    leadership.release()
"""


class Candidate:
    """A process that wants to lead, and says when it does."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CANDIDATE, str(path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        wait_for(lambda: self.lines, "a candidate to be ready")

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.strip() for line in iter(self.process.stdout.readline, ""))

    @property
    def leads(self) -> bool:
        return self.process.poll() is None and self.lines[-1:] == ["leads"]

    def has_lost(self, times: int) -> bool:
        return self.lines.count("lost") >= times

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "leader-box.lock"


@pytest.fixture
def candidate(path: Path) -> Iterator[Callable[[], Candidate]]:
    started: list[Candidate] = []

    def start() -> Candidate:
        started.append(Candidate(path))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def leaders(candidates: list[Candidate]) -> list[Candidate]:
    return [one for one in candidates if one.leads]


def test_one_of_several_leads_and_when_it_is_killed_the_next(
    candidate: Callable[[], Candidate],
) -> None:
    candidates = [candidate() for _ in range(5)]
    led = set()
    while candidates:
        wait_for(lambda: leaders(candidates), "a leader")
        (leader,) = leaders(candidates)
        assert leader not in led
        led.add(leader)
        os.kill(leader.process.pid, signal.SIGKILL)
        leader.process.wait()
        candidates.remove(leader)
    assert len(led) == 5


def test_a_leader_that_is_only_stopped_still_leads(candidate: Callable[[], Candidate]) -> None:
    first = candidate()
    wait_for(lambda: first.leads, "the first to lead")
    second = candidate()
    first.process.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    assert not second.leads
    first.process.send_signal(signal.SIGCONT)


def test_a_deleted_lock_file_makes_the_leader_stand_back_and_leaves_one_leader(
    path: Path, candidate: Callable[[], Candidate]
) -> None:
    candidates = [candidate() for _ in range(3)]
    wait_for(lambda: leaders(candidates), "a leader")
    for _ in range(3):
        before = leaders(candidates)[0]
        losses = before.lines.count("lost")
        path.unlink()
        wait_for(partial(before.has_lost, losses + 1), "the leader to see it")
        wait_for(lambda: path.exists() and len(leaders(candidates)) == 1, "one leader again")
    # Those who waited for the deleted file's lock have moved on to the new one.
    (last,) = leaders(candidates)
    last.kill()
    candidates.remove(last)
    wait_for(lambda: len(leaders(candidates)) == 1, "the next leader")


def test_one_who_comes_after_the_file_was_deleted_leads_and_the_old_leader_knows(
    path: Path,
) -> None:
    old, new = Leadership(path), Leadership(path)
    old.acquire()
    assert old.holds()
    path.unlink()
    assert not old.holds()
    new.acquire()
    assert new.holds()
    assert not old.holds()
    old.release()
    assert new.holds()
    new.release()
    assert not new.holds()


def test_one_who_waited_for_a_deleted_file_does_not_lead_beside_the_new_leader(path: Path) -> None:
    old, waiter, new = Leadership(path), Leadership(path), Leadership(path)
    old.acquire()
    waiting = gevent.spawn(waiter.acquire)
    gevent.sleep(0.1)
    path.unlink()
    new.acquire()
    old.release()
    waiting.join(0.3)
    assert not waiting.ready(), "it took the deleted file's lock for the leadership"
    new.release()
    waiting.get(timeout=30)
    assert waiter.holds()
    waiter.release()


def test_a_released_leadership_goes_to_the_one_who_waits(path: Path) -> None:
    first, second = Leadership(path), Leadership(path)
    first.acquire()
    waiting = gevent.spawn(second.acquire)
    gevent.sleep(0.05)
    assert not waiting.ready()
    assert not second.holds()
    first.release()
    waiting.get(timeout=30)
    assert second.holds()
    second.release()
    second.release()


def test_waiting_holds_up_no_other_greenlet(path: Path) -> None:
    first, second = Leadership(path), Leadership(path)
    first.acquire()
    waiting = gevent.spawn(second.acquire)
    turns = 0
    for _ in range(20):
        gevent.sleep(0.001)
        turns += 1
    assert turns == 20
    assert not waiting.ready()
    first.release()
    waiting.get(timeout=30)
    second.release()


def test_whoever_is_ended_while_it_waits_leaves_nothing_behind(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = Leadership(path)
    for is_held in (False, True):
        if is_held:
            first.acquire()
        for _ in range(5):
            waiting = gevent.spawn(Leadership(path).acquire)
            gevent.sleep(0)  # its thread has been asked, and may not have begun
            waiting.kill()
    first.release()
    second = Leadership(path)
    gevent.spawn(second.acquire).get(timeout=30)
    second.release()
    assert capfd.readouterr().err == ""


def test_a_lock_file_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Leadership(tmp_path / "file" / "leader.lock").acquire()
