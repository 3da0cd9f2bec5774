"""What a worker does about links and machines: it notes their use, and ends revoked streams.

What it knows of them it shares through the log with whatever other dashboards there are.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import gevent
from gevent.event import Event

from dashboard.access.right_store import R, RightStore
from dashboard.access.stores import Stores
from dashboard.log.contract import EventLog, LogUnavailable, digest_of
from dashboard.posix.native_thread import NativeThread, ThreadLost
from dashboard.streaming.hub import Hub

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOK = 0.4  # seconds between two looks at the files, and at the log


class RightsWatch:
    """Looks at a worker's links and machines, more than twice a second."""

    def __init__(self, stores: Stores, hub: Hub, log: EventLog) -> None:
        self.links, self.machines = stores
        self._hub = hub
        self._log = log
        self._has_changed = Event()
        self._shared: dict[str, tuple[object, str]] = {}  # a file's mark, and the log's digest
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

    def run_sharing(self) -> None:
        """Share again and again; in a greenlet of its own, as a log may be long about it."""
        while True:
            self._has_changed.clear()
            try:
                self._share(self.links)
                self._share(self.machines)
                self.end_revoked()
            except (OSError, LogUnavailable):
                pass  # who uses the files and the log says so
            self._has_changed.wait(LOOK)

    def _write_uses(self, store: RightStore[R]) -> None:
        uses = store.take_uses()
        if uses:
            self.change(partial(store.add_uses, uses))

    def _share(self, store: RightStore[R]) -> None:
        """Bring the file and what the log keeps to the same. Raises OSError, LogUnavailable."""
        mark = store.mark()
        seen, digest = self._shared.get(store.name, (None, ""))
        kept = self._log.kept(store.name, digest if mark == seen else None)
        if kept is None:
            return
        merged = self._in_thread(partial(store.merge, kept))
        if merged == kept or self._log.keep(store.name, digest_of(kept), merged):
            self._shared[store.name] = mark, digest_of(merged)
        else:
            self._has_changed.set()  # another dashboard was faster: once more, with what it put

    def end_revoked(self) -> None:
        """End the streams of revoked links. Raises OSError."""
        links = self.links.rights().values()
        self._hub.end_links({link.id for link in links if link.revoked is not None})

    def change(self, function: Callable[[], T]) -> T:
        """Return or raise what a call does that changes rights, and blocks. Raises ThreadLost."""
        try:
            return self._in_thread(function)
        finally:
            self._has_changed.set()

    def _in_thread(self, function: Callable[[], T]) -> T:
        try:
            return self._thread.run(function)
        except RuntimeError as error:  # no thread can be started now
            raise ThreadLost(str(error)) from None

    def close(self) -> None:
        """End the thread."""
        self._thread.close()
