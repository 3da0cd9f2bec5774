"""One accepted connection, and all of a worker's that wait for their clients."""

import socket
from collections.abc import Iterator
from itertools import islice
from typing import Any

from gevent import monkey

from dashboard.access.addresses import network_of

PLAIN_SOCKET: Any = monkey.get_original("socket", "socket")
_TRIED = 8  # connections that are asked whether they may be closed
MOST_HEAD = 32 << 10  # bytes of a request's line and headers, with their line ends


class Connection:
    """An accepted connection: whose it is, and until when (monotonic seconds) it may wait."""

    __slots__ = (
        "_peer",
        "address",
        "body_by",
        "deadline",
        "depth",
        "descriptor",
        "had_request",
        "head_left",
        "works",
    )

    def __init__(self, descriptor: int, peer: str) -> None:
        self.descriptor = descriptor  # which TLS takes over, when it wraps the socket
        self.deadline = 0.0
        self.depth = 0  # of the handlers that have it: TLS has one around the other
        self.head_left: int | None = None  # bytes; None while no head is awaited
        self.had_request = False
        self.body_by = 0.0  # when the body of its request has to have come; 0: it was not awaited
        self.works = False  # a request of it counts as one at work
        self._peer = self.address = network_of(peer)

    def begin_request(self, client: str) -> None:
        """Count the connection as the client's, whose address a trusted proxy may have told."""
        self.address = network_of(client)
        self.body_by = 0.0

    def end_request(self) -> None:
        """Count the connection as its peer's again."""
        self.address = self._peer

    @property
    def is_owed(self) -> bool:
        """Whether a head has come, or a part of it, that was not read yet."""
        if self.head_left is None:
            return False
        plain = PLAIN_SOCKET(fileno=self.descriptor)
        try:
            return bool(plain.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False
        finally:
            plain.detach()

    @property
    def is_idle(self) -> bool:
        """Whether it has been served, and owes nothing."""
        return self.had_request and self.head_left == MOST_HEAD


class Waiting:
    """Connections that wait, the oldest first, by the address that each is counted for."""

    def __init__(self) -> None:
        self._all: dict[Connection, str] = {}
        self._by_address: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._all

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def add(self, connection: Connection) -> None:
        """Put a connection last."""
        address = self._all[connection] = connection.address
        self._by_address.setdefault(address, {})[connection] = None

    def discard(self, connection: Connection) -> None:
        """Take a connection out, if it is there."""
        address = self._all.pop(connection, None)
        if address is None:
            return
        others = self._by_address[address]
        del others[connection]
        if not others:
            del self._by_address[address]

    def oldest_of_the_greediest(self) -> Connection:
        """Return the oldest connection of the address that has most; there has to be one.

        One whose client waits for this service, as far as a few looks tell, is passed over.
        """
        greediest = max(self._by_address.values(), key=len)
        oldest = list(islice(greediest, _TRIED))
        return next((each for each in oldest if not each.is_owed), oldest[0])
