"""What a worker does about links and machines: it notes their use, and ends revoked streams."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import gevent

from dashboard.access.right_store import R, RightStore
from dashboard.access.stores import Stores
from dashboard.posix.native_thread import NativeThread, ThreadLost
from dashboard.streaming.hub import Hub

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOK = 1.0  # seconds between two looks at the files


class RightsWatch:
    """Looks at a worker's links and machines once a second."""

    def __init__(self, stores: Stores, hub: Hub) -> None:
        self.links, self.machines = stores
        self._hub = hub
        self._thread = NativeThread()
        self._trouble: str | None = None

    def run(self) -> None:
        """Look again and again; in a greenlet."""
        while True:
            gevent.sleep(LOOK)
            try:
                self._write_uses(self.links)
                self._write_uses(self.machines)
                self.end_revoked()
            except OSError as error:
                if self._trouble != str(error):
                    logger.warning("the list of links or machines can't be used: %s", error)
                self._trouble = str(error)
            else:
                self._trouble = None

    def _write_uses(self, store: RightStore[R]) -> None:
        uses = store.take_uses()
        if uses:
            self.change(partial(store.add_uses, uses))

    def end_revoked(self) -> None:
        """End the streams of revoked links. Raises OSError."""
        links = self.links.rights().values()
        self._hub.end_links({link.id for link in links if link.revoked is not None})

    def change(self, function: Callable[[], T]) -> T:
        """Return or raise what a call does that blocks. Raises ThreadLost."""
        try:
            return self._thread.run(function)
        except RuntimeError as error:  # no thread can be started now
            raise ThreadLost(str(error)) from None

    def close(self) -> None:
        """End the thread."""
        self._thread.close()
