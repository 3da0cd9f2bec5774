"""gunicorn's configuration, and a disk that hangs: while the file VITALS_TEST_HANG names exists.

It is read every VITALS_TEST_CADENCE seconds: more than the interval, so that it counts as slow, but
so few that a test need not wait for minutes.
"""

import os
import runpy
from pathlib import Path
from typing import Any

_real = runpy.run_path(str(Path(__file__).parents[2] / "gunicorn.conf.py"))
globals().update(_real)


def post_worker_init(worker: Any) -> None:
    """Let the file system's reading wait for the file to go, then start as always."""
    from gevent import monkey

    from dashboard.metrics.filesystem import Filesystem

    sleep = monkey.get_original("time", "sleep")
    read = Filesystem.read
    hang = Path(os.environ["VITALS_TEST_HANG"])

    def read_when_it_can(self: Filesystem) -> Any:
        while hang.exists():
            sleep(0.05)
        return read(self)

    Filesystem.read = read_when_it_can  # type: ignore[method-assign]
    Filesystem.cadence = float(os.environ["VITALS_TEST_CADENCE"])
    _real["post_worker_init"](worker)
