"""How new connections are taken: all that come at once, and begun a few at a time, by turns.

A connection costs some microseconds to accept and half a millisecond to begin: a greenlet, a
request's head, an answer. Thousands may come at once, in an attack or as displays come back, and in
the kernel's queue each waits behind all that came before it. So they are accepted at once, and
begun by turns of their addresses, of each in the order of their coming. Who asks whether the
service is alive comes before all, as a load balancer or a human asks in such a moment.
"""

import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from gevent.server import StreamServer

from dashboard.access.addresses import network_of

_FIRST = (b"GET /healthz", b"GET /readyz")
_LONGEST = max(map(len, _FIRST))
_ACCEPTED_AT_ONCE = 64  # in each turn of the loop, some 2 ms
_BEGUN_AT_ONCE = 8  # some 4 ms: a storm must not hold off a tick
_FIRST_AT_ONCE = 4  # of these that come before all: thousands may ask for that, too
_FULL_SECONDS = 0.05  # until the next look, while the worker serves as many as it may
_Arrival = tuple[Any, Any]  # socket and address


class ArrivalServer(StreamServer):
    """gevent's server, with a place to wait between accepting and serving."""

    def __init__(self, listener: Any, *, room: Callable[[], int], **arguments: Any) -> None:
        """`room` tells how many connections may wait here; the others wait in the kernel."""
        super().__init__(listener, **arguments)
        self._room = room
        self._new: list[_Arrival] = []  # since the last turn
        self._waiting: dict[str, deque[_Arrival]] = {}  # by address, who is next first
        self._count = 0  # of both
        self._is_planned = False
        self._look_again = self.loop.timer(_FULL_SECONDS)

    def do_handle(self, *arrival: Any) -> None:
        """Let an accepted connection wait until it is begun."""
        self._new.append(arrival)
        self._count += 1
        self._plan()

    def _do_read(self) -> None:
        room = max(_BEGUN_AT_ONCE, self._room() - self._count)
        self.max_accept = min(_ACCEPTED_AT_ONCE, room)
        super()._do_read()  # type: ignore[misc]  # which gevent's types leave out

    def _plan(self) -> None:
        """Take a turn after what is to run already, the connections of the last turn among it."""
        if not self._is_planned:
            self._is_planned = True
            self.loop.run_callback(self._take_turn)

    def _take_turn(self) -> None:
        self._is_planned = False
        begun = 0
        try:
            new, self._new = self._new, []
            for arrival in new:
                if begun < _FIRST_AT_ONCE and not self.full() and _comes_first(arrival[0]):
                    begun += 1
                    self._begin(arrival)
                else:
                    address = network_of(host_of(arrival[1]))
                    self._waiting.setdefault(address, deque()).append(arrival)
            while self._waiting and begun < _BEGUN_AT_ONCE and not self.full():
                begun += 1
                self._begin(self._next())
        finally:
            if begun and self._count:
                self._plan()
            elif self._count:
                self._look_again.start(self._plan)

    def _next(self) -> _Arrival:
        """Take out the connection whose turn it is; its address is last in turn from then on."""
        address = next(iter(self._waiting))
        waiting = self._waiting.pop(address)
        arrival = waiting.popleft()
        if waiting:
            self._waiting[address] = waiting
        return arrival

    def _begin(self, arrival: _Arrival) -> None:
        self._count -= 1
        super().do_handle(*arrival)


def host_of(address: Any) -> str:
    """Return a peer's address without its port; "" for a Unix socket's, which has none."""
    return address[0] if isinstance(address, tuple) else ""


def _comes_first(client: Any) -> bool:
    """Whether what a client has sent, without waiting for it, asks whether we are alive."""
    try:
        # The socket itself, as gevent's own would wait.
        return bool(client._sock.recv(_LONGEST, socket.MSG_PEEK).startswith(_FIRST))
    except OSError:
        return False
