"""Which process of a host samples it: the one that holds a file lock.

The kernel frees a flock(2) when its holder dies, however it dies, and wakes one of those who wait
for it. The waiting blocks, so it has a native thread.
"""

import errno
import fcntl
import os
from pathlib import Path

from gevent.threadpool import ThreadPool


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
    pool.spawn(fcntl.flock, descriptor, fcntl.LOCK_EX).get()
    # Only now: while the thread waits (its greenlet was killed), kill() would wait for it.
    pool.kill()
