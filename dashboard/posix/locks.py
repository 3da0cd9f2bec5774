"""File locks, by flock(2): the kernel frees one when its holder dies, however it dies.

A lock is the open file's, and lasts until its last descriptor is closed.
"""

import errno
import fcntl
import os
from pathlib import Path

from dashboard.posix.ownership import give_to_owner_of_folder, make_folder


def open_lock(path: Path) -> int:
    """Return a descriptor of a lock file, which is made (0600, its folder 0700). Raises OSError."""
    make_folder(path.parent, 0o700)
    is_new = not path.exists()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if is_new:
            give_to_owner_of_folder(path)
        return descriptor
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a lock needs no more than this


def lock(descriptor: int) -> None:
    """Wait until the lock is had; blocks."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_lock(descriptor: int) -> bool:
    """Take the lock if nobody has it; return False otherwise."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_current(descriptor: int, path: Path) -> bool:
    """Return True if the lock file is the one that others find under its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
