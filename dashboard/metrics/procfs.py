"""Linux's /proc, read directly where psutil is dear or leaves something out.

The root is psutil's `PROCFS_PATH`: where psutil reads another /proc (/host/proc in a container, a
frozen one in a test), so do these readers.
"""

import errno
import math
import os
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # per second
MAX_FILE = 16 << 20  # bytes: /proc/diskstats and mountinfo of a very large machine have a tenth


def root(ps: Any) -> str | None:
    """Return the path of Linux's /proc; None on another system, where only psutil is asked."""
    return str(ps.PROCFS_PATH) if getattr(ps, "LINUX", False) else None


def read(path: str) -> bytes:
    """Return a whole file of at most MAX_FILE bytes. Raises OSError.

    Without the buffers of `open`, which cost a third more.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        content = os.read(descriptor, 65536)
        while content and len(content) <= MAX_FILE:
            # The end of a /proc file is known only by an empty read: a short one proves nothing.
            more = os.read(descriptor, 65536)
            if not more:
                break
            content += more
        if len(content) > MAX_FILE:
            raise OSError(errno.EFBIG, "the file has no end", path)
    finally:
        os.close(descriptor)
    return content


def read_text(path: str) -> str | None:
    """Return a short file's stripped text (an attribute in /sys), or None where it has none."""
    try:
        return read(path).strip().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def read_number(path: str) -> float | None:
    """Return the number in a file, or None where it has none that is finite."""
    try:
        value = float(read_text(path) or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
