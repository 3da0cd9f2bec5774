"""gunicorn's gevent worker as Vitals runs it: bounded connections, and an end without waiting.

gunicorn.conf.py names a class that becomes this one after the fork, because the master must not
import the application: a HUP could not renew it then. An application that is not Vitals is served
as gunicorn's own worker would.

On SIGTERM gunicorn only notes that the worker is to end, looks at that once a second, and then
waits for requests that are under way; streams never end by themselves. So the signal also ends
them, at once, and both `kill -HUP` and `kill -TERM` take about a second.
"""

import gc
import logging
import os
import resource
import ssl
import sys
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import gevent
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers.ggevent import GeventWorker  # type: ignore[import-untyped]

from dashboard.access.trusted_proxies import Proxies
from dashboard.log.contract import LogUnavailable
from dashboard.runtime import Runtime, Service
from dashboard.server import watchdog
from dashboard.server.arrivals import ArrivalServer, host_of
from dashboard.server.connection_guard import ConnectionGuard, bounds
from dashboard.server.guarded_socket import GuardedSocket
from dashboard.server.refusals import check_repeats, refusal_of, send_problem
from dashboard.server.shared_parts import NamedListener, share_parts
from dashboard.streaming.parked import bound_buffers
from dashboard.telemetry.systemd import ServiceManager
from dashboard.web.event_stream import stop_all

logger = logging.getLogger(__name__)

_SWITCH_SECONDS = 0.0005
_MANY = 1 << 20
_RESERVE = 64  # descriptors of the log, its threads and the like
_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
_STREAMS = ("/stream", "/progress/")


