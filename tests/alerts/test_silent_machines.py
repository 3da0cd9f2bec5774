"""Machines that go silent, come back, leave in order and boot: told once, whoever looks."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.event import Event as Flag
from msgspec.structs import replace

from dashboard.alerts.history import OpenAlerts, alerts_between
from dashboard.alerts.model import Alert
from dashboard.alerts.outbox import Outbox, State, message
from dashboard.alerts.periodic import Periodic
from dashboard.alerts.silent_machines import HOST_REBOOTED, HOST_SILENT, Machine, SilenceWatch
from dashboard.events.encoded import LOG_START, Encoded
from dashboard.events.event import Event, EventId
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.metrics import FAMILIES
from dashboard.sampling.keeper_tasks import machines
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer

pytestmark = pytest.mark.usefixtures("no_leaks")
RETENTION = 6 * 3600.0


class Rig:
    """A log, machines that a test lets live and die, and dashboards that look."""

    def __init__(self, folder: Path) -> None:
        self.log: EventLog = ThreadedLog(
            lambda: SQLiteLog(folder / "events.db", retention=RETENTION)
        )
        self.machines: dict[str, Machine] = {}
        self.now = 0.0  # monotonic
        self.started = time.time()
        self.reads = True
        self._number = 0

    def watch(self, host: str = "wall", *, judges: bool = True) -> SilenceWatch:
        watch = SilenceWatch(
            self.log,
            OpenAlerts(self.log, retention=RETENTION),
            lambda: self.machines,
            host=host,
            retention=RETENTION,
            is_reading=lambda: self.reads,
            judges=judges,
            clock=lambda: self.started + self.now,
            monotonic=lambda: self.now,
        )
        if judges:
            watch.look()
        return watch

    def lives(self, host: str, *, interval: float = 1.0, boot: float = 1000.0) -> None:
        self._number += 1
        self.machines[host] = Machine(EventId(self._number, 0), 0.0, interval, boot, False)

    def passes(self, seconds: float, *watches: SilenceWatch, lives: tuple[str, ...] = ()) -> None:
        """Let time pass in steps of two seconds, in which some machines go on."""
        for _ in range(round(seconds / 2)):
            self.now += 2
            for host, machine in list(self.machines.items()):
                self.machines[host] = machine._replace(age=machine.age + 2)
            for host in lives:
                self.lives(host, interval=self.machines[host].interval)
            for watch in watches:
                watch.look()

    def told(self, rule: str = HOST_SILENT) -> list[tuple[str, str]]:
        last = self.log.newest()
        if last is None:
            return []
        found = [alert for _, alert in alerts_between(self.log, EventId(0, 0), last)]
        return [(alert.host, alert.state) for alert in found if alert.rule == rule]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.log.close()


def test_a_machine_that_dies_is_told_once_and_once_when_it_is_back(rig: Rig) -> None:
    rig.lives("web-1")
    rig.lives("wall")
    watch = rig.watch()
    rig.passes(60, watch, lives=("web-1", "wall"))
    assert rig.told() == []
    rig.passes(30, watch, lives=("wall",))
    assert rig.told() == []
    rig.passes(60, watch, lives=("wall",))
    assert rig.told() == [("web-1", "raised")]
    rig.passes(20, watch, lives=("web-1", "wall"))
    assert rig.told() == [("web-1", "raised"), ("web-1", "cleared")]


def test_two_dashboards_and_restarts_tell_it_once(rig: Rig) -> None:
    rig.lives("web-1")
    watches = [rig.watch("wall"), rig.watch("hall")]
    rig.passes(50, *watches)
    for _ in range(5):
        watches = [rig.watch("wall"), rig.watch("hall")]
        rig.passes(40, *watches)
    assert rig.told() == [("web-1", "raised")]
    rig.lives("web-1")
    rig.passes(4, *watches, lives=("web-1",))
    assert rig.told() == [("web-1", "raised"), ("web-1", "cleared")]


def test_a_dashboard_that_judges_no_more_ends_what_it_said_and_not_what_others_did(
    rig: Rig,
) -> None:
    rig.lives("web-1")
    rig.passes(50, rig.watch("wall"))
    assert rig.told() == [("web-1", "raised")]
    rig.watch("hall", judges=False).end_own()
    assert rig.told() == [("web-1", "raised")]
    for _ in range(2):
        rig.watch("wall", judges=False).end_own()
    assert rig.told() == [("web-1", "raised"), ("web-1", "cleared")]


def test_a_slow_machine_may_be_silent_for_ten_of_its_intervals(rig: Rig) -> None:
    rig.lives("slow", interval=60)
    watch = rig.watch()
    rig.passes(600, watch)
    assert rig.told() == []
    rig.passes(10, watch)
    assert rig.told() == [("slow", "raised")]


def test_who_did_not_listen_says_nothing_until_it_has(rig: Rig) -> None:
    rig.lives("web-1")
    watch = rig.watch()
    rig.passes(20, watch)
    rig.now += 3600  # this process itself was frozen
    rig.passes(28, watch)
    assert rig.told() == []
    rig.reads = False  # its log is away
    rig.passes(100, watch)
    rig.reads = True
    rig.passes(28, watch)
    assert rig.told() == []
    rig.passes(6, watch)
    assert rig.told() == [("web-1", "raised")]


def test_a_machine_that_left_in_order_is_no_alert(rig: Rig) -> None:
    rig.lives("web-1")
    watch = rig.watch()
    rig.passes(10, watch, lives=("web-1",))
    rig.machines["web-1"] = rig.machines["web-1"]._replace(has_left=True)
    rig.passes(100, watch)
    assert rig.told() == []


def test_the_own_machine_is_not_judged(rig: Rig) -> None:
    rig.lives("wall")
    rig.passes(100, rig.watch())
    assert rig.told() == []


def test_a_silent_machine_stays_open_after_the_log_has_forgotten_it(rig: Rig) -> None:
    rig.lives("web-1")
    watch = rig.watch()
    rig.passes(40, watch)
    rig.machines.clear()
    rig.passes(1300, watch)
    assert rig.told() == [("web-1", "raised"), ("web-1", "still"), ("web-1", "still")]


def test_a_boot_is_told_and_over_after_ten_minutes(rig: Rig) -> None:
    rig.lives("web-1", boot=1000)
    watch, other = rig.watch(), rig.watch("hall")
    rig.lives("web-1", boot=1030)  # the clock was set
    rig.passes(4, watch, other)
    assert rig.told(HOST_REBOOTED) == []
    rig.lives("web-1", boot=5000)
    rig.passes(300, watch, other)
    assert rig.told(HOST_REBOOTED) == [("web-1", "raised")]
    rig.passes(320, watch, other)
    assert rig.told(HOST_REBOOTED) == [("web-1", "raised"), ("web-1", "cleared")]


def test_many_silent_machines_are_one_message() -> None:
    alerts = [
        Alert(host=f"web-{n}", time=1, alert=HOST_SILENT, judge="wall", state="raised")
        for n in range(300)
    ]
    sent = message(alerts)
    assert sent.title == "300 machines are silent"
    assert sent.body.startswith("[warning] 300 machines are silent: web-0, web-1, web-10,")
    assert sent.body.endswith(" and 290 more")
    assert "\n" not in sent.body
    other = Alert(host="box", time=1, alert="hot", state="raised", message="it is hot")
    over = [replace(alert, state="cleared") for alert in alerts[:4]]
    sent = message([*over, *alerts, other])
    assert sent.title == "301 machines: 305 alerts"
    assert [line[:24] for line in sent.body.split("\n")] == [
        "[warning] 300 machines a",
        "[over] 4 machines are ba",
        "[warning] it is hot",
    ]
    assert message(alerts[:2]).body == "[warning] host-silent\n[warning] host-silent"


def test_they_wait_for_each_other_and_not_for_long() -> None:
    box = Outbox(State(position="0-0"), quiet=None, rate=(1000, 1.0))
    other = Alert(host="box", time=100, alert="hot", state="raised")
    for n in range(20):
        at = 100.0 + n
        alert = Alert(host=f"w{n}", time=at, alert=HOST_SILENT, judge="wall", state="raised")
        box.take([(EventId(n, 0), alert), (EventId(n, 1), other)], EventId(n, 1))
        due = box.due(at)
        assert len([each for each in due if each.alert == HOST_SILENT]) == 9 * (n in (8, 17))
        assert box.is_waiting == (n not in (8, 17)), "for others that may follow"
        box.mark_notified(due, at)
    assert len(box.due(122)) == 0
    assert len(box.due(123)) == 2
    assert not box.is_waiting


def test_one_of_the_future_keeps_nobody_waiting() -> None:
    box = Outbox(State(position="0-0"), quiet=None, rate=(1000, 1.0))
    times = {"w0": 100.0, "w1": 3700.0}
    for n, (host, at) in enumerate(times.items()):
        alert = Alert(host=host, time=at, alert=HOST_SILENT, judge="wall", state="raised")
        box.take([(EventId(n, 0), alert)], EventId(n, 0))
    assert [each.host for each in box.due(105)] == ["w0", "w1"]


def test_machines_are_those_with_an_event_of_a_family() -> None:
    buffer = ReplayBuffer(retention=3600)
    newest = [
        Event("web-1", "cpu", '{"time":1}', EventId(1, 0)),
        Event("web-1", "system", '{"interval":5,"boot_time":7,"leaving":true}', EventId(2, 0)),
        Event("shop", "order", '{"total":5}', EventId(3, 0)),
    ]
    buffer.load(map(Encoded.of, newest), [], LOG_START, lambda event_id: 10.0 - event_id.ms)
    found = machines(buffer, HostIntervals(FAMILIES, 1.0, buffer), ["cpu", "system"])
    assert set(found) == {"web-1"}
    assert found["web-1"][0] == EventId(2, 0)
    assert found["web-1"][2:] == (5.0, 7.0, True)
    assert found["web-1"].limit == 50


def test_an_error_of_one_look_ends_no_watch(caplog: pytest.LogCaptureFixture) -> None:
    looks = iter([LogUnavailable("away"), ValueError("odd"), ValueError("odd"), None])
    told: list[str] = []
    done = Flag()

    def look() -> None:
        error = next(looks)
        told.append(type(error).__name__)
        if error is not None:
            raise error
        done.set()
        watch.stop()

    watch = Periodic(look, 0.001, away=lambda: told.append("away"))
    watch.start()
    assert done.wait(20)
    assert told == ["LogUnavailable", "away", "ValueError", "ValueError", "NoneType"]
    assert [record.levelname for record in caplog.records] == ["ERROR"], "said once"
