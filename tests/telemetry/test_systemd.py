"""What systemd is told, at a socket in its place; and sockets that a program of it hands over."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.server.watchdog import stall_reason
from dashboard.telemetry.systemd import ServiceManager
from tests.support.proxies import free_port
from tests.support.service import ROOT, Service, wait_for

Start = Callable[..., Service]


class Manager:
    """The end of NOTIFY_SOCKET at which systemd would be."""

    def __init__(self, address: str) -> None:
        self.told: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0"))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self._address = address

    def _listen(self) -> None:
        while data := self._socket.recv(4096):
            self.told.append(data.decode())

    def count(self, state: str) -> int:
        return self.told.count(state)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._address.replace("@", "\0"))
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


# --- the protocol --------------------------------------------------------------------------------


def test_who_is_told_and_how_often_is_in_the_environment() -> None:
    assert ServiceManager.taken_from({}) is None
    assert ServiceManager.taken_from({"NOTIFY_SOCKET": "vsock:2:1"}) is None
    path = {"NOTIFY_SOCKET": "/run/systemd/notify"}
    assert ServiceManager.taken_from(dict(path)) == ServiceManager("/run/systemd/notify", None)
    assert ServiceManager.taken_from(path | {"WATCHDOG_USEC": "60000000"}) == ServiceManager(
        "/run/systemd/notify", 15.0
    )
    for wrong in ("", "0", "-1", "soon", "٣"):
        assert ServiceManager.taken_from(path | {"WATCHDOG_USEC": wrong}) == ServiceManager(
            "/run/systemd/notify", None
        )


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux' own")
def test_an_abstract_socket_is_told() -> None:
    manager = Manager(f"@vitals-test-{os.getpid()}")
    assert ServiceManager(f"@vitals-test-{os.getpid()}").tell("READY=1")
    wait_for(lambda: manager.told == ["READY=1"], "the word")
    manager.close()


def test_a_manager_that_has_gone_or_is_busy_stops_nobody(tmp_path: Path) -> None:
    assert not ServiceManager(str(tmp_path / "none")).tell("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        busy = ServiceManager(str(tmp_path / "deaf"))
        while busy.tell("WATCHDOG=1"):
            pass  # until its queue is full


@pytest.mark.parametrize(
    ("unread", "unsampled", "says"),
    [
        (0, 0, None),
        (32, 32, None),
        (34, 0, "nobody has looked at the log for 34 s"),
        (0, 34, "this host has not been sampled for 34 s"),
    ],
)
def test_a_standstill_of_the_tail_or_the_sampler(
    unread: float, unsampled: float, says: str | None
) -> None:
    assert stall_reason(interval=1, unread=unread, unsampled=unsampled) == says
    assert stall_reason(interval=3600, unread=unread, unsampled=unsampled) is None


# --- the service ---------------------------------------------------------------------------------


def test_a_service_that_was_away_for_long_is_not_called_stalled(
    make_service: Callable[..., Service], manager: Manager, tmp_path: Path
) -> None:
    service = make_service()
    service.clock_offset = -3600
    service.append("cpu", host="box", percent=1.0)
    service.clock_offset = 0.0
    service.environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000000"}
    service.start()
    wait_for(lambda: manager.told == ["READY=1", "WATCHDOG=1"], "the first sign of life")
    assert "no sign of life" not in service.output.read_text()


def test_what_systemd_is_told_in_a_services_life(
    make_service: Callable[..., Service], manager: Manager, tmp_path: Path
) -> None:
    service = make_service(workers=2)
    service.environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    service.start()
    wait_for(lambda: manager.count("WATCHDOG=1") > 10, "signs of life")
    # Not before a worker serves, as gunicorn itself would.
    assert manager.told[0] == "READY=1"
    wait_for(lambda: manager.count("READY=1") == 2, "both workers to be ready")

    before = set(service.worker_pids())
    os.kill(service.pid, signal.SIGHUP)
    wait_for(lambda: manager.count("READY=1") == 4, "the new workers to be ready")
    wait_for(lambda: not before & set(service.worker_pids()), "the old workers to go")
    at = manager.told.index("RELOADING=1")
    assert "READY=1" in manager.told[at:]
    assert manager.count("RELOADING=1") == 1

    for pid in service.worker_pids():
        os.kill(pid, signal.SIGSTOP)
    try:
        # What was sent before they stopped has arrived when the count stays.
        frozen_at = manager.count("WATCHDOG=1")
        time.sleep(1)  # ten times the pause between two signs
        assert manager.count("WATCHDOG=1") <= frozen_at + 1
    finally:
        for pid in service.worker_pids():
            os.kill(pid, signal.SIGCONT)
    wait_for(lambda: manager.count("WATCHDOG=1") > frozen_at + 3, "signs of life again")
    service.stop()
    assert "service manager" not in service.output.read_text()


IMPATIENT = """
__file__ = {file!r}
exec(compile(open(__file__).read(), __file__, "exec"))
_start = post_worker_init

