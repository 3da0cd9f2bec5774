"""The service's own gunicorn.conf.py, with less patience for a body than anybody has."""

from pathlib import Path
from typing import Any

_REAL = Path(__file__).resolve().parent.parent / "gunicorn.conf.py"
__file__ = str(_REAL)
exec(compile(_REAL.read_text(), _REAL, "exec"))

_start_runtime = globals()["post_worker_init"]


def post_worker_init(worker: Any) -> None:
    from dashboard.web import intake

    intake._BODY_SECONDS = 0.5
    _start_runtime(worker)
