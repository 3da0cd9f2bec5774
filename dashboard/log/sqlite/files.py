"""The files of a SQLite database in WAL mode, when somebody deletes, replaces or damages them.

SQLite believes a -wal and a -shm that lie beside a database, whichever database they were made
for: a file put back from a backup would be overlaid with the old log's pages, and one begun anew
could not be opened. So whoever finds the main file gone or replaced takes the companions that
belonged to the old one away before he opens the new one, and openings take turns, so that nobody
takes away those of another who was first.

A database that is damaged stays so: nobody could log any more, ever. So one that is found damaged,
by an error or because it has shrunk as SQLite shrinks none, is set aside under another name, in
place of the last one that was, and a new one is begun. An emptied one must be: to a new connection
it is a new database, while older ones go on with the old one's pages. Only a file that was opened
as a log before is touched, by this process or by one that noted it in the lock file: what somebody
else has put there is his.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.posix.locks import open_lock, try_lock

logger = logging.getLogger(__name__)

_COMPANIONS = ("-wal", "-shm")
DAMAGED = ".damaged"
_SUSPECT = 0.75  # of the size at the last look; trimming takes away far less between two looks


class DatabaseFiles:
    """What one connection knows of the files that it has open."""

    def __init__(self, path: Path, lock: Path, *, is_sound: Callable[[Path], bool]) -> None:
        """`lock` is a file that all processes of this database share.

        In it is the inode of the database that was opened last. `is_sound` reads a whole database,
        and is asked only about one that is suspected.
        """
        self._path = path
        self._lock = lock
        self._is_sound = is_sound
        self._main = 0
        self._wal = 0
        self._size = 0
        self._suspected = False

    def is_current(self) -> bool:
        """Whether the main file is still the one that was opened, and nobody has cut it."""
        main, size = _look(self._path)
        if main != self._main or main == 0:
            return False
        if size < self._size * _SUSPECT:
            self._suspected = True
            return False
        self._size = size
        return True

    def mark_suspect(self) -> None:
        """Examine the database before it is opened the next time."""
        self._suspected = True

    @contextmanager
    def exclusive_open(self, patience: float) -> Iterator[None]:
        """Open the database in here, while the old connection still holds on to its files.

        Raises TimeoutError after `patience` seconds in which another process was opening it.
        """
        descriptor = self._take_turn(patience)
        try:
            self._clear_away(_read_number(descriptor))
            yield
            self._main, self._size = _look(self._path)
            self._wal = _look(self._companion("-wal"))[0]
            _write_number(descriptor, self._main)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _clear_away(self, noted: int) -> None:
        (main, size), (wal, _) = _look(self._path), _look(self._companion("-wal"))
        was_replaced = main != self._main != 0
        try:
            if main in (self._main, noted) and main and self._is_damaged(size):
                self._path.rename(self._companion(DAMAGED))
                logger.error(
                    "%s was damaged: set aside as %s, and begun anew",
                    self._path,
                    self._companion(DAMAGED).name,
                )
                main = 0
            if main == 0 or (was_replaced and wal == self._wal != 0):
                for suffix in _COMPANIONS:
                    self._companion(suffix).unlink(missing_ok=True)
        except OSError:
            pass  # a read-only folder: SQLite says so next

    def _is_damaged(self, size: int) -> bool:
        suspected, self._suspected = self._suspected, False
        return size == 0 or (suspected and not self._is_sound(self._path))

    def _take_turn(self, patience: float) -> int | None:
        try:
            descriptor = open_lock(self._lock)
        except OSError:
            return None  # a read-only folder, where nothing can be begun anew either
        deadline = time.monotonic() + patience
        while not try_lock(descriptor):
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise TimeoutError("another process is opening it")
            time.sleep(0.01)
        return descriptor

    def _companion(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _read_number(descriptor: int | None) -> int:
    try:
        return 0 if descriptor is None else int(os.pread(descriptor, 20, 0))
    except (OSError, ValueError):
        return 0


def _write_number(descriptor: int | None, number: int) -> None:
    if descriptor is None or _read_number(descriptor) == number:
        return
    try:
        os.pwrite(descriptor, f"{number:20}".encode(), 0)
    except OSError:
        pass  # a full disk


def _look(path: Path) -> tuple[int, int]:
    """A file's inode and size; zeros without one."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size
