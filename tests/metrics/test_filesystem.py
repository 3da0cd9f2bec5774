"""Filesystems: which mounts are shown, and what a bad one does to the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.metrics.filesystem import Filesystem, once_each, parse_mountinfo

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
    assert asked == ["/", "/boot/efi", "/mnt/share", "/secret", "/srv/backup disk"]


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
    assert mountpoints(Filesystem(ps=machine.ps)) == ["/boot/efi", "/mnt/share", "/srv/backup disk"]


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
    assert mount == (mountpoint, b"8:1", "ext4", False)


def test_mountinfo_passes_over_what_it_does_not_know() -> None:
    assert list(parse_mountinfo(b"\n1 2 8:1 / /x\nnonsense\n1 2 - ext4\n")) == []


def test_a_name_that_is_no_text_is_still_shown(machine: Machine) -> None:
    (machine.proc / "self" / "mountinfo").write_bytes(b"1 2 8:1 / /m\xff rw - ext4 x rw\n")
    machine.ps.disk_usage = lambda path: SimpleNamespace(total=10, used=5, free=5, percent=50.0)
    (name,) = mountpoints(Filesystem(ps=machine.ps))
    assert name == "/m\N{REPLACEMENT CHARACTER}"


def test_the_whole_goes_before_a_part_and_short_before_long() -> None:
    lines = (
        b"1 2 8:1 /etc/x /x rw - ext4 s rw\n"
        b"1 2 8:1 / /long/path rw - ext4 s rw\n"
        b"1 2 8:1 / /short rw - ext4 s rw\n"
        b"1 2 8:2 /@home /home rw - btrfs t rw\n"
        b"1 2 8:2 /@ / rw - btrfs t rw\n"
    )
    assert [mount.mountpoint for mount in once_each(parse_mountinfo(lines))] == [b"/", b"/short"]


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
