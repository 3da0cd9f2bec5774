"""Which process of a host samples it: the one that holds a file lock.

The kernel frees a flock(2) when its holder dies, however it dies, and wakes one of those who wait
for it. The waiting blocks, so it has a native thread.
"""

import errno
import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import gevent
from gevent.threadpool import ThreadPool

from dashboard.log.contract import LogUnavailable

logger = logging.getLogger(__name__)

_RETRY = 5.0  # seconds until a lock or a log that could not be made is tried again
_CHECK = 5.0  # seconds between two looks whether the lock is still the one that others see
_WAITING_SECONDS = 1.0  # after which a lock that somebody else holds is worth a word


class Leadership:
    """One process's claim to sample this host."""

    def __init__(self, path: Path) -> None:
        """`path` is the lock file that all candidates of the host share."""
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Return once this process is the leader. Raises OSError where there can be no lock."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = self._open()
            try:
                _in_thread(descriptor)
                # The file may have been deleted while we waited: then others lock another one.
                if self._is_current(descriptor):
                    self._descriptor = descriptor
                    return
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def holds(self) -> bool:
        """Whether this process is the leader still: its lock file is the one that others see."""
        return self._descriptor is not None and self._is_current(self._descriptor)

    def release(self) -> None:
        """Let the next candidate lead."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def run_while_leader(
        self,
        begin: Callable[[], None],
        end: Callable[[], None],
        *,
        waiting: Callable[[], None] = lambda: None,
    ) -> NoReturn:
        """Call `begin` whenever this process has become the leader, and `end` when it is no more.

        For ever; also after `begin` has raised OSError or LogUnavailable: `end` then takes back
        whatever it had begun.
        `waiting` is called where another process leads.
        """
        said = ""
        while True:
            try:
                self._wait_for_turn(waiting)
                begin()
            except (OSError, LogUnavailable) as error:
                if str(error) != said:
                    logger.error("can't sample: %s; trying again every %g s", error, _RETRY)
                said = str(error)
                end()
                self.release()
                gevent.sleep(_RETRY)
                continue
            said = ""
            while self.holds():
                gevent.sleep(_CHECK)
            logger.warning("the lock file is gone, so another process may sample: standing back")
            end()
            self.release()

    def _wait_for_turn(self, waiting: Callable[[], None]) -> None:
        word = gevent.spawn_later(_WAITING_SECONDS, waiting)
        try:
            self.acquire()
        finally:
            word.kill()

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
        # Whoever watches is to see samples still, and a lock needs no more than this.
        return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except OSError:
            return False


def _in_thread(descriptor: int) -> None:
    pool = ThreadPool(1)
    # The thread's own: the other one may be closed, and be another file's, before it comes to this.
    waiting = pool.spawn(_lock, os.dup(descriptor))
    # Only then: while the thread waits (its greenlet was killed), kill() would wait for it.
    waiting.rawlink(lambda _: gevent.spawn(pool.kill))
    waiting.get()


def _lock(descriptor: int) -> None:
    # A lock is the open file's, and lasts until its last descriptor is closed.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)
