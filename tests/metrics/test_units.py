"""Services, containers and slices, by frozen control groups and stand-ins for who runs them."""

from __future__ import annotations

import errno
import http.server
import json
import os
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.metrics.units import TOP, Units

from .conftest import FROZEN, Machine, Watch

ID = "3f2b8c1d9e0a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
BUS = FROZEN / "bus"


def units(machine: Machine) -> Units:
    return Units(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs, root=machine.root)


def read(reader: Units) -> dict[str, Any]:
    reading = reader.read()
    assert reading is not None
    return reading


def test_frozen(machine: Machine) -> None:
    reader = units(machine)
    read(reader)  # from now on disks are looked at, of what is shown
    machine.a_second_passes()
    reading = read(reader)
    assert (reading["count"], reading["failed"]) == (5, None)
    container, nginx, *others = reading["top"]
    assert nginx == {
        "name": "nginx.service",
        "kind": "service",
        "cpu_percent": 25.0,
        "memory_bytes": 200 << 20,
        "memory_limit": 400 << 20,
        "memory_percent": 50.0,
        "read_bytes_per_second": 0.0,
        "write_bytes_per_second": 20480.0,
        "processes": 5,
        "pressure": 3.25,
        "state": None,
        "restarts": None,
    }
    assert (container["name"], container["kind"]) == (ID[:12], "container")
    assert (container["cpu_percent"], container["memory_limit"]) == (50.0, None)
    # Without use of a CPU, by memory; also in the groups of users.
    names = [(each["name"], each["kind"]) for each in others]
    assert names == [
        ("app-x.service", "service"),
        ("session-1.scope", "scope"),
        ("getty@tty1.service", "service"),
    ]
    assert [(each["name"], each["cpu_percent"]) for each in reading["slices"]] == [
        ("system.slice", 90.0),
        ("user.slice", 0.0),
    ]


