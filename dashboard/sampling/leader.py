"""Which process of a host samples it: the one that holds a file lock.

When its holder dies, the kernel wakes one of those who wait for it. The waiting blocks, so it has a
native thread. On a read-only disk there is a lock as well: whoever watches is to see samples still.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import gevent

from dashboard.log.contract import LogUnavailable
from dashboard.posix.locks import is_current, lock, open_lock
from dashboard.posix.native_thread import NativeThread

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
        while True:
            descriptor = open_lock(self._path)
            try:
                _lock_in_thread(descriptor)
                # The file may have been deleted while we waited: then others lock another one.
                if is_current(descriptor, self._path):
                    self._descriptor = descriptor
                    return
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def holds(self) -> bool:
        """Whether this process is the leader still: its lock file is the one that others see."""
        return self._descriptor is not None and is_current(self._descriptor, self._path)

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


def _lock_in_thread(descriptor: int) -> None:
    # The thread's own: the other one may be closed, and be another file's, before it comes to this.
    own = os.dup(descriptor)

    def wait() -> None:
        try:
            lock(own)
        finally:
            os.close(own)

    thread = NativeThread()
    try:
        thread.run(wait)
    finally:
        thread.close()
