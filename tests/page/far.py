"""A machine elsewhere, which appends its figures to a Redis without a pause.

It holds nothing back: what Redis does not take is not told again.
"""

import json
import threading
import time

from dashboard.events.event import Event
from dashboard.log.contract import LogUnavailable
from dashboard.log.opening import open_log


class Machine:
    """Its host is `far`, its figures are those of `cpu`."""

    def __init__(self, url: str, *, interval: float) -> None:
        self.times: list[float] = []  # of what was acknowledged, and
        self.ids: list[str] = []  # the ids that it was given
        self._interval = interval
        self._log = open_log(url, retention=1e11)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._leaving.wait(self._interval):
            now = round(time.time(), 3)
            figures = {"host": "far", "time": now, "percent": len(self.times) % 100}
            try:
                ids = self._log.append([Event("far", "cpu", json.dumps(figures))])
            except LogUnavailable:
                continue
            self.times.append(now)
            self.ids += map(str, ids)

    def close(self) -> None:
        self._leaving.set()
        self._thread.join(30)
        self._log.close()
