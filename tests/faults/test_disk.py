"""A disk that is full, or can only be read."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.arena import Arena
from tests.faults.conftest import Scale
from tests.faults.patience import wait_for
from tests.support.service import Service


class Disk:
    """A small tmpfs, which root may mount."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = self._mount("-t", "tmpfs", "-o", "size=64m", "vitals-test", str(folder))

    def _mount(self, *arguments: str) -> str:
        return subprocess.run(["mount", *arguments], capture_output=True, text=True).stderr.strip()

    def set_writable(self, writable: bool) -> None:
        """Mount it anew; nobody may be writing."""
        mode = "rw" if writable else "ro"
        wait_for(
            lambda: not self._mount("-o", f"remount,{mode}", str(self.folder)), f"remount {mode}"
        )

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filling").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                return

    def free(self) -> None:
        (self.folder / "filling").unlink()

    def close(self) -> None:
        if not self.trouble:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    disk = Disk(tmp_path_factory.mktemp("disk"))
    if disk.trouble:
        assert "CI" not in os.environ, f"no tmpfs can be mounted: {disk.trouble}"
    yield disk
    disk.close()


@pytest.fixture(scope="module")
def disk(small_disk: Disk) -> Path:
    return small_disk.folder


def until_unlogged(arena: Arena) -> None:
    wait_for(lambda: arena.clients.ask("state")["told"].get("unlogged", 0), "samples without ids")


def test_the_disk_is_full(arena: Arena, scale: Scale, small_disk: Disk) -> None:
    def limit_files(size: int) -> None:
        """The kernel then refuses longer files; a longest size of 0 is refused by SQLite's -shm."""
        for pid in arena.service.worker_pids():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def fill() -> None:
        begin: Callable[[], object] = small_disk.fill
        end: Callable[[], object] = small_disk.free
        if small_disk.trouble:
            begin, end = lambda: limit_files(4096), lambda: limit_files(resource.RLIM_INFINITY)
        begin()
        try:
            until_unlogged(arena)
            time.sleep(scale.hold)
        finally:
            end()

    by = f" (files limited instead: {small_disk.trouble})" if small_disk.trouble else ""
    row = arena.run(f"disk full{by}", fill, tries=scale.few)
    assert row.unlogged > 0


def test_the_disk_can_only_be_read(arena: Arena, scale: Scale, small_disk: Disk) -> None:
    """As after an error: the service starts on it, and then it is writable again."""
    if small_disk.trouble:
        pytest.skip(f"nothing is read-only here, for no tmpfs may be mounted: {small_disk.trouble}")

    def make_read_only() -> None:
        restarts = arena.service.restarts
        arena.service.before_restart = lambda: small_disk.set_writable(False)
        os.killpg(arena.service.pid, signal.SIGKILL)
        wait_for(lambda: arena.service.restarts > restarts, "the supervisor to see it")
        try:
            until_unlogged(arena)
            wait_for(lambda: arena.service.get("/readyz").status_code == 503, "it to say so")
            time.sleep(scale.hold)
        finally:
            small_disk.set_writable(True)

    row = arena.run("disk read-only", make_read_only, tries=scale.few)
    assert row.unlogged > 0


def test_the_history_alone_has_no_room(tmp_path: Path) -> None:
    """Live samples go on, and what was missed is built in from the log, once."""
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk")
    if disk.trouble:
        assert "CI" not in os.environ, f"no tmpfs can be mounted: {disk.trouble}"
        pytest.skip(f"no tmpfs may be mounted: {disk.trouble}")
    service = Service(tmp_path, INTERVAL=0.2, HISTORY=disk.folder / "history.db")
    try:
        begin = time.time() - 40
        service.append_all([("queue", "other", {"time": begin + n, "n": n}) for n in range(30)])
        disk.fill()
        service.start().wait_until_ready()

        def said() -> str:
            answer = service.get("/readyz")
            assert answer.status_code == 200, "without a history it is no less ready"
            return str(answer.json()["checks"]["history"])

        wait_for(lambda: said() != "ok", "it to say that there is no room")
        assert str(disk.folder) in said()
        assert service.total("vitals_history_failing") == 1
        assert service.total("vitals_events_unlogged_total") == 0
        known = service.newest_id()
        wait_for(lambda: service.newest_id() > known, "the next sample")
        stretch = f"/history?host=other&from={begin - 1:.3f}&points=1000"
        assert service.json(stretch)["hosts"]["other"]["queue"]["n"] == [*range(30)]
        service.stop()
        disk.free()
        service.start().wait_until_ready()
        wait_for(lambda: (disk.folder / "history.db").stat().st_size > 0, "the history")
        assert said() == "ok"
        assert service.total("vitals_history_failing") == 0
        assert service.json(stretch)["hosts"]["other"]["queue"]["n"] == [*range(30)]
    finally:
        service.close()
        disk.close()
