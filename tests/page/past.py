"""A log that was kept before the test: the machine's real figures, at times that have gone by."""

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from dashboard.metrics import FAMILIES
from tests.support.service import Service

Readings = dict[str, dict[str, Any]]


def read_machine(*names: str) -> Readings:
    """One real reading of each family, or of some, that this machine has."""
    families = [family() for family in FAMILIES if not names or family.name in names]
    time.sleep(0.05)  # for the counters to move
    readings = {family.name: family.read() for family in families}
    return {name: reading for name, reading in readings.items() if reading is not None}


def write_past(
    service: Service,
    *,
    seconds: int = 300,
    hole: tuple[int, int] | None = None,
    readings: Readings | None = None,
) -> None:
    """Log every family each second of the last ones up to now, with the ids of then.

    `hole` is from and to how many seconds ago there was nothing; `readings` are the machine's, if
    none are given.
    """
    readings = readings or read_machine()
    end = math.floor(time.time())
    for at in count(end - seconds):
        if at >= time.time() - 1:  # and not a moment that was now when this began
            break
        if hole is not None and hole[0] >= end - at > hole[1]:
            continue
        service.clock_offset = at - time.time()
        service.append_all(
            (name, "box", {**reading, "time": float(at)}) for name, reading in readings.items()
        )
    service.clock_offset = 0.0


@contextmanager
def sampling_held_up(service: Service) -> Iterator[None]:
    """Lead in the workers' place, so that what the test logs is all that is logged."""
    service.run_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = service.run_directory / "leader-box.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
