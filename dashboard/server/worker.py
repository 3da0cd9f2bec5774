"""The runtime inside a gunicorn worker: start it, and stop it the moment the worker is told to go.

On SIGTERM gunicorn only notes that the worker is to end, looks at that once a second, and then
waits for requests that are under way; streams never end by themselves. So the signal also ends
them, at once, and both `kill -HUP` and `kill -TERM` take about a second.
"""

import gc
import logging
import signal
import sys
from typing import Any

import gevent
from gevent import monkey
from gevent.server import StreamServer

from dashboard.access.trusted_proxies import Proxies
from dashboard.runtime import Service
from dashboard.server import watchdog
from dashboard.server.connection_guard import ConnectionGuard, bounds
from dashboard.streaming.parked import bound_buffers
from dashboard.telemetry.systemd import ServiceManager
from dashboard.web.access import Access
from dashboard.web.event_stream import stop_all
from dashboard.web.quick_stream import in_front_of

_HALT = 4  # gunicorn's master ends with a worker that exits with this
_ACCEPT_AT_ONCE = 16
_SWITCH_SECONDS = 0.0005
_LOOK_EVERY = 1.0  # seconds; gunicorn also ends workers without a signal (max_requests, reload)


def _tell_failure(context: Any, kind: Any, error: Any, traceback: Any) -> None:
    logger = logging.getLogger("dashboard")
    logger.error("%s failed", context, exc_info=(kind, error, traceback))


def start(worker: Any, manager: ServiceManager | None = None) -> None:
    """Start the runtime of a worker's application; `worker` is gunicorn's, after it has loaded.

    `manager` is told when it serves, and that it goes on.
    """
    if not monkey.is_module_patched("socket"):
        print(f"Vitals: runs on gevent; -k {worker.cfg.worker_class_str} is not", file=sys.stderr)
        sys.exit(_HALT)
    logger = logging.getLogger("dashboard")
    logger.handlers = worker.log.error_log.handlers
    logger.setLevel(worker.log.error_log.level)
    logger.propagate = False
    # What a greenlet fails with is a line like any other, not gevent's own print.
    event_loop: Any = gevent.get_hub()
    event_loop.print_exception = _tell_failure

    bound_buffers(worker.sockets)
    service: Service = worker.wsgi.extensions["vitals"]
    runtime = service.start()
    settings = runtime.settings
    most_waiting, most_requests = bounds(
        settings.max_waiting, settings.max_requests, runtime.hub.admission.most
    )
    guard = ConnectionGuard(
        header_timeout=settings.header_timeout,
        keep_alive=settings.keep_alive,
        most_waiting=most_waiting,
        most_requests=most_requests,
        instruments=runtime.instruments,
    )
    guard.take_over(worker)
    if settings.parking:
        access: Access = worker.wsgi.extensions["vitals_access"]
        proxies: Proxies = worker.wsgi.extensions["vitals_proxies"]
        worker.handle = in_front_of(worker.handle, runtime, access, proxies)
    # A storm of new connections must not hold off a tick: few are accepted in one turn of the
    # event loop, and the thread that reads the log gets its turn at the interpreter soon.
    StreamServer.max_accept = _ACCEPT_AT_ONCE
    sys.setswitchinterval(_SWITCH_SECONDS)
    # What a worker begins with lives as long as it does: the garbage collector need not look
    # through it again while ten thousand streams come back.
    gc.collect()
    gc.freeze()

    def stop() -> None:
        guard.stop()
        stop_all()
        runtime.stop()

    def told_to_stop() -> None:
        worker.handle_exit(signal.SIGTERM, None)
        stop()

    gevent.signal_handler(signal.SIGTERM, told_to_stop)

    def watch() -> None:
        while worker.alive:
            gevent.sleep(_LOOK_EVERY)
        stop()

    gevent.spawn(watch)
    if manager is not None:
        gevent.spawn(watchdog.run, runtime, manager)
