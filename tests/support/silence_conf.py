"""The service's own gunicorn.conf.py, with a shorter silence before a machine is taken for dead.

VITALS_SILENCE has the seconds in place of the 30, VITALS_LOOK those between two looks of those who
send.
"""

import os
from pathlib import Path
from typing import Any

_REAL = Path(__file__).resolve().parents[2] / "gunicorn.conf.py"
__file__ = str(_REAL)
exec(compile(_REAL.read_text(), _REAL, "exec"))

_start_runtime = globals()["post_worker_init"]


def post_worker_init(worker: Any) -> None:
    from dashboard.alerts import receiver, silent_machines

    silent_machines._LEAST = float(os.environ["VITALS_SILENCE"])
    receiver._LOOK_AGAIN = float(os.environ.get("VITALS_LOOK", receiver._LOOK_AGAIN))
    _start_runtime(worker)
