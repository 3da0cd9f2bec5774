"""Disk traffic: what is counted, and what a disk that comes and goes does to it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dashboard.metrics.disk import Disk, whole_disks

from .conftest import Machine, Watch

MIB = 1024 * 1024


@pytest.fixture
def disk(machine: Machine) -> Disk:
    return Disk(ps=machine.ps, clock=machine.watch)


def figures(
    read: float, write: float, reads: float, writes: float, busy: float
) -> dict[str, float]:
    return {
        "read_bytes_per_second": read,
        "write_bytes_per_second": write,
        "reads_per_second": reads,
        "writes_per_second": writes,
        "busy_percent": busy,
    }


def test_each_byte_once(machine: Machine, disk: Disk) -> None:
    machine.a_second_passes()
    assert disk.read() == {
        **figures(11 * MIB, 4 * MIB, 110, 50, 90.0),
        "devices": {
            "nvme0n1": figures(1 * MIB, 4 * MIB, 100, 50, 25.0),
            "sda": figures(10 * MIB, 0, 10, 0, 90.0),
        },
    }


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        ("sda sda1 sda2 sdaa sdaa1", "sda sdaa"),
        ("nvme0n1 nvme0n1p1 nvme0n11 nvme1n1", "nvme0n1 nvme0n11 nvme1n1"),
        ("mmcblk0 mmcblk0p1 mmcblk0boot0", "mmcblk0 mmcblk0boot0"),
        ("vda vda1 vda15 dm-0 dm-12 md0 md127p1 loop3 ram1 zram0", "vda"),
        ("sda bcache0 drbd0 zd16 zd16p1 sr0 nbd1 nbd10", "sda sr0 nbd1 nbd10"),
        ("xvda1 xvda2", "xvda1 xvda2"),
        ("disk0 disk1", "disk0 disk1"),
        ("nvme0c0n1 nvme0c1n1 nvme0n1 nvme0n1p1", "nvme0n1"),
        ("dm-0 loop0 zram0", "dm-0"),
        ("loop0 ram1 zram0", ""),
        ("PhysicalDrive0 PhysicalDrive1", "PhysicalDrive0 PhysicalDrive1"),
    ],
)
def test_whole_disks(names: str, whole: str) -> None:
    assert whole_disks(names.split()) == whole.split()


def test_a_disk_plugged_in_brings_no_past(machine: Machine) -> None:
    everything = (machine.proc / "diskstats").read_text()
    machine.write("diskstats", "".join(everything.splitlines(keepends=True)[:4]))
    disk = Disk(ps=machine.ps, clock=machine.watch)
    machine.a_second_passes()
    reading = disk.read()
    assert reading is not None
    assert reading["read_bytes_per_second"] == 1 * MIB
    assert set(reading["devices"]["sda"].values()) == {None}


def test_a_disk_that_was_replaced_counts_from_the_next_reading(
    machine: Machine, disk: Disk
) -> None:
    machine.watch.forward(1)
    machine.write(
        "diskstats",
        "8 0 sda 9000 0 8 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
    )
    reading = disk.read()
    assert reading is not None
    assert set(reading["devices"]["sda"].values()) == {None}
    assert reading["read_bytes_per_second"] is None, "nothing was measured, which is not 0"
    machine.watch.forward(2)
    machine.write(
        "diskstats",
        "8 0 sda 9004 0 16 0 0 0 0 0 0 4000 0 0 0 0 0 0 0\n",
    )
    reading = disk.read()
    assert reading is not None
    assert reading["devices"]["sda"] == figures(2048, 0, 2, 0, 100.0)


def diskstats(machine: Machine, *lines: str) -> None:
    machine.write("diskstats", "".join(line + "\n" for line in lines))


@pytest.mark.parametrize("columns", ["", " 0", " 0 0 0", " 0 0 0 0 0 0", " 0 0 0 0 0 0 7 7 7 7 7"])
def test_a_line_may_have_more_columns_than_are_known(machine: Machine, columns: str) -> None:
    """14 columns of Linux 2.6, 18 and 20 of later ones, 15 and 17 of lxcfs, and some to come."""
    diskstats(machine, "8 0 sda 10 0 80 0 10 0 160 0 0 500 0" + columns)
    disk = Disk(ps=machine.ps, clock=machine.watch)
    machine.watch.forward(1)
    diskstats(machine, "8 0 sda 14 0 88 0 12 0 176 0 0 750 0" + columns, "nonsense", "8 1 x 1 2")
    reading = disk.read()
    assert reading is not None
    assert reading["devices"] == {"sda": figures(4096, 8192, 4, 2, 25.0)}


def test_a_name_that_is_no_text(machine: Machine) -> None:
    machine.write("diskstats", b"8 0 sd\xe9 10 0 80 0 10 0 160 0 0 500 0\n")
    reading = Disk(ps=machine.ps, clock=machine.watch).read()
    assert reading is not None
    assert list(reading["devices"]) == [r"sd\xe9"]


def test_counters_that_are_zero_for_a_while_bring_no_past(machine: Machine) -> None:
    def line(sectors: int) -> str:
        return f"8 0 sda {sectors} 0 {sectors} 0 {sectors} 0 {sectors} 0 0 {sectors} 0"

    diskstats(machine, line(2_000_000))
    disk = Disk(ps=machine.ps, clock=machine.watch)
    found = []
    for sectors in (2_000_002, 0, 0, 2_000_008, 2_000_010):
        machine.watch.forward(1)
        diskstats(machine, line(sectors))
        reading = disk.read()
        assert reading is not None
        found.append(reading["read_bytes_per_second"])
    # Of the three seconds after the second reading 6 sectors are known, and then 2 of one.
    assert found == [1024, None, None, 1024, 1024]


def test_no_disk_reads_a_petabyte_a_second(machine: Machine) -> None:
    diskstats(machine, "8 0 sda 10 0 80 0 10 0 160 0 0 500 0")
    disk = Disk(ps=machine.ps, clock=machine.watch)
    machine.watch.forward(1)
    diskstats(machine, f"8 0 sda 10 0 {2**55} 0 10 0 160 0 0 500 0")
    reading = disk.read()
    assert reading is not None
    assert reading["read_bytes_per_second"] is None


def test_no_disks(machine: Machine) -> None:
    machine.write("diskstats", "7 0 loop0 1 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n")
    disk = Disk(ps=machine.ps, clock=machine.watch)
    machine.watch.forward(1)
    assert disk.read() is None
    assert disk.absent_reason == "this machine shows no disks"
    machine.a_second_passes()
    assert disk.read() is not None
    assert disk.absent_reason is None


def test_elsewhere_nobody_counts_the_busy_time(watch: Watch) -> None:
    counters = SimpleNamespace(read_bytes=0, write_bytes=0, read_count=0, write_count=0)
    ps = SimpleNamespace(disk_io_counters=lambda perdisk, nowrap: {"disk0": counters})
    disk = Disk(ps=ps, clock=watch)
    watch.forward(1)
    counters.read_bytes = 512
    reading = disk.read()
    assert reading is not None
    assert reading["read_bytes_per_second"] == 512
    assert reading["busy_percent"] is None
    assert reading["devices"]["disk0"]["busy_percent"] is None
