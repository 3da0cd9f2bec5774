"""Unix sockets in folders with long paths, and closing a connection with a reset."""

import os
import posix
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NO_LINGER = struct.pack("ii", 1, 0)
_HAS_PROC = Path("/proc/self/fd").exists()


@contextmanager
def short_path(folder: Path) -> Iterator[str]:
    """The folder by a name that fits a socket address (108 bytes, unix(7)) however deep it is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        alias = f"/proc/self/fd/{descriptor}"
        yield alias if _HAS_PROC else str(folder)
    finally:
        # Not os.close: gevent's, in its place, leaves the closing to the event loop of the calling
        # thread, and that of a native thread never runs. Each append would leave one open.
        posix.close(descriptor)


def reset_on_close(connection: Any) -> None:
    """Make the kernel drop unsent data and send a reset when the socket is closed (SO_LINGER)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
