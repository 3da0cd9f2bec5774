"""The key that signs links and cookies: the setting SECRET_KEY, or a random one kept in INSTANCE.

It must not be derived from READ_TOKEN: a signed link would then be an oracle by which its holder
can guess the token, offline and as fast as he likes.
"""

import logging
import secrets
from pathlib import Path

from dashboard.log.opening import instance_folder
from dashboard.posix.atomic_file import write_atomically
from dashboard.settings import Settings

logger = logging.getLogger(__name__)

FILE = "secret.key"
_LEAST = 32  # characters; a shorter file is not whole


def secret_key(settings: Settings) -> str:
    """Return SECRET_KEY, or else the key in the instance folder, which is made if it has none.

    All processes of a service get the same. The file is for its owner alone (0600). Where none can
    be kept, the key is of this process only, and a warning says so.
    """
    if settings.secret_key or not settings.limits_reading:  # then nothing is checked
        return settings.secret_key or secrets.token_urlsafe(48)
    folder = instance_folder(settings)
    path = folder / FILE
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        return _read(path) or _make(path)
    except OSError as error:
        logger.warning(
            "sign-ins and links are good in this process alone, as there is no SECRET_KEY and none "
            "can be kept in %s: %s",
            path,
            error.strerror,
        )
        return secrets.token_urlsafe(48)


def _read(path: Path) -> str:
    try:
        text = path.read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    return text if len(text) >= _LEAST else ""


def _make(path: Path) -> str:
    if path.exists() and not _read(path):
        path.unlink()
    # Where another process was first, its key holds.
    write_atomically(path, f"{secrets.token_urlsafe(48)}\n".encode(), replaces=False)
    return _read(path)
