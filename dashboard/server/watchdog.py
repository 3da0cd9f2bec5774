"""Signs of life for a service manager: only while samples really come and streams get them.

The worker's event loop turns, or this would not run. Its hub has looked at the log lately, and
knows a fresh sample of this host, whichever worker took it, logged or not. A single worker that is
frozen is gunicorn's to kill; when all are, or nobody samples, the manager begins anew.
"""

import logging
import time

import gevent

from dashboard.runtime import Runtime
from dashboard.telemetry.systemd import ServiceManager

logger = logging.getLogger(__name__)

_PATIENCE = 30.0  # seconds, in addition to three intervals


def run(runtime: Runtime, manager: ServiceManager) -> None:
    """Say that this worker serves, and then for ever that it goes on, as long as it does."""
    runtime.hub.ready.wait()
    manager.tell("READY=1")
    started = time.monotonic()
    said: str | None = None
    while manager.every is not None:
        gevent.sleep(manager.every)  # first, as a service that was away has an old sample
        age = runtime.sample_age()
        now = time.monotonic()
        trouble = stall_reason(
            interval=runtime.settings.interval,
            unread=now - runtime.hub.tail.turned_at,
            unsampled=now - started if age is None else age,
        )
        if trouble is None:
            manager.tell("WATCHDOG=1")
            if said is not None:
                logger.warning("signs of life to the service manager again")
        elif said is None:
            logger.error("no sign of life to the service manager: %s", trouble)
        said = trouble


def stall_reason(*, interval: float, unread: float, unsampled: float) -> str | None:
    """What has come to a standstill; None while all goes on. All arguments are seconds.

    `unread` is how long ago the log was looked at, `unsampled` when this host was sampled.
    """
    patience = 3 * interval + _PATIENCE
    if unread > patience:
        return f"nobody has looked at the log for {unread:.0f} s"
    if unsampled > patience:
        return f"this host has not been sampled for {unsampled:.0f} s"
    return None
