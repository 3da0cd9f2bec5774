"""What a command of root's makes in another user's folder: it must not lock that user out."""

import errno
import os
from contextlib import suppress
from pathlib import Path


def give_to_owner_of_folder(path: Path) -> None:
    """Give what root has just made to the owner of its folder; do nothing as another user."""
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def make_folder(path: Path, mode: int) -> None:
    """Make a folder, and those above it, unless it is there.

    Raises OSError; NotADirectoryError names what stands in the way of a folder.
    """
    if not path.is_dir():
        if path.parent != path:
            make_folder(path.parent, mode)
        try:
            path.mkdir(mode=mode, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
        give_to_owner_of_folder(path)