class Worker(GeventWorker):  # type: ignore[misc]
    """Serves the application with a guard around its connections, and its runtime beside it."""

    manager: ServiceManager | None = None
    _guard: ConnectionGuard
    _proxies: Proxies
    _sign_in_headers: tuple[str, ...]
    _runtime: Runtime
    _ending: "gevent.Greenlet[..., None] | None" = None

    def load_wsgi(self) -> None:
        """Load the application and start its runtime, in the patched process after the fork."""
        super().load_wsgi()
        extensions = getattr(self.wsgi, "extensions", {})
        if "vitals" not in extensions:
            self.__class__ = GeventWorker
            self.init_signals()  # which had this class's handlers
            return
        _log_failures()
        share_parts(self.cfg)
        # gunicorn looks a setting up some thirty times for each request, by a dict of objects.
        self.cfg.__dict__.update({key: each.get() for key, each in self.cfg.settings.items()})
        service: Service = extensions["vitals"]
        self._proxies = service.proxies
        given = service.settings
        headers = given.trusted_user_header, given.trusted_groups_header
        self._sign_in_headers = tuple(name.upper() for name in headers if name)
        try:
            self._runtime = service.start()
        except LogUnavailable as error:  # its folder can't be made, or not be written to
            logger.error("can't start: %s", error)
            sys.exit(Arbiter.APP_LOAD_ERROR)  # at which the master ends, too
        self._guard = _guard_for(self._runtime)
        self._guard.start()
        bound_buffers(self.sockets)
        # A storm of new connections must not hold off a tick: the thread that reads the log gets
        # its turn at the interpreter soon.
        sys.setswitchinterval(_SWITCH_SECONDS)
        if self.manager is not None:
            gevent.spawn(watchdog.run, self._runtime, self.manager)
        # What a worker begins with lives as long as it does: the garbage collector need not look
        # through it again while ten thousand streams come back.
        gc.collect()
        gc.freeze()

    def run(self) -> None:
        """Serve until told to stop."""
        try:
            super().run()
        finally:
            self._end().join(self.cfg.graceful_timeout)

    def notify(self) -> None:
        """Tell the master that the event loop turns; once a second."""
        super().notify()
        if not self.alive:  # without a signal, by max_requests or --reload
            self._end()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: end the streams at once, too."""
        self._leave_if_not_begun()
        super().handle_exit(sig, frame)
        self._end()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """SIGINT and SIGQUIT: Ctrl-C in the terminal reaches workers, too."""
        self._leave_if_not_begun()
        super().handle_quit(sig, frame)

    def _leave_if_not_begun(self) -> None:
        """End a worker that starts: of what it has begun nothing is there yet that could be ended.

        The threads of a half-made runtime would hold the process until the master kills it.
        """
        if not hasattr(self, "_guard"):
            os._exit(0)

    def server_class(self, listener: Any, *, spawn: Any, **given: Any) -> "_Server":
        """Make what accepts connections; gunicorn calls it once for each listening socket."""
        context = {name: given[name] for name in ("ssl_context",) if name in given}
        handle = partial(self.handle, NamedListener(listener))
        return _Server(
            self._guard, listener, room=self._room, handle=handle, spawn=spawn, **context
        )

    def _room(self) -> int:
        """Return for how many connections there are descriptors, beside what may be served."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        served = self._runtime.hub.admission.streams
        served += self._guard.most_waiting + self._guard.most_requests
        return _MANY if limit == resource.RLIM_INFINITY else limit - served - _RESERVE

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve one connection, in a greenlet of its own."""
        connection = self._guard.open(client, host_of(address))
        try:
            super().handle(listener, GuardedSocket(client, connection, self._guard), address)
        finally:
            self._guard.close(connection)

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Around the reading of a head, where gunicorn would bound only an idle connection."""
        return self._guard.awaiting_head()

    def handle_request(self, listener_name: Any, request: Any, client: Any, address: Any) -> Any:
        """Answer one request, if the limits allow it. Raises StopIteration to end the connection.

        That is what AsyncWorker.handle() takes for "close" (base_async.py).
        """
        if not client.has_waited:
            gevent.sleep(0)  # a client that sends many at once is no reason for others to wait
        client.has_waited = False
        check_repeats(request, self._sign_in_headers)
        connection = client.connection
        connection.begin_request(self._proxies.client_of(host_of(address), request.headers))
        is_stream = request.method == "GET" and request.path.startswith(_STREAMS)
        is_free = is_stream or request.path in _ALWAYS
        if not is_free and not self._guard.begin_work(connection):
            most = self._guard.most_requests
            send_problem(client, 503, f"this worker answers {most} requests already")
            raise StopIteration
        client.begin_answer()
        try:
            super().handle_request(listener_name, request, client, address)
        except StopIteration:
            client.end_answer()
            raise
        finally:
            self._guard.end_work(connection)
            connection.end_request()
        client.end_answer()

    def handle_error(self, request: Any, client: Any, address: Any, error: BaseException) -> None:
        """Answer what could not be handled with a problem document, and count or log it."""
        refusal = refusal_of(error)
        client.drop_held()
        if refusal is None:
            path = getattr(request, "path", "no request")
            logger.error("a request failed: %s", path, exc_info=error)
            send_problem(client, 500, "a mistake of this service, which its log tells more of")
            return
        # What is wrong in it is not repeated, neither here nor in the answer: keys may be.
        self._guard.count_refused(refusal.reason)
        name = type(error).__name__
        logger.debug("refused a request: %s", name)  # strangers could fill a disk
        send_problem(client, refusal.status, refusal.detail.format(name))

    def _end(self) -> "gevent.Greenlet[..., None]":
        """Begin to stop, once; may be called from a signal handler."""
        if self._ending is None:
            self._ending = gevent.spawn(self._stop)
        return self._ending

    def _stop(self) -> None:
        self._guard.stop()
        stop_all()
        self._runtime.stop()


class _Server(ArrivalServer):
    """Bounds the handshake of TLS, too."""

    def __init__(self, guard: ConnectionGuard, listener: Any, **arguments: Any) -> None:
        super().__init__(listener, **arguments)
        self._guard = guard

    def wrap_socket_and_handle(self, client: Any, address: Any) -> Any:
        """Serve a TLS connection, whose handshake has to end in time as well."""
        connection = self._guard.open(client, host_of(address))
        try:
            return super().wrap_socket_and_handle(client, address)
        except (ssl.SSLError, OSError) as error:
            logger.debug("no TLS: %s", error)
        finally:
            self._guard.close(connection)


def _guard_for(runtime: Runtime) -> ConnectionGuard:
    settings = runtime.settings
    most_waiting, most_requests = bounds(
        settings.max_waiting, settings.max_requests, runtime.hub.admission.most
    )
    return ConnectionGuard(
        header_timeout=settings.header_timeout,
        body_timeout=settings.body_timeout,
        keep_alive=settings.keep_alive,
        most_waiting=most_waiting,
        most_requests=most_requests,
        instruments=runtime.instruments,
    )


def _log_failures() -> None:
    """Log what a greenlet fails with as a line like any other, in place of gevent's own print."""

    def log_failure(context: Any, kind: Any, error: Any, traceback: Any) -> None:
        logger.error("%s failed", context, exc_info=(kind, error, traceback))

    event_loop: Any = gevent.get_hub()
    event_loop.print_exception = log_failure
