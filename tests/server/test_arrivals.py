"""Turns of new connections, without a service: which are begun, and in which order."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import gevent
import gevent.socket
import pytest
from gevent.pool import Pool

from dashboard.server import arrivals
from dashboard.server.arrivals import ArrivalServer
from dashboard.server.guarded_socket import _let_others_go_on

ALIVE, PAGE = b"GET /healthz HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n"


class Turns(ArrivalServer):
    """Notes which connections are begun, and takes a turn when it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), room=lambda: 1000, handle=lambda *_: None, spawn=None)
        self.begun: list[str] = []
        self.is_full = False
        self._told = 0
        self._ends: list[socket.socket] = []

    def arrive(self, address: str, sent: bytes = PAGE, count: int = 1) -> socket.socket:
        """Accept connections, and return the client's end of the last."""
        for _ in range(count):
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            theirs.sendall(sent)
            self._ends += [ours, theirs]
            client: Any = type("Client", (), {"_sock": ours})()
            self.do_handle(client, (address, 1))
        return theirs

    def turn(self) -> list[str]:
        """Take a turn, and return the addresses that were begun since the last one."""
        self._take_turn()
        before, self._told = self._told, len(self.begun)
        return self.begun[before:]

    def full(self) -> bool:
        return self.is_full

    def _begin(self, arrival: tuple[Any, Any]) -> None:
        self.begun.append(arrival[1][0])

    def _begin_first(self, arrival: tuple[Any, Any]) -> None:
        self._first_begun += 1
        self._begin(arrival)

    def close_all(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    monkeypatch.setattr(arrivals, "_LOOK_SECONDS", 0.0)
    turns = Turns()
    yield turns
    turns.close_all()


def test_addresses_take_turns(turns: Turns) -> None:
    turns.arrive("192.0.2.1", count=100)
    turns.arrive("192.0.2.2", count=2)
    turns.arrive("192.0.2.3")
    assert Counter(turns.turn()) == {"192.0.2.1": 5, "192.0.2.2": 2, "192.0.2.3": 1}


def test_who_asks_whether_the_service_is_alive_comes_before_others_of_the_address(
    turns: Turns,
) -> None:
    crowd, asks = "2001:db8::1", "2001:db8::2"  # of one network, which counts as one address
    turns.arrive(crowd, count=100)
    turns.turn()
    turns.arrive(crowd, count=50)
    turns.arrive(asks, ALIVE)
    assert asks in turns.turn()


def test_who_asks_later_than_it_connects_comes_before_others_as_well(turns: Turns) -> None:
    crowd, asks = "2001:db8::1", "2001:db8::2"
    turns.arrive(crowd, count=300)
    client = turns.arrive(asks, b"")
    turns.arrive(crowd, b"", count=200)
    assert asks not in turns.turn()
    client.sendall(ALIVE)
    assert asks in turns.turn()
    while turns.turn():
        pass
    assert len(turns.begun) == 501


def test_thousands_who_ask_that_let_others_in_between(turns: Turns) -> None:
    turns.arrive("192.0.2.2", count=12)
    for _ in range(3):
        turns.arrive("192.0.2.1", ALIVE, count=64)
        assert "192.0.2.2" in turns.turn()


def test_a_full_worker_begins_none_and_loses_none(turns: Turns) -> None:
    turns.arrive("192.0.2.1", count=3)
    turns.is_full = True
    assert turns.turn() == []
    turns.is_full = False
    assert len(turns.turn()) == 3


def test_who_asks_is_answered_before_anything_else_runs() -> None:
    served: list[str] = []
    crowd = Pool(10)

    def serve(client: Any, address: tuple[str, int]) -> None:
        client.recv(100)
        served.append(address[0])

    server = ArrivalServer(("127.0.0.1", 0), room=lambda: 1000, handle=serve, spawn=crowd)
    ours, theirs = socket.socketpair()
    theirs.sendall(ALIVE)
    theirs.settimeout(20)
    client = gevent.socket.socket(fileno=ours.detach())

    def accept() -> None:
        crowd.spawn(served.append, "what was to run before")
        server.do_handle(client, ("192.0.2.1", 1))

    gevent.get_hub().loop.run_callback(accept)  # where the event loop accepts
    while len(served) < 2:
        gevent.sleep(0)
    crowd.join()
    assert served == ["192.0.2.1", "what was to run before"]
    assert theirs.recv(1) == b"", "it is closed when it is served"
    theirs.close()


def test_who_wakes_late_lets_others_go_on() -> None:
    others: list[str] = []

    def late() -> None:
        gevent.sleep(0.001)  # from here on the loop's time is that of its last look
        while time.time() - gevent.get_hub().loop.now() < 0.05:
            pass
        gevent.spawn(others.append, "one")
        _let_others_go_on()
        assert others

    gevent.spawn(late).get()
