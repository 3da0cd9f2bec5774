"""Filesystems: which mounts are shown, and what a bad one does to the others."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dashboard.metrics.filesystem import Filesystem, by_device, parse_mountinfo
from dashboard.posix.hang_guard import native
from tests.support.waiting import wait_for

from .conftest import Machine


def mountpoints(filesystem: Filesystem) -> list[str]:
    reading = filesystem.read()
    return [mount["mountpoint"] for mount in reading["mounts"]] if reading else []


def test_what_keeps_files_each_once(machine: Machine) -> None:
    filesystem = Filesystem(ps=machine.ps, is_directory=lambda path: True)
    assert filesystem.read() == {
        "mounts": [
            {"mountpoint": "/", "total": 100_000, "used": 40_000, "percent": 40.0},
            {"mountpoint": "/boot/efi", "total": 500, "used": 100, "percent": 20.0},
            {"mountpoint": "/mnt/share", "total": 9_000_000, "used": 0, "percent": 0.0},
            {
                "mountpoint": "/srv/backup disk",
                "total": 4_000_000,
                "used": 3_900_000,
                "percent": 97.5,
            },
        ]
    }


def test_only_what_is_shown_is_asked(machine: Machine) -> None:
    asked = []
    answer = machine.ps.disk_usage

    def disk_usage(path: str) -> Any:
        asked.append(path)
        return answer(path)

    machine.ps.disk_usage = disk_usage
    Filesystem(ps=machine.ps).read()
    assert sorted(asked) == ["/", "/boot/efi", "/mnt/share", "/secret", "/srv/backup disk"]


def test_a_container(machine: Machine) -> None:
    machine.write(
        "self/mountinfo",
        "900 800 0:99 / / rw,relatime - overlay overlay rw,lowerdir=/a\n"
        "901 900 0:60 / /proc rw - proc proc rw\n"
        "902 900 253:0 /docker/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw\n"
        "903 900 253:0 /docker/hosts /etc/hosts rw - ext4 /dev/vda1 rw\n"
        "904 900 253:1 /volumes/data /srv/data rw - xfs /dev/vdb rw\n",
    )
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=10, used=5, free=5, percent=50.0)
    filesystem = Filesystem(ps=machine.ps, is_directory=lambda path: path == "/srv/data")
    assert mountpoints(filesystem) == ["/", "/srv/data"]


def test_none_at_all(machine: Machine) -> None:
    machine.write("self/mountinfo", "901 900 0:60 / /proc rw - proc proc rw\n")
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=0, used=0, free=0, percent=0.0)
    filesystem = Filesystem(ps=machine.ps)
    assert filesystem.read() is None
    assert filesystem.absent_reason == "no mounted filesystem can be read"


def test_one_without_size_is_left_out(machine: Machine) -> None:
    machine.ps.disk_usage = lambda path: SimpleNamespace(
        total=0 if path == "/boot/efi" else 10, used=0, free=10, percent=0.0
    )
    assert mountpoints(Filesystem(ps=machine.ps))[:2] == ["/", "/mnt/share"]


@pytest.mark.parametrize("error", [PermissionError(13, "no"), OSError(5, "I/O error")])
def test_a_bad_mount_loses_only_itself(machine: Machine, error: OSError) -> None:
    answer = machine.ps.disk_usage

    def disk_usage(path: str) -> Any:
        if path == "/":
            raise error
        return answer(path)

    machine.ps.disk_usage = disk_usage
    filesystem = Filesystem(ps=machine.ps, is_directory=lambda path: False)
    assert mountpoints(filesystem) == ["/boot/efi", "/mnt/share", "/srv/backup disk"]


@pytest.mark.parametrize(
    ("line", "mountpoint"),
    [
        (rb"1 2 8:1 / /a\040b rw - ext4 /dev/sda1 rw", b"/a b"),
        (rb"1 2 8:1 / /a\011b\012c\134d rw - ext4 /dev/sda1 rw", b"/a\tb\nc\\d"),
        (b"1 2 8:1 / /\xff rw - ext4 /dev/sda1 rw", b"/\xff"),
        (b"1 2 8:1 / /x rw shared:1 master:2 - ext4 /dev/sda1 rw", b"/x"),
    ],
)
def test_mountinfo_lines(line: bytes, mountpoint: bytes) -> None:
    (mount,) = parse_mountinfo(line + b"\n")
    assert (mount.mountpoint, mount.device, mount.type, mount.part) == (
        mountpoint,
        b"8:1",
        "ext4",
        False,
    )


def test_mountinfo_passes_over_what_it_does_not_know() -> None:
    assert list(parse_mountinfo(b"\n1 2 8:1 / /x\nnonsense\n1 2 - ext4\n")) == []


def test_a_name_that_is_no_text_is_still_shown(machine: Machine) -> None:
    (machine.proc / "self" / "mountinfo").write_bytes(b"1 2 8:1 / /m\xff rw - ext4 x rw\n")
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=10, used=5, free=5, percent=50.0)
    (name,) = mountpoints(Filesystem(ps=machine.ps))
    assert name == r"/m\xff"


def test_the_whole_goes_before_a_part_and_short_before_long() -> None:
    lines = (
        b"1 2 8:1 /etc/x /x rw - ext4 s rw\n"
        b"1 2 8:1 / /long/path rw - ext4 s rw\n"
        b"1 2 8:1 / /short rw - ext4 s rw\n"
        b"1 2 8:2 /@home /home rw - btrfs t rw\n"
        b"1 2 8:2 /@ / rw - btrfs t rw\n"
    )
    firsts = [mounts[0].mountpoint for mounts in by_device(parse_mountinfo(lines)).values()]
    assert sorted(firsts) == [b"/", b"/short"]


def test_elsewhere_psutil_alone() -> None:
    partitions = [
        SimpleNamespace(device="/dev/disk1s1", mountpoint="/", fstype="apfs"),
        SimpleNamespace(device="/dev/disk2s1", mountpoint="/Volumes/Longer", fstype="hfs"),
        SimpleNamespace(device="/dev/disk2s1", mountpoint="/Volumes/B", fstype="hfs"),
    ]
    ps = SimpleNamespace(
        disk_partitions=lambda all: partitions,
        disk_usage=lambda path: SimpleNamespace(total=10, used=5, free=5, percent=50.0),
    )
    assert mountpoints(Filesystem(ps=ps)) == ["/", "/Volumes/B"]


def test_a_file_that_is_mounted_hides_no_volume_of_its_disk(machine: Machine) -> None:
    """The shortest paths of a container's disk are files, which are passed over before choosing."""
    machine.write(
        "self/mountinfo",
        "900 800 0:99 / / rw - overlay overlay rw\n"
        "902 900 253:0 /c/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw\n"
        "903 900 253:0 /c/hosts /etc/hosts rw - ext4 /dev/vda1 rw\n"
        "904 900 253:0 /volumes/data /var/lib/database rw - ext4 /dev/vda1 rw\n",
    )
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=10, used=5, free=5, percent=50.0)
    filesystem = Filesystem(ps=machine.ps, is_directory=lambda path: not path.startswith("/etc/"))
    assert mountpoints(filesystem) == ["/", "/var/lib/database"]


