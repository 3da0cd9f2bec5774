"""Linux's /proc, read directly where psutil is dear or leaves something out.

The root is psutil's `PROCFS_PATH`, so whoever points psutil elsewhere (a container that has the
machine's /proc at /host/proc, a test with a frozen one) points these readers there too.
"""

from __future__ import annotations

import os
from typing import Any


def root(ps: Any) -> str | None:
    """The path of Linux's /proc; None on another system, where only psutil is asked."""
    return str(ps.PROCFS_PATH) if getattr(ps, "LINUX", False) else None


def read(path: str) -> bytes:
    """A whole file, without the buffers of `open`, which cost a third more. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        content = os.read(descriptor, 65536)
        while content:
            # The end of a /proc file is known only by an empty read: a short one proves nothing.
            more = os.read(descriptor, 65536)
            if not more:
                break
            content += more
    finally:
        os.close(descriptor)
    return content
