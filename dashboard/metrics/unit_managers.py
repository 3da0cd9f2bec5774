"""What those say who run units: systemd of states, runtimes of containers' names.

systemd is asked over the system bus, as whoever has a login may. The messages are those of the
D-Bus specification, of which this is as much as two questions need: strings in arrays go there, and
what comes back is read at known places. Who is not there, or does not answer soon, says nothing.
"""

import http.client
import json
import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from dashboard.metrics.values import printable

_TIMEOUT = 1.0  # seconds, of each step
_MOST = 4 << 20  # bytes of an answer
_SOCKETS = ("run/docker.sock", "run/podman/podman.sock", "run/user/*/podman/podman.sock")
_SYSTEMD, _MANAGER = "org.freedesktop.systemd1", "org.freedesktop.systemd1.Manager"
_STATES = ("failed", "activating", "deactivating", "reloading")
_CALL, _RETURN, _ERROR = 1, 2, 3
_PATH, _INTERFACE, _MEMBER, _DESTINATION, _SIGNATURE = 1, 2, 3, 6, 8


class _Call(NamedTuple):
    destination: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: bytes = b""


class UnitStates(NamedTuple):
    """States of the units that are not simply active or inactive, and how often some restarted."""

    states: dict[str, str]
    restarts: dict[str, int]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the units that failed."""
        return tuple(name for name, state in self.states.items() if state == "failed")


def unit_states(services: Sequence[str], root: Path = Path("/")) -> UnitStates | None:
    """Return the states, and the restarts of these services; None where nobody tells them."""
    ask = _Call(_SYSTEMD, "/org/freedesktop/systemd1", _MANAGER, "ListUnitsFiltered", "as")
    calls = [ask._replace(body=_array(_STATES))]
    for name in services:
        get = _Call(_SYSTEMD, _object(name), "org.freedesktop.DBus.Properties", "Get", "ss")
        body = _padded(_string(f"{_SYSTEMD}.Service"), 4) + _string("NRestarts")
        calls.append(get._replace(body=body))
    try:
        listed, *numbers = _answers(str(root / "run/dbus/system_bus_socket"), calls)
        restarts = {
            name: struct.unpack_from("<I", number, 4)[0]  # after its type
            for name, number in zip(services, numbers, strict=True)
            if number is not None and number[:3] == b"\x01u\x00"
        }
        return None if listed is None else UnitStates(dict(_units(listed)), restarts)
    except (OSError, struct.error, UnicodeError, ValueError):
        return None


def container_names(root: Path) -> dict[str, str]:
    """Return names by id, of the runtimes whose sockets may be read."""
    names: dict[str, str] = {}
    for pattern in _SOCKETS:
        for path in root.glob(pattern):
            connection = http.client.HTTPConnection("localhost", timeout=_TIMEOUT)
            try:
                connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                connection.sock.settimeout(_TIMEOUT)
                connection.sock.connect(str(path))
                connection.request("GET", "/containers/json")
                for each in json.loads(connection.getresponse().read(_MOST)):
                    names[each["Id"]] = printable(each["Names"][0].lstrip("/"))
            except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
                pass
            finally:
                connection.close()
    return names


def _answers(path: str, calls: Sequence[_Call]) -> list[bytes | None]:
    """Return the body of each answer, None for an error. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT)
        connection.connect(path)
        stream = connection.makefile("rb")
        user = str(os.geteuid()).encode().hex()
        connection.sendall(b"\0AUTH EXTERNAL " + user.encode() + b"\r\n")
        if not stream.readline(200).startswith(b"OK "):
            raise OSError("the bus lets nobody in")
        bus = "org.freedesktop.DBus"
        hello = _Call(bus, "/org/freedesktop/DBus", bus, "Hello")
        numbered = enumerate([hello, *calls], start=1)
        connection.sendall(b"BEGIN\r\n" + b"".join(_message(call, n) for n, call in numbered))
        found: list[bytes | None] = []
        while len(found) <= len(calls):
            order, kind, _, _, size, _, fields = struct.unpack("<cBBBIII", _read(stream, 16))
            if order != b"l" or size + fields > _MOST:
                raise OSError("no answer of a bus of this machine")
            _read(stream, -fields % 8 + fields)
            body = _read(stream, size)
            if kind in (_RETURN, _ERROR):  # signals come in between
                found.append(body if kind == _RETURN else None)
        return found[1:]


def _read(stream: IO[bytes], size: int) -> bytes:
    found = stream.read(size) or b""
    if len(found) < size:
        raise OSError("the bus closed the connection")
    return found


def _message(call: _Call, serial: int) -> bytes:
    fields = b""
    for code, kind, text in (
        (_PATH, b"o", call.path),
        (_INTERFACE, b"s", call.interface),
        (_MEMBER, b"s", call.member),
        (_DESTINATION, b"s", call.destination),
    ):
        fields = _padded(fields, 8) + struct.pack("<BB2s", code, 1, kind) + _string(text)
    if call.signature:
        signature = call.signature.encode()
        end = struct.pack(
            f"<BB2sB{len(signature) + 1}s", _SIGNATURE, 1, b"g", len(signature), signature
        )
        fields = _padded(fields, 8) + end
    head = struct.pack("<cBBBIII", b"l", _CALL, 0, 1, len(call.body), serial, len(fields))
    return _padded(head + fields, 8) + call.body


def _units(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield names and states in an answer of ListUnits: a list of structs `ssssssouso`."""
    (size,) = struct.unpack_from("<I", body)
    at, end = 8, 8 + size
    while at < end:
        texts = []
        for kind in "ssssssouso":
            if kind == "u":
                at += -at % 4 + 4
                continue
            at += -at % 4
            (length,) = struct.unpack_from("<I", body, at)
            texts.append(body[at + 4 : at + 4 + length].decode())
            at += 4 + length + 1
        at += -at % 8
        name, _, _, active, sub = texts[:5]
        yield name, sub if sub == "auto-restart" else active


def _object(unit: str) -> str:
    escaped = (c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in unit)
    return "/org/freedesktop/systemd1/unit/" + "".join(escaped)


def _array(texts: Iterable[str]) -> bytes:
    items = b""
    for text in texts:
        items = _padded(items, 4) + _string(text)
    return struct.pack("<I", len(items)) + items


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(f"<I{len(data) + 1}s", len(data), data)


def _padded(data: bytes, size: int) -> bytes:
    return data + bytes(-len(data) % size)
