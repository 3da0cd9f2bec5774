"""How new connections are taken: all that come at once, and begun a few at a time, by turns.

A connection costs some microseconds to accept and half a millisecond to begin: a greenlet, a
request's head, an answer. Thousands may come at once, in an attack or as displays come back, and in
the kernel's queue each waits behind all that came before it. So they are accepted at once, and
begun by turns of their addresses, of each in the order of their coming. Who asks whether the
service is alive comes before all, as a load balancer or a human asks in such a moment: a few of
those in each turn are answered as soon as they are accepted, before any other greenlet goes on.
"""

import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from gevent.server import StreamServer

from dashboard.access.addresses import network_of

_FIRST = (b"GET /healthz", b"GET /readyz")
_LONGEST = max(map(len, _FIRST))
_ACCEPTED_AT_ONCE = 256  # in each turn of the loop, some 5 ms
_BEGUN_AT_ONCE = 8  # some 4 ms: a storm must not hold off a tick
_FIRST_AT_ONCE = 4  # of these that come before all: thousands may ask for that, too
_MOST_CANDIDATES = 256  # that are looked at again, in less than a millisecond
_LOOK_SECONDS = 0.02  # between two looks at these
_FULL_SECONDS = 0.05  # until the next look, while the worker serves as many as it may
_Arrival = tuple[Any, Any]  # socket and address


class ArrivalServer(StreamServer):
    """gevent's server, with a place to wait between accepting and serving."""

    def __init__(self, listener: Any, *, room: Callable[[], int], **arguments: Any) -> None:
        """`room` tells how many connections may wait here; the others wait in the kernel."""
        super().__init__(listener, **arguments)
        self._room = room
        self._waiting: dict[str, deque[_Arrival]] = {}  # by address, who is next first
        # Those of them that may come before all: they have sent nothing yet, or had no turn.
        self._candidates: dict[_Arrival, None] = {}
        self._looked_at = 0.0
        self._first_begun = 0  # since the last turn
        self._next_turn = self.loop.timer(0)
        self._look_again = self.loop.timer(_FULL_SECONDS)

    def do_handle(self, *arrival: Any) -> None:
        """Let an accepted connection wait until it is begun."""
        if self._comes_first(arrival):
            self._begin_first(arrival)
        else:
            self._waiting.setdefault(_network(arrival), deque()).append(arrival)
        self._plan()

    def _do_read(self) -> None:
        waiting = sum(map(len, self._waiting.values()))
        room = max(_BEGUN_AT_ONCE, self._room() - waiting)
        self.max_accept = min(_ACCEPTED_AT_ONCE, room)
        super()._do_read()  # type: ignore[misc]  # which gevent's types leave out

    def _plan(self) -> None:
        """Take a turn after the loop has looked at its descriptors and timers again.

        A callback would run before, after others that are short in number, but not in time.
        """
        if not self._next_turn.active:  # type: ignore[attr-defined]  # left out of gevent's types
            self._next_turn.start(self._take_turn)

    def _take_turn(self) -> None:
        self._next_turn.stop()
        begun, self._first_begun = self._first_begun, 0
        try:
            self._look_at_candidates()
            while self._waiting and begun < _BEGUN_AT_ONCE and not self.full():
                begun += 1
                self._begin(self._next())
        finally:
            if self._waiting and begun:
                self._plan()
            elif self._waiting:
                self._look_again.start(self._plan)

    def _look_at_candidates(self) -> None:
        now = self.loop.now()
        if 0 <= now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        for arrival in [*self._candidates]:
            if self._comes_first(arrival):
                self._take_out(arrival)
                self._begin_first(arrival)

    def _next(self) -> _Arrival:
        """Take out the connection whose turn it is; its address is last in turn from then on."""
        network = next(iter(self._waiting))
        waiting = self._waiting.pop(network)
        arrival = waiting.popleft()
        if waiting:
            self._waiting[network] = waiting
        self._candidates.pop(arrival, None)
        return arrival

    def _take_out(self, arrival: _Arrival) -> None:
        waiting = self._waiting.get(_network(arrival))
        if waiting is None or arrival not in waiting:
            return  # memory ran out when it was accepted
        waiting.remove(arrival)
        if not waiting:
            del self._waiting[_network(arrival)]

    def _begin(self, arrival: _Arrival) -> None:
        super().do_handle(*arrival)

    def _comes_first(self, arrival: _Arrival) -> bool:
        """Whether a connection comes before all, and may now; if it may later it is a candidate."""
        sent = _sent_by(arrival[0])
        if sent and not sent.startswith(_FIRST):
            self._candidates.pop(arrival, None)
            return False
        if sent and self._first_begun < _FIRST_AT_ONCE and not self.full():
            self._candidates.pop(arrival, None)
            return True
        self._candidates[arrival] = None
        if len(self._candidates) > _MOST_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
        return False

    def _begin_first(self, arrival: _Arrival) -> None:
        """Run a connection's greenlet until it waits for something, before all that are to run."""
        self._first_begun += 1
        pool: Any = self.pool
        pool.spawn(self._serve, *arrival).switch()

    def _serve(self, client: Any, address: Any) -> None:
        try:
            self._handle(client, address)  # type: ignore[attr-defined]  # left out of gevent's types
        finally:
            self.do_close(client, address)


def host_of(address: Any) -> str:
    """Return a peer's address without its port; "" for a Unix socket's, which has none."""
    return address[0] if isinstance(address, tuple) else ""


def _network(arrival: _Arrival) -> str:
    return network_of(host_of(arrival[1]))


def _sent_by(client: Any) -> bytes:
    """Return the beginning of what a client has sent, without waiting for it; b"" of nothing."""
    try:
        # The socket itself, as gevent's own would wait.
        return bytes(client._sock.recv(_LONGEST, socket.MSG_PEEK))
    except OSError:
        return b""
