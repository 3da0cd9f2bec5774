"""What is looked at every few seconds for as long as this process is to do so."""

import logging
from collections.abc import Callable

import gevent

from dashboard.log.contract import LogUnavailable

logger = logging.getLogger(__name__)


class Periodic:
    """Calls a function in a greenlet; an error costs one call, and is told once."""

    def __init__(
        self,
        look: Callable[[], None],
        seconds: float,
        *,
        away: Callable[[], None] = lambda: None,
    ) -> None:
        """`away` is called where `look` raises LogUnavailable, of which the log's readers tell."""
        self._look = look
        self._seconds = seconds
        self._away = away
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Begin."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Leave it to another process."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def _run(self) -> None:
        is_failing = False
        while True:
            try:
                self._look()
                is_failing = False
            except LogUnavailable:
                self._away()
            except Exception:  # one event that nobody thought of ends no watch
                if not is_failing:  # else it would be told every few seconds
                    logger.exception("a look at the log's alerts failed")
                is_failing = True
            gevent.sleep(self._seconds)
