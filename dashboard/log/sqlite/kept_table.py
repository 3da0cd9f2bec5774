"""What all processes of a SQLite log keep under a name, beside its events."""

from dashboard.log.contract import digest_of
from dashboard.log.sqlite.connection import Database


class KeptTable:
    """Reads and writes it, as `EventLog.kept` and `EventLog.keep` say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, name: str, known: str | None) -> bytes | None:
        """Return what is kept under a name, or None for what is known. Raises LogUnavailable."""
        with self._database.connected() as connection:
            asked = "SELECT digest, data FROM kept WHERE name = ?"
            digest, data = connection.execute(asked, (name,)).fetchone() or ("", b"")
        return None if digest == known else data

    def write(self, name: str, before: str, kept: bytes) -> bool:
        """Keep something, and return whether it is kept now. Raises LogUnavailable."""
        with self._database.connected() as connection:
            done = connection.execute(
                "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET digest = excluded.digest, data = excluded.data WHERE kept.digest = ?",
                (name, digest_of(kept), kept, before),
            )
            return done.rowcount == 1
