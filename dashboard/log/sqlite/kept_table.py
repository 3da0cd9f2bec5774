"""What all processes of a SQLite log keep under a name, beside its events."""

from dashboard.log.contract import digest_of
from dashboard.log.sqlite.connection import Database


def read_kept(database: Database, name: str, known: str | None) -> bytes | None:
    """Return what is kept, as `EventLog.kept` says. Raises LogUnavailable."""
    with database.connected() as connection:
        asked = "SELECT digest, data FROM kept WHERE name = ?"
        digest, data = connection.execute(asked, (name,)).fetchone() or ("", b"")
    return None if digest == known else data


def write_kept(database: Database, name: str, before: str, kept: bytes) -> bool:
    """Keep something, as `EventLog.keep` says. Raises LogUnavailable."""
    with database.connected() as connection:
        done = connection.execute(
            "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
            "SET digest = excluded.digest, data = excluded.data WHERE kept.digest = ?",
            (name, digest_of(kept), kept, before),
        )
        return done.rowcount == 1
