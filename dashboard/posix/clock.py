"""A clock for ages: no step of the wall clock changes it."""

import time

_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)


def steady_time() -> float:
    """Return seconds since some moment; on Linux they go on while the machine sleeps."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)