def test_a_mount_that_may_not_be_read_hides_none_of_its_filesystem(machine: Machine) -> None:
    machine.write(
        "self/mountinfo",
        "26 1 8:1 / /secret rw - ext4 /dev/sda1 rw\n27 1 8:1 / /srv/shown rw - ext4 /dev/sda1 rw\n",
    )

    def disk_usage(path: str) -> Any:
        if path == "/secret":
            raise PermissionError(13, "no")
        return SimpleNamespace(total=10, used=5, free=5, percent=50.0)

    machine.ps.disk_usage = disk_usage
    assert mountpoints(Filesystem(ps=machine.ps)) == ["/srv/shown"]


class DeadServer:
    """Mounts whose statvfs(2) does not return until `back` is called."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        self.asked: list[str] = []
        self._lock = native("allocate_lock")()
        self._lock.acquire()

    def disk_usage(self, path: str) -> Any:
        self.asked.append(path)
        if path in self.paths and self._lock.acquire():
            self._lock.release()
        return SimpleNamespace(total=10, used=5, free=5, percent=50.0)

    def back(self) -> None:
        self._lock.release()


@pytest.fixture
def dead() -> Iterator[DeadServer]:
    server = DeadServer("/mnt/share", "/boot/efi")
    yield server
    server.back()


def test_dead_mounts_take_only_their_own_from_the_start(machine: Machine, dead: DeadServer) -> None:
    machine.ps.disk_usage = dead.disk_usage
    filesystem = Filesystem(ps=machine.ps)
    for _ in range(3):
        assert mountpoints(filesystem) == ["/", "/secret", "/srv/backup disk"]
        assert filesystem.absent_reason == "no answer from 2 mounts: /boot/efi, /mnt/share"
    # Each waits in one thread, however often the others are read.
    assert (dead.asked.count("/mnt/share"), dead.asked.count("/boot/efi")) == (1, 1)


def test_a_mount_that_dies_later_and_comes_back(machine: Machine) -> None:
    dead = DeadServer()
    machine.ps.disk_usage = dead.disk_usage
    filesystem = Filesystem(ps=machine.ps)
    assert "/mnt/share" in mountpoints(filesystem)
    dead.paths = ("/mnt/share",)
    assert mountpoints(filesystem) == ["/", "/boot/efi", "/secret", "/srv/backup disk"]
    dead.back()
    wait_for(lambda: "/mnt/share" in mountpoints(filesystem), "the mount")
    assert filesystem.absent_reason is None


@pytest.mark.parametrize(
    ("kind", "options", "free", "is_shown"),
    [
        ("fuse.sshfs", "rw", 5, True),
        ("fuse.nobody-listed-this", "rw", 5, True),
        ("fuse", "rw", 0, True),
        ("fuseblk", "ro", 5, True),
        ("fuse.app-image", "ro,nosuid", 0, False),
        ("tmpfs", "rw", 5, False),
    ],
)
def test_fuse_is_shown_by_kind(
    machine: Machine, kind: str, options: str, free: int, is_shown: bool
) -> None:
    machine.write(
        "self/mountinfo",
        f"1 2 8:1 / / rw - ext4 x rw\n3 1 0:50 / /mnt/fuse {options} - {kind} x rw\n",
    )
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=9, used=5, free=free, percent=50.0)
    assert ("/mnt/fuse" in mountpoints(Filesystem(ps=machine.ps))) is is_shown


@pytest.mark.parametrize("total", [2**63, 2**64 - 1, 2**64, -1])
def test_a_size_that_cannot_be_takes_its_own_mount(machine: Machine, total: int) -> None:
    machine.ps.disk_usage = lambda path: SimpleNamespace(
        total=total if path == "/mnt/share" else 10, used=5, free=5, percent=0.0
    )
    shown = mountpoints(Filesystem(ps=machine.ps))
    assert "/" in shown
    assert "/mnt/share" not in shown


def test_a_size_that_no_double_holds_is_one_number_for_every_reader(machine: Machine) -> None:
    size = 2**60 + 1
    machine.ps.disk_usage = lambda path: SimpleNamespace(
        total=size, used=size // 2, free=size // 2, percent=50.0
    )
    reading = Filesystem(ps=machine.ps).read()
    assert reading is not None
    text = msgspec.json.encode(reading["mounts"][0]["total"]).decode()
    assert float(text) == 2.0**60
    assert "e" in text, "an integer's text would have more digits than readers hold"


def test_no_type_that_is_known_falls_back_to_the_root(machine: Machine) -> None:
    machine.write("self/mountinfo", "3 1 0:50 / /odd rw - gofer x rw\n")
    (machine.proc / "filesystems").unlink()
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=9, used=5, free=4, percent=50.0)
    assert mountpoints(Filesystem(ps=machine.ps)) == ["/"]
