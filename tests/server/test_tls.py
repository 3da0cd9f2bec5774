"""Strangers on the TLS port: whatever they send, or break off, is no line of the log."""

import socket
import ssl
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.server.test_limits import HALF, answer, refused
from tests.support.service import Service, wait_for


class Encrypted(Service):
    scheme = "https"

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **settings)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
                *("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
        self.arguments = ["--certfile", str(certificate), "--keyfile", str(key)]
        self.context = ssl.create_default_context(cafile=str(certificate))
        self.context.check_hostname = False


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    service = Encrypted(tmp_path_factory.mktemp("service"), HEADER_TIMEOUT=1, BODY_TIMEOUT=1)
    service.start().wait_until_ready()
    yield service
    service.close()


def test_a_handshake_has_to_end_in_time(service: Encrypted) -> None:
    before = refused(service, "timed_out")
    with (
        service.dial() as silent,
        service.dial() as bare,
        service.context.wrap_socket(bare) as connection,
    ):
        connection.sendall(HALF)
        assert connection.recv(100) == b""
        assert answer(silent) == b""
    assert refused(service, "timed_out") == before + 2
    assert service.answers()


HELLO = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(range(32))
PLAIN = [
    b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    *(b"SSH-2.0-x\r\n", b"\0" * 100, b"\xff" * 5000, b"\x80\x2e\x01\x00\x02" + b"\0" * 40),
    *(HELLO, HELLO[:5], b"", b"\x15\x03\x03\x00\x02\x02\x28"),
]


def reset(connection: socket.socket) -> None:
    """Close a connection by a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def offer(service: Encrypted, version: ssl.TLSVersion | None) -> None:
    """Offer an old version alone; None: believe no certificate."""
    context = ssl.create_default_context()
    if version is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    with service.dial() as connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_hostname="localhost")


STREAM = b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\ntoken="
FILES = b"GET /static/vendor/uPlot.esm.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50
ENDS: list[Callable[[socket.socket, ssl.SSLSocket], object]] = [
    lambda plain, encrypted: reset(encrypted),
    lambda plain, encrypted: plain.sendall(b"\xff" * 300),  # no record of TLS
    lambda plain, encrypted: plain.shutdown(socket.SHUT_RDWR),  # without a goodbye
    lambda plain, encrypted: encrypted.unwrap(),
]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_strangers_write_no_line(service: Encrypted) -> None:
    before = service.output.read_bytes()
    for sent in PLAIN:
        for end in (reset, answer):
            with service.dial() as connection, suppress(OSError):
                connection.sendall(sent)
                end(connection)
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, None):
        offer(service, version)
    for request in (b"", HALF, STREAM, POST, FILES):
        for leave in ENDS:
            with service.dial() as plain, suppress(OSError):
                encrypted = service.context.wrap_socket(plain.dup(), server_hostname="localhost")
                with encrypted:
                    encrypted.sendall(request)
                    if request == STREAM:
                        assert encrypted.recv(100).startswith(b"HTTP/1.1 200")
                    leave(plain, encrypted)
    wait_for(lambda: service.total("vitals_streams") == 0, "the streams to be gone")
    wait_for(lambda: service.total("vitals_connections_waiting") == 0, "all to be gone")
    assert service.answers()
    assert service.output.read_bytes() == before
