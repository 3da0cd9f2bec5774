"""The setting HEARTBEAT_URL: asked once a minute while the log takes this machine's samples.

So somebody outside notices when nobody is left here to notice.
"""

import http.client
import logging
from functools import partial
from urllib.parse import urlsplit

import gevent
from gevent.event import Event as Flag

from dashboard.client.deadline import Deadline
from dashboard.client.http import get
from dashboard.posix.native_thread import NativeThread, ThreadLost

logger = logging.getLogger(__name__)

_TIMEOUT = 30.0  # seconds for the head of the answer, redirects included


class OutsideHeartbeat:
    """Asks a URL each `every` seconds in which samples were logged; without a URL it does nothing.

    The request is made in a native thread, so a name that is looked up for long holds up nothing.
    """

    def __init__(self, url: str, *, every: float = 60.0) -> None:
        self._url = url
        self._every = every
        self._logged = Flag()
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._thread = NativeThread()

    def on_logged(self) -> None:
        """Note that the log has taken samples."""
        self._logged.set()

    def start(self) -> None:
        """Begin with the first samples that are logged."""
        if self._url:
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Ask no more. A request that is under way ends by itself."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._thread.close()

    def _run(self) -> None:
        before: str | None = None
        where = urlsplit(self._url).hostname  # the rest may be secret
        while True:
            self._logged.wait()
            try:
                problem = self._thread.run(partial(_ask, self._url))
            except (ThreadLost, RuntimeError) as error:  # no memory for a thread
                problem = str(error)
            if problem is not None and before is None:
                logger.warning("HEARTBEAT_URL at %s: %s", where, problem)
            elif problem is None and before is not None:
                logger.warning("HEARTBEAT_URL at %s: answers again", where)
            before = problem
            gevent.sleep(self._every)
            self._logged.clear()


def _ask(url: str) -> str | None:
    """Return what went wrong, None for nothing."""
    try:
        with get(url, {}, _TIMEOUT, deadline=Deadline(_TIMEOUT)) as answer:
            status = answer.response.status
    except (OSError, http.client.HTTPException, ValueError) as error:
        return type(error).__name__
    return None if status < 400 else f"status {status}"
