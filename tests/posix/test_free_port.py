"""Whether an address is free to listen at."""

import errno
import socket
import threading
from pathlib import Path

import pytest

from dashboard.posix import free_port
from dashboard.posix.free_port import listening_error, wait_until_free


@pytest.fixture
def taken() -> socket.socket:
    """A socket that listens at 127.0.0.1."""
    return socket.create_server(("127.0.0.1", 0))


def test_a_taken_port_is_said_in_one_line(
    taken: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_port, "_PATIENCE", 0.3)
    port = taken.getsockname()[1]
    said: list[str] = []
    with taken:
        error = listening_error("127.0.0.1", port)
        assert error is not None
        assert error.errno == errno.EADDRINUSE
        assert not wait_until_free([("127.0.0.1", port)], said.append)
    assert said == [
        f"127.0.0.1:{port} is in use, perhaps by another Vitals; another port: --port {port + 1}"
    ]
    assert listening_error("127.0.0.1", port) is None


def test_a_port_that_cannot_be_is_said_in_one_line() -> None:
    said: list[str] = []
    for port in (99999, -5):
        assert not wait_until_free([("127.0.0.1", port)], said.append)
    wanted = "a port is a number from 0 to 65535"
    assert said == [f"can't listen at 127.0.0.1:{port}: {wanted}" for port in (99999, -5)]


def test_a_server_that_is_ending_is_waited_for(taken: socket.socket) -> None:
    said: list[str] = []
    is_said = threading.Event()

    def complain(text: str) -> None:
        said.append(text)
        is_said.set()

    def end() -> None:
        is_said.wait()
        taken.close()

    ending = threading.Thread(target=end)
    ending.start()
    assert wait_until_free([("127.0.0.1", taken.getsockname()[1])], complain)
    ending.join()
    assert len(said) == 1


def test_what_is_no_port_of_this_machine(tmp_path: Path) -> None:
    said: list[str] = []
    assert wait_until_free([str(tmp_path / "socket"), 3], said.append)
    assert not wait_until_free([("192.0.2.1", 8000)], said.append)
    assert said == ["can't listen at 192.0.2.1:8000: Cannot assign requested address"]
