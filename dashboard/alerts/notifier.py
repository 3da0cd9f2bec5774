"""Sending alerts out, by apprise. Only the process that samples a host sends its alerts.

Each URL has an outbox of its own (receiver.py). apprise blocks, so it sends in a native thread; one
for all URLs, because the locks that gevent has patched are not made for contention between threads.
"""

import gevent

from dashboard.alerts.receiver import Origin, Receiver
from dashboard.posix.native_thread import NativeThread
from dashboard.settings import Notify

_STOP_SECONDS = 3.0  # gunicorn waits for five


class Notifier:
    """Sends the alerts of one host to all URLs of the settings."""

    def __init__(self, origin: Origin, settings: Notify) -> None:
        self._thread = NativeThread()
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._receivers = [
            Receiver(origin, each, number, url)
            for each in (settings, *settings.receivers)
            for number, url in enumerate(each.urls, start=1)
        ]

    def start(self) -> None:
        """Begin with what has not been sent yet."""
        if self._receivers:
            self._greenlets = [gevent.spawn(r.run, self._thread) for r in self._receivers]

    def wake(self) -> None:
        """The log has something new about alerts."""
        for receiver in self._receivers:
            receiver.awake.set()

    def stop(self) -> None:
        """Begin no message any more. Until one on its way has arrived nobody else sends."""
        for receiver in self._receivers:
            receiver.stopping = True
            receiver.awake.set()
        if self._greenlets:
            gevent.spawn(self._close_thread)

    def wait(self) -> None:
        """Give a message that is on its way a moment to arrive, before the process ends."""
        gevent.joinall(self._greenlets, timeout=_STOP_SECONDS)

    def _close_thread(self) -> None:
        gevent.joinall(self._greenlets)
        self._thread.close()
