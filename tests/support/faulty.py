"""The service's own gunicorn.conf.py, with faults that a test switches on by files.

The folder VITALS_FAULTS holds them: `clock` (seconds that the clock of every worker is off), `hang`
(while it exists, asking a filesystem for its size does not return; `hanging` is made when somebody
asks) and `latin` (while it exists, there is an interface with a name in Latin-1; `named` is made
when it is read). For the tests' patience the filesystems are read each second. GET /fail raises. A
Redis gives ids by the clock of whoever appends, as a file does, and not by its own.
"""

import os
import threading
import time
from functools import partialmethod
from pathlib import Path
from typing import Any

_REAL = Path(__file__).resolve().parents[2] / "gunicorn.conf.py"
__file__ = str(_REAL)
exec(compile(_REAL.read_text(), _REAL, "exec"))

_folder = Path(os.environ["VITALS_FAULTS"])
_after_fork = globals().get("post_fork", lambda server, worker: None)
_real_time, _real_sleep = time.time, time.sleep


class _Clock:
    """Looks at the file in a thread, so that asking for the time stays cheap."""

    def __init__(self) -> None:
        self.offset = 0.0

    def watch(self) -> None:
        while True:
            try:
                self.offset = float((_folder / "clock").read_text())
            except (OSError, ValueError):
                self.offset = 0.0
            _real_sleep(0.01)

    def time(self) -> float:
        return _real_time() + self.offset


def post_fork(server: Any, worker: Any) -> None:
    """Before gevent patches anything and before the application is imported."""
    _after_fork(server, worker)
    clock = _Clock()
    threading.Thread(target=clock.watch, daemon=True).start()
    time.time = clock.time
    worker.load_wsgi = lambda: _load(worker)


def _load(worker: Any) -> None:
    """Load the application in a process that gevent has patched, with the faults in it."""
    import psutil

    from dashboard.metrics import procfs
    from dashboard.metrics.filesystem import Filesystem

    real_usage, real_read = psutil.disk_usage, procfs.read

    def usage(path: str) -> Any:
        while (_folder / "hang").exists():
            (_folder / "hanging").touch()
            _real_sleep(0.02)
        return real_usage(path)

    def fail() -> str:
        raise RuntimeError("the secret of tests/support/faulty.py")

    def read(path: str) -> bytes:
        content = real_read(path)
        if path.endswith("/net/dev") and (_folder / "latin").exists():
            (_folder / "named").touch()
            return content + b"caf\xe9: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
        return content

    psutil.disk_usage = usage
    procfs.read = read
    Filesystem.cadence = 1
    if os.environ.get("DASHBOARD_LOG", "").startswith(("redis", "unix")):
        from dashboard.log.redis.engine import RedisLog

        by_our_clock = partialmethod(RedisLog.__init__, clock=time.time)
        RedisLog.__init__ = by_our_clock  # type: ignore[assignment, method-assign]
    type(worker).load_wsgi(worker)
    worker.wsgi.add_url_rule("/fail", view_func=fail)
