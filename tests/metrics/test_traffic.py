"""Traffic of the month: over reboots, restarts, months and clocks that are wrong."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.metrics import family_factories, with_traffic
from dashboard.metrics.traffic import Traffic, month_around
from dashboard.settings import load

from .conftest import Machine

NOON = datetime(2026, 5, 20, 12).timestamp()
HOUR, DAY = 3600.0, 86400.0


class Box:
    """A machine with one network card, whose counters, starts and clock a test sets."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.file = folder / "traffic.json"
        self.now = NOON
        self.started_at = NOON - 400 * DAY
        machine.ps.boot_time = lambda: self.started_at
        self.boot("first")

    def boot(self, boot_id: str) -> None:
        folder = self.machine.proc / "sys/kernel/random"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "boot_id").write_text(boot_id)

    def count(self, received: int, sent: int, card: str = "eno1") -> None:
        counters = f"{received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0"
        self.machine.write("net/dev", f"head\n  lo: {counters}\n  {card}: {counters}\n")

    def reader(self, **options: Any) -> Traffic:
        return Traffic(
            ps=self.machine.ps,
            sysfs=self.machine.sysfs,
            wall_clock=lambda: self.now,
            file=self.file,
            **options,
        )


@pytest.fixture
def box(machine: Machine, tmp_path: Path) -> Box:
    return Box(machine, tmp_path)


def read(reader: Traffic) -> dict[str, Any]:
    reading = reader.read()
    assert reading is not None
    return reading


def moved(reader: Traffic) -> tuple[int, int]:
    reading = read(reader)
    return reading["received_bytes"], reading["sent_bytes"]


def test_it_is_summed_over_restarts_and_reboots(box: Box) -> None:
    box.count(1000, 500)
    assert moved(box.reader()) == (0, 0)  # nobody knows of when that was
    box.count(1100, 550)
    reader = box.reader()  # of the next process
    assert moved(reader) == (100, 50)
    box.boot("second")
    box.count(7000, 3000)  # more than before, and all of it new
    assert moved(reader) == (7100, 3050)
    box.count(10, 5)  # the driver was loaded anew
    assert moved(reader) == (7110, 3055)
    box.count(60, 20, "eno2")
    reading = read(reader)
    assert (reading["received_bytes"], reading["sent_bytes"]) == (7170, 3075)
    assert reading["interfaces"] == {
        "eno1": {"received_bytes": 7110, "sent_bytes": 3055},
        "eno2": {"received_bytes": 60, "sent_bytes": 20},
    }
    assert reading["since"] == NOON
    assert box.file.stat().st_mode & 0o077 == 0


def test_a_machine_that_was_started_in_this_month_counts_from_there(box: Box) -> None:
    box.started_at = NOON - DAY
    box.count(1000, 500)
    reading = read(box.reader())
    assert (reading["received_bytes"], reading["since"]) == (1000, NOON - DAY)


def test_a_new_month_begins_with_nothing(box: Box) -> None:
    reader = box.reader(resets=5)
    box.count(0, 0)
    read(reader)
    box.count(300, 200)
    assert moved(reader) == (300, 200)
    box.now = datetime(2026, 6, 4, 23, 59).timestamp()
    assert moved(reader) == (300, 200)
    box.now = datetime(2026, 6, 5, 0, 0, 30).timestamp()
    box.count(310, 203)
    reading = read(reader)
    assert (reading["received_bytes"], reading["sent_bytes"]) == (10, 3)
    assert reading["since"] == datetime(2026, 6, 5).timestamp()
    assert reading["resets_at"] == datetime(2026, 7, 5).timestamp()
    box.now = NOON - 30 * DAY  # a clock that was set back takes nothing away
    box.count(320, 204)
    assert moved(reader) == (20, 4)


@pytest.mark.parametrize(
    ("counts", "percent"), [("sent", 25.0), ("received", 100.0), ("both", 125.0)]
)
def test_a_quota_is_used_by_what_counts(box: Box, counts: str, percent: float) -> None:
    reader = box.reader(quota=1000, resets=15, counts=counts)
    box.count(0, 0)
    reading = read(reader)
    assert (reading["percent"], reading["exhausted_at"], reading["short_seconds"]) == (
        0,
        None,
        None,
    )
    box.count(1000, 250)
    box.now += 2 * DAY
    reading = read(reader)
    assert reading["percent"] == percent
    ends = datetime(2026, 6, 15).timestamp()
    assert reading["resets_at"] == ends
    up = NOON + 2 * DAY * 100 / percent
    assert reading["exhausted_at"] == up
    assert reading["short_seconds"] == max(0, ends - up)


def test_a_pace_is_told_when_there_is_one(box: Box) -> None:
    reader = box.reader(quota=1000)
    box.count(0, 0)
    read(reader)
    box.count(5, 5)
    box.now += HOUR / 2
    assert read(reader)["exhausted_at"] is None
    box.now += HOUR
    reading = read(reader)
    assert reading["exhausted_at"] == NOON + 150 * HOUR
    assert reading["short_seconds"] is None


def test_a_file_that_is_broken_or_can_not_be_written(box: Box) -> None:
    box.file.write_bytes(b'{"since": "today"')
    box.count(10, 10)
    reader = box.reader()
    assert moved(reader) == (0, 0)
    box.file = box.file.parent / "nowhere" / "traffic.json"
    reader = box.reader()
    assert moved(reader) == (0, 0)
    assert "a reboot would lose" in str(reader.absent_reason)
    box.count(15, 12)
    assert moved(reader) == (5, 2)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
@pytest.mark.parametrize("day", [1, 5, 29, 31])
def test_months_follow_each_other_in_every_zone(
    monkeypatch: pytest.MonkeyPatch, zone: str, day: int
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        moment = datetime(2027, 1, 1, 3).timestamp()
        begins, ends = month_around(moment, day)
        for _ in range(40):
            assert begins <= moment < ends
            assert 27 * DAY < ends - begins < 32.1 * DAY
            assert datetime.fromtimestamp(ends).hour == 0
            assert datetime.fromtimestamp(ends).day in (day, 28, 29, 30)
            assert month_around(ends - 1, day) == (begins, ends)
            moment = ends
            before, (begins, ends) = ends, month_around(moment, day)
            assert begins == before
    finally:
        monkeypatch.undo()
        time.tzset()


def test_traffic_is_kept_beside_the_log_by_the_settings(tmp_path: Path) -> None:
    table = '{"quota": "2kB", "counts": "sent"}'
    families = family_factories((), 1.0)
    found = with_traffic(families, load({"DASHBOARD_TRAFFIC": table}), tmp_path)
    assert [each.name for each in found] == [family.name for family in families]
    reading = next(each for each in found if each.name == "traffic")().read()
    assert reading is None or reading["quota_bytes"] == 2000
    assert (reading is None) == (list(tmp_path.glob("traffic-*.json")) == [])


def test_an_interface_whose_name_is_no_text_is_counted_and_kept(box: Box) -> None:
    box.count(0, 0, "caf?")
    file = box.machine.proc / "net/dev"
    file.write_bytes(file.read_bytes().replace(b"caf?", b"caf\xe9"))
    assert list(read(box.reader())["interfaces"]) == [r"caf\xe9"]
    assert list(read(box.reader())["interfaces"]) == [r"caf\xe9"]
