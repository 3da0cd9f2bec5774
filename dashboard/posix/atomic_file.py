"""Writing a file that is there as a whole or not at all, whenever the process is killed."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_atomically(
    path: Path, content: bytes, *, replaces: bool = True, durable: bool = True
) -> None:
    """Write a file for its user alone (0600), in the place of one that is there.

    Without `replaces` one that is there stays. `durable`: it outlives a power cut; that waits for
    the disk. What root writes belongs to the folder's owner. Raises OSError.
    """
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if os.geteuid() == 0:  # a command of root's must not lock the service out
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if replaces:
            Path(draft).replace(path)
        else:
            with suppress(FileExistsError):
                os.link(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)
