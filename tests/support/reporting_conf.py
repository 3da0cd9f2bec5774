"""The service's own gunicorn.conf.py, with a background worker in it that reports its progress."""

from pathlib import Path
from typing import Any

_REAL = Path(__file__).resolve().parents[2] / "gunicorn.conf.py"
__file__ = str(_REAL)
exec(compile(_REAL.read_text(), _REAL, "exec"))

_start_runtime = globals()["post_worker_init"]


def post_worker_init(worker: Any) -> None:
    _start_runtime(worker)
    import threading

    import gevent

    from dashboard.jobs.reporter import progress

    def work(name: str) -> None:
        with progress(name, total=3) as job:
            for number in range(3):
                gevent.sleep(0.01)
                job.step(f"step {number + 1}")

    gevent.spawn(work, "in-a-greenlet")
    threading.Thread(target=work, args=("in-a-thread",), daemon=True).start()
    gevent.get_hub().threadpool.spawn(work, "in-a-native-thread")