def test_what_comes_and_goes_is_seen(machine: Machine) -> None:
    reader = units(machine)
    slice_ = machine.sysfs / "fs/cgroup/system.slice"
    new = r"a\x2dnew\x0aone.service"
    machine.attributes(f"fs/cgroup/system.slice/{new}", **{"cpu.stat": "usage_usec 5"})
    machine.watch.forward(60)
    reading = read(reader)
    assert reading["count"] == 6
    assert r"a-new\none.service" in [each["name"] for each in reading["top"]]
    (slice_ / new / "cpu.stat").unlink()
    (slice_ / new).rmdir()
    machine.watch.forward(60)
    assert read(reader)["count"] == 5


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that are opened from now on."""
    paths: list[str] = []
    real = os.open

    def note(path: Any, *arguments: Any, **keywords: Any) -> int:
        paths.append(str(path))
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", note)
    return paths


def hundreds(machine: Machine, count: int = 100) -> Units:
    """Return a reader that has seen many units more."""
    files = dict.fromkeys(("pids.current", "memory.max", "io.stat"), "0")
    files |= {f"{each}.pressure": "some avg10=0.00" for each in ("cpu", "memory", "io")}
    for number in range(count):
        own = {"cpu.stat": "usage_usec 5", "memory.current": str(number)}
        machine.attributes(f"fs/cgroup/system.slice/u{number}.service", **files, **own)
    reader = units(machine)
    read(reader)
    read(reader)
    machine.watch.forward(5)
    return reader


@pytest.mark.slow
def test_files_of_hundreds_of_units_stay_open(machine: Machine, opened: list[str]) -> None:
    reader = hundreds(machine, 300)
    opened.clear()
    reading = read(reader)
    assert (reading["count"], len(reading["top"])) == (305, TOP)
    missing = [path for path in opened if not Path(path).exists()]
    assert len(opened) - len(missing) < 10


def test_a_process_that_may_open_few_files_keeps_few(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda which: (100, 1000))
    before = len(os.listdir("/proc/self/fd"))
    reader = hundreds(machine)
    assert 0 < len(os.listdir("/proc/self/fd")) - before <= 25
    assert read(reader)["count"] == 105


def test_files_of_groups_that_are_gone_are_closed(machine: Machine) -> None:
    before = len(os.listdir("/proc/self/fd"))
    reader = hundreds(machine)
    shutil.rmtree(machine.sysfs / "fs/cgroup/system.slice")
    for _ in range(2):
        machine.watch.forward(60)
        read(reader)
    assert len(os.listdir("/proc/self/fd")) - before < 30


def test_a_group_that_comes_again_by_its_name_is_opened_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    reader = units(machine)
    read(reader)
    real = os.pread
    gone = True

    def pread(*arguments: Any) -> bytes:
        if gone:  # as the kernel says it of a file whose group was removed
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return real(*arguments)

    monkeypatch.setattr(os, "pread", pread)
    assert read(reader)["top"][0]["memory_bytes"] is None
    gone = False
    opened.clear()
    assert read(reader)["top"][0]["memory_bytes"] is not None
    assert any(path.endswith("memory.current") for path in opened)


def test_a_reader_keeps_no_file_open_when_it_is_gone(machine: Machine) -> None:
    before = os.listdir("/proc/self/fd")
    reader = units(machine)
    read(reader)
    del reader
    assert len(os.listdir("/proc/self/fd")) == len(before)


@contextmanager
def serving(
    path: Path, handle: Callable[[socket.socket], None] | type[http.server.BaseHTTPRequestHandler]
) -> Iterator[None]:
    """Answer at a Unix socket."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler: Any = handle
    if not isinstance(handle, type):
        handler = lambda request, address, server: handle(request)  # noqa: E731
    with socketserver.ThreadingUnixStreamServer(str(path), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


def bus(answer: bytes) -> Callable[[socket.socket], None]:
    """Return a bus that lets everybody in and says always the same."""

    def handle(connection: socket.socket) -> None:
        with suppress(OSError), connection.makefile("rb") as stream:
            assert stream.readline().startswith(b"\0AUTH EXTERNAL ")
            connection.sendall(b"OK 0123\r\n")
            assert stream.readline() == b"BEGIN\r\n"
            connection.sendall(answer)
            stream.read(1)  # until the reader leaves

    return handle


def test_systemd_tells_states_and_restarts(machine: Machine) -> None:
    """The answer is one of dbus-daemon: to Hello, ListUnitsFiltered, and a restart of nginx."""
    with serving(machine.root / "run/dbus/system_bus_socket", bus((BUS / "answers").read_bytes())):
        reading = read(units(machine))
    assert reading["failed"] == 1
    first, *others = reading["top"]
    assert (first["name"], first["kind"], first["state"]) == ("backup.service", "service", "failed")
    assert first["cpu_percent"] is None
    states = {each["name"]: (each["state"], each["restarts"]) for each in others}
    assert states["nginx.service"] == ("active", 3)
    assert states[ID[:12]] == (None, None)


@pytest.mark.parametrize("answer", [b"", b"l", b"B" * 16, b"l\2\0\1" + b"\xff" * 12, bytes(400)])
def test_a_bus_that_makes_no_sense_tells_nothing(machine: Machine, answer: bytes) -> None:
    def handle(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(b"OK 0123\r\n" + answer)

    with serving(machine.root / "run/dbus/system_bus_socket", handle):
        reading = read(units(machine))
    assert (reading["failed"], reading["top"][0]["state"]) == (None, None)


@pytest.mark.parametrize("path", ["run/docker.sock", "run/user/1000/podman/podman.sock"])
def test_a_runtime_tells_the_names_of_its_containers(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    class Runtime(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/containers/json"
            rows = [{"Id": ID, "Names": ["/shop\n-db"], "Command": "--password=x"}]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(rows).encode())

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *words: Any) -> None:
            pass

    # The path of a Unix socket may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="v") as folder:
        machine = Machine(Path(folder), monkeypatch)
        with serving(machine.root / path, Runtime):
            names = [each["name"] for each in read(units(machine))["top"]]
    assert "shop\\n-db" in names
    assert ID[:12] not in names


def test_without_groups_there_is_none(machine: Machine, watch: Watch) -> None:
    (machine.sysfs / "fs/cgroup/cgroup.controllers").unlink()  # cgroup v1
    assert units(machine).read() is None
    elsewhere = Units(ps=SimpleNamespace(), clock=watch)
    assert elsewhere.read() is None
    assert "cgroup v2" in str(elsewhere.absent_reason)
