"""The files of a SQLite database in WAL mode, when somebody deletes or replaces the main one.

SQLite believes a -wal and a -shm that lie beside a database, whichever database they were made
for: a file put back from a backup would be overlaid with the old log's pages, and one begun anew
could not be opened. So whoever finds the main file gone or replaced takes the companions that
belonged to the old one away before he opens the new one, and openings take turns, so that nobody
takes away those of another who was first.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COMPANIONS = ("-wal", "-shm")


class DatabaseFiles:
    """What one connection knows of the files that it has open."""

    def __init__(self, path: Path, lock: Path) -> None:
        """`lock` is a file that all processes of this database share."""
        self._path = path
        self._lock = lock
        self._main = 0
        self._wal = 0

    def are_ours(self) -> bool:
        """Whether the main file is still the one that was opened."""
        return self._main != 0 and self._main == _inode(self._path)

    @contextmanager
    def opening(self, patience: float) -> Iterator[None]:
        """Open the database in here, while the old connection still holds on to its files.

        Raises TimeoutError after `patience` seconds in which another process was opening it.
        """
        descriptor = self._take_turn(patience)
        try:
            self._clear_away()
            yield
            self._main, self._wal = _inode(self._path), _inode(self._companion("-wal"))
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _clear_away(self) -> None:
        main, wal = _inode(self._path), _inode(self._companion("-wal"))
        if main == 0 or (main != self._main != 0 and wal == self._wal != 0):
            for suffix in _COMPANIONS:
                try:
                    self._companion(suffix).unlink(missing_ok=True)
                except OSError:
                    pass  # a read-only folder: SQLite says so next

    def _take_turn(self, patience: float) -> int | None:
        try:
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None  # a read-only folder, where nothing can be begun anew either
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise TimeoutError("another process is opening it") from None
                time.sleep(0.01)

    def _companion(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
