"""What a worker does about links: it ends the streams of revoked ones, and notes their use."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import gevent

from dashboard.access.link_store import LinkStore
from dashboard.posix.native_thread import NativeThread, ThreadLost
from dashboard.streaming.hub import Hub

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOK = 1.0  # seconds between two looks at the file


class LinkWatch:
    """Looks at a worker's links once a second."""

    def __init__(self, links: LinkStore, hub: Hub) -> None:
        self.store = links
        self._hub = hub
        self._thread = NativeThread()
        self._trouble: str | None = None

    def run(self) -> None:
        """Look again and again; in a greenlet."""
        while True:
            gevent.sleep(LOOK)
            try:
                uses = self.store.take_uses()
                if uses:
                    self.change(partial(self.store.add_uses, uses))
                self.end_revoked()
            except OSError as error:
                if self._trouble != str(error):
                    logger.warning("the links that are known can't be read or written: %s", error)
                self._trouble = str(error)
            else:
                self._trouble = None

    def end_revoked(self) -> None:
        """End the streams of revoked links. Raises OSError."""
        links = self.store.links().values()
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
