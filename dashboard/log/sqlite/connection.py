"""A process's connection to its SQLite log: made when needed, given up when it fails.

What is opened is a file in WAL mode. A connection that failed is never used again, and one to a
file that was deleted, replaced or damaged is made anew (`DatabaseFiles`).
"""

import os
import posix  # its close: gevent's leaves it to an event loop that this thread lacks
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from dashboard.log.contract import LogUnavailable
from dashboard.log.sqlite.files import DatabaseFiles
from dashboard.posix.ownership import give_to_owner_of_folder

# How long an append waits for another writer. Longer, and the live stream would feel it; the
# sampler then sends its events on unlogged.
_BUSY_SECONDS = 1.0


class Database:
    """One connection; calls from several threads take turns."""

    def __init__(self, path: Path, lock: Path, *, schema: str, version: int = 0) -> None:
        """`lock` is a file that all processes of this database share.

        `schema` is a script that changes nothing where it has run before: then it asks for no write
        lock, and who opens the file need not wait for one who writes. `version` stands in the file.
        """
        self._path = path
        self._schema = schema
        self._version = version
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_read_only = False
        self._files = DatabaseFiles(path, lock, is_sound=_is_sound)

    def is_current(self) -> bool:
        """Whether the file is still the one that was opened, and nobody has cut it."""
        return self._files.is_current()

    def close(self) -> None:
        """Let go of the file. It is opened again when needed."""
        with self._lock:
            self._disconnect()

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one caller at a time; a transaction left open is rolled back.

        Raises LogUnavailable for whatever SQLite can't do.
        """
        with self._lock:
            try:
                connection = self._connect()
                try:
                    yield connection
                finally:
                    roll_back(connection)
                    # All connections of a process share what one of them has opened for reading
                    # only: kept, it would keep them all from writing when that is possible again.
                    if self._is_read_only:
                        self._disconnect()
            except (sqlite3.Error, TimeoutError) as error:
                # A connection that failed may hold a lock or a file that is no longer there.
                self._disconnect()
                if _is_damage(error):
                    self._files.mark_suspect()
                raise LogUnavailable(f"{self._path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None or not self._files.is_current():
            with self._files.exclusive_open(_BUSY_SECONDS):
                self._disconnect()
                self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._is_read_only = self._path.exists() and not os.access(self._path, os.W_OK)
        self._keep_from_others()
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            # Only in a new file, as it asks for the write lock; others may be holding that.
            if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -512")  # KiB; reading on needs few pages
            connection.execute(f"PRAGMA journal_size_limit = {16 << 20}")
            connection.executescript(self._schema)
            if connection.execute("PRAGMA user_version").fetchone() != (self._version,):
                connection.execute(f"PRAGMA user_version = {self._version}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep_from_others(self) -> None:
        """Make the file one of its user and group alone; SQLite makes -wal and -shm like it."""
        # Only a new file: to close one that this process has open would drop SQLite's locks on it.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with suppress(OSError):  # it is there, or SQLite itself says what is wrong
            posix.close(os.open(self._path, flags, 0o660))
            give_to_owner_of_folder(self._path)  # SQLite gives -wal and -shm to the same
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                path = Path(f"{self._path}{suffix}")
                mode = path.stat().st_mode
                if mode & 0o007:
                    path.chmod(mode & 0o770)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                pass  # it is given up either way


def _is_damage(error: Exception) -> bool:
    """Whether an error says that the file is not what SQLite has written."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return (
        code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        or code == sqlite3.SQLITE_IOERR_SHORT_READ
    )


def _is_sound(path: Path) -> bool:
    """Read a whole database. What can't be read just now passes for sound."""
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error as error:
        return not _is_damage(error)


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that was not committed, if there is one."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
