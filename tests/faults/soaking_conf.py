"""The service's own gunicorn.conf.py; each worker notes how many greenlets it has.

In the folder that VITALS_GREENLETS names, in a file of the worker's process id, each second.
"""

import gc
import os
from pathlib import Path
from typing import Any

_REAL = Path(__file__).resolve().parents[2] / "gunicorn.conf.py"
__file__ = str(_REAL)
exec(compile(_REAL.read_text(), _REAL, "exec"))

_folder = Path(os.environ["VITALS_GREENLETS"])
_start_runtime = globals()["post_worker_init"]


def post_worker_init(worker: Any) -> None:
    import gevent
    from greenlet import greenlet

    def note() -> None:
        while True:
            gevent.sleep(1.0)
            count = sum(isinstance(thing, greenlet) for thing in gc.get_objects())
            new = _folder / f"{os.getpid()}.new"
            new.write_text(str(count))
            new.rename(_folder / str(os.getpid()))

    _start_runtime(worker)
    gevent.spawn(note)