def post_worker_init(worker):
    import dashboard.server.watchdog
    dashboard.server.watchdog._PATIENCE = 1.0
    _start(worker)
"""


def test_while_nobody_samples_there_is_no_sign_of_life(
    make_service: Callable[..., Service], manager: Manager, tmp_path: Path
) -> None:
    conf = tmp_path / "impatient_conf.py"
    conf.write_text(IMPATIENT.format(file=str(ROOT / "gunicorn.conf.py")))
    service = make_service(workers=2, arguments=("-c", str(conf)), INTERVAL=0.2)
    service.environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    service.run_directory.mkdir(mode=0o700, parents=True)
    words = "no sign of life to the service manager: this host has not been sampled for"
    with (service.run_directory / "leader-box.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as if whoever samples hung
        service.start()
        wait_for(lambda: service.output.read_text().count(words) == 2, "both to notice")
        count = manager.count("WATCHDOG=1")
        assert service.get("/healthz").status_code == 200
        time.sleep(1)  # ten times the pause between two signs
        assert manager.count("WATCHDOG=1") == count
    wait_for(lambda: manager.count("WATCHDOG=1") > count + 10, "signs of life again")
    assert service.output.read_text().count(words) == 2, "told once"


@pytest.mark.slow
def test_a_reload_is_refused_for_what_would_not_start(tmp_path: Path) -> None:
    """ExecReload= of deploy/vitals.service begins with this."""
    command = [sys.executable, "-m", "gunicorn", "--check-config"]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    environ["DASHBOARD_LOG"] = f"sqlite:///{tmp_path}/events.db"
    for interval, status in (("1", 0), ("soon", 2)):
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environ | {"DASHBOARD_INTERVAL": interval},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done.stderr
    assert not list(tmp_path.iterdir()), "it started something"


class HandedOver(Service):
    """A service whose socket systemd has opened."""

    listen = ""

    def command(self) -> list[str]:
        program = shutil.which("systemd-socket-activate")
        assert program, "no systemd-socket-activate; ./test installs it, or names what is missing"
        path = [f"--setenv={name}" for name in [*os.environ, *self.environ]]
        settings = [f"--setenv=DASHBOARD_{name}" for name in self.settings]
        return [
            *(program, "--listen", self.listen, *path, *settings),
            *(sys.executable, "-m", "gunicorn", "-w", str(self.workers)),
        ]


@pytest.mark.slow
def test_a_socket_of_systemd_is_served(tmp_path: Path) -> None:
    service = HandedOver(tmp_path)
    port = free_port()
    service.listen = f"127.0.0.1:{port}"
    service.announces = r"Listening on 127\.0\.0\.1:(\d+)"  # systemd says so, not yet gunicorn
    try:
        service.start()
        assert service.port == port
        wait_for(lambda: f"Listening at: {service.url}" in service.output.read_text(), "gunicorn")
    finally:
        service.close()


@pytest.mark.slow
def test_a_socket_of_systemd_that_others_reach_wants_a_token(tmp_path: Path) -> None:
    port = free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    environ["DASHBOARD_LOG"] = f"sqlite:///{tmp_path}/events.db"
    program = shutil.which("systemd-socket-activate")
    assert program, "no systemd-socket-activate; ./test installs it, or names what is missing"
    variables = [f"--setenv={name}" for name in environ]
    process = subprocess.Popen(
        [program, "--listen", f"0.0.0.0:{port}", *variables, sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )

    def dialled() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    wait_for(dialled, "systemd to listen")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "bound to 0.0.0.0, which others can reach, without a READ_TOKEN" in said
