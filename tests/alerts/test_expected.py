"""Events that have to come: late once, over once, whoever judges and however often it restarts."""

import json
import time
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.model import Alert, decode_alert
from dashboard.events.encoded import Encoded
from dashboard.events.event import Event
from dashboard.jobs.model import EVENT as PROGRESS
from dashboard.jobs.model import State as JobState
from dashboard.log.contract import EventLog
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.sampling.expected import ExpectationWatch
from dashboard.settings import SettingError, load
from dashboard.streaming.replay_buffer import ReplayBuffer
from tests.support.log_contract import ALL, LOG_START
from tests.support.service import ROOT

pytestmark = pytest.mark.usefixtures("no_leaks")
BACKUP = {"name": "backup", "event": "progress", "match": {"job": "nightly"}, "every": "10m"}
MATCH = {"a.b": 1, "ok": True}


class Rig:
    """A log whose events are of now, and dashboards whose clock a test moves ahead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: EventLog = ThreadedLog(lambda: SQLiteLog(folder / "events.db", retention=1e6))
        self.buffer = ReplayBuffer(retention=1e6)
        self.ahead = 0.0
        self.reads = True

    def watch(self, *rules: dict[str, Any], host: str = "wall") -> ExpectationWatch:
        watch = ExpectationWatch(
            self.log,
            OpenAlerts(self.log, retention=1e6),
            self.buffer,
            load({"DASHBOARD_EXPECT": json.dumps(rules), "DASHBOARD_HOST_NAME": host}),
            file=self.folder / f"{host}.json",
            is_reading=lambda: self.reads,
            clock=lambda: time.time() + self.ahead,
        )
        watch.restore()
        watch.look()
        return watch

    def passes(self, seconds: float, *watches: ExpectationWatch) -> None:
        """Look every eight seconds, as time goes on, and keep what is seen."""
        for _ in range(round(seconds / 8)):
            self.ahead += 8
            for watch in watches:
                watch.look()
                watch.save()

    def publish(self, name: str = "progress", host: str = "db-1", **data: Any) -> None:
        self.log.append([Event(host, name, json.dumps({"host": host, "time": 1, **data}))])
        self.buffer.add(map(Encoded, self.log.read_after(self.buffer.position, ALL)))

    def alerts(self) -> list[Alert]:
        events = self.log.read_after(LOG_START, ALL)
        return [alert for event in events if (alert := decode_alert(event))]

    def said(self) -> list[tuple[str, str]]:
        return [(alert.host, alert.state) for alert in self.alerts()]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.log.close()


def test_what_comes_no_more_is_late_once_and_over_when_it_comes(rig: Rig) -> None:
    watch = rig.watch(BACKUP)
    rig.publish(job="nightly")
    rig.publish(job="other")
    rig.passes(640, watch)
    assert rig.said() == []
    rig.publish(job="other")  # by a clock ten minutes behind
    rig.passes(40, watch)
    (alert,) = rig.alerts()
    assert (alert.host, alert.alert, alert.rule, alert.judge) == (
        "wall",
        "backup",
        "backup",
        "wall",
    )
    assert (alert.level, alert.metric_family, alert.threshold) == ("warning", "progress", 660)
    assert isinstance(alert.last, float)
    assert abs(alert.last - time.time()) < 60
    assert alert.message.startswith("backup: no progress since 20")
    rig.ahead = 0
    rig.publish(job="nightly")
    watch.look()
    assert rig.said() == [("wall", "raised"), ("wall", "cleared")]
    assert rig.alerts()[1].message == "backup: progress came again"


def test_two_dashboards_and_restarts_say_it_once_and_know_when_it_came(rig: Rig) -> None:
    watches = [rig.watch(BACKUP), rig.watch(BACKUP, host="hall")]
    rig.publish(job="nightly")
    rig.passes(720, *watches)
    for _ in range(3):
        watches = [rig.watch(BACKUP), rig.watch(BACKUP, host="hall")]
        rig.passes(320, *watches)
    assert [state for _, state in rig.said() if state != "still"] == ["raised"]
    (rig.folder / "wall.json").unlink()
    rig.buffer = ReplayBuffer(retention=1)  # and the log has forgotten it
    newest = rig.log.newest()
    assert newest is not None
    rig.buffer.position = newest
    again = rig.watch(BACKUP)
    again._following.position = newest
    rig.passes(320, again)
    assert rig.said()[-1] == ("wall", "still")
    assert rig.alerts()[-1].last == rig.alerts()[0].last


def test_what_has_never_come_is_late_from_the_start_of_the_rule_on(rig: Rig) -> None:
    rule = {**BACKUP, "match": {"host": "db-1"}, "level": "critical", "grace": "1s"}
    watch = rig.watch(rule)
    rig.passes(560, watch)
    watch = rig.watch(rule)
    rig.passes(40, watch)
    assert rig.said() == []
    rig.passes(80, watch)
    (alert,) = rig.alerts()
    assert (alert.host, alert.last, alert.level) == ("db-1", None, "critical")
    assert alert.message == "backup: progress has never come"
    rig.ahead = 0
    rig.publish()
    watch.look()
    assert rig.said() == [("db-1", "raised"), ("db-1", "cleared")]


def test_who_did_not_listen_waits_and_a_rule_that_went_takes_its_alert_along(rig: Rig) -> None:
    watch = rig.watch(BACKUP)
    rig.ahead += 3600  # this process was frozen
    rig.passes(48, watch)
    assert rig.said() == []
    rig.reads = False  # its log is away
    rig.passes(80, watch)
    rig.reads = True
    rig.passes(48, watch)
    assert rig.said() == []
    rig.passes(24, watch)
    assert rig.said() == [("wall", "raised")]
    rig.watch({**BACKUP, "every": "1d"})
    assert rig.said() == [("wall", "raised")]  # which never came
    rig.watch(BACKUP, host="hall")
    rig.watch(host="hall")
    assert rig.said() == [("wall", "raised")]  # another dashboard's
    rig.watch()
    assert rig.said() == [("wall", "raised"), ("wall", "cleared")]


@pytest.mark.parametrize("last", [1e300, 1e12, -1.0, 0.0])
def test_what_somebody_publishes_of_an_alert_ends_no_watch(rig: Rig, last: float) -> None:
    said = Alert(host="wall", time=1, alert="backup", rule="backup", state="raised")
    for judge in (msgspec.UNSET, "wall"):
        event = replace(said, judge=judge, metric_family="progress", last=last).event()
        rig.log.append([event])
    watch = rig.watch(BACKUP)
    rig.passes(1000, watch)
    assert ("wall", "cleared") not in rig.said()
    rig.ahead = 0
    rig.publish(job="nightly")
    watch.look()
    assert rig.said()[-1] == ("wall", "cleared"), "it is over when it comes"


def test_an_event_is_the_one_by_all_of_its_fields(rig: Rig) -> None:
    watch = rig.watch({"name": "all", "event": "job", "match": MATCH, "every": "10m"})
    for data in ({"a": {"b": 1}}, {"a": {"b": 1}, "ok": 1}, {"a": 1, "ok": True}, {"a.b": True}):
        rig.publish("job", **data)
    watch.look()
    assert [seen.last for seen in watch._seen.values()] == [None]
    rig.publish("job", a={"b": 1.0}, ok=True)
    watch.look()
    assert [seen.last is None for seen in watch._seen.values()] == [False]


def test_the_example_of_the_page_loads_and_its_job_can_end_so() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text("utf-8")
    (text,) = [each for each in page.split("```toml\n") if each.startswith("[[expect]]")]
    tables = tomllib.loads(text.partition("```")[0])["expect"]
    backup, lobby = load({"DASHBOARD_EXPECT": json.dumps(tables)}).expect
    assert backup.match["state"] in get_args(JobState)
    assert (backup.event, lobby.event) == (PROGRESS, "screen.lobby")


def test_a_cron_line_is_of_the_machines_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        rules = [{"name": "n", "event": "e", "cron": "30 2 * * *", "grace": "1h"}]
        (rule,) = load({"DASHBOARD_EXPECT": json.dumps(rules)}).expect
        for last, due in (
            ("2026-11-28T02:30:01", "2026-11-29T03:30:00"),
            ("2026-11-28T02:29:59", "2026-11-28T03:30:00"),
            ("2026-10-24T03:00:00", "2026-10-25T02:30:00+01:00"),  # it is 2:30 twice, and once due
            ("2026-03-28T03:00:00", "2026-03-29T04:30:00"),  # it is never 2:30
        ):
            found = rule.due(datetime.fromisoformat(last).timestamp())
            assert found == datetime.fromisoformat(due).timestamp(), last
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"every": "0"}, "every='0': allowed is a duration from 1s"),
        ({"every": "soon"}, "every='soon'"),
        ({"cron": "0 3 * * *"}, "allowed is one of `every` and `cron`"),
        ({"every": None, "cron": "0 25 * * *"}, "cron='0 25 * * *': allowed is minute"),
        ({"every": None, "cron": "0 0 30 2 *"}, "cron="),
        ({"grace": "-1"}, "grace='-1'"),
        ({"match": {"a": [1]}}, "match="),
        ({"event": "A"}, "event='A'"),
        ({"level": "bad"}, "level='bad': allowed is info, warning, critical"),
        ({"when": 1}, "unknown key 'when'"),
        ({"name": "a b"}, "expect 'a b': name='a b'"),
    ],
)
def test_a_mistake_is_said_in_one_line(wrong: dict[str, Any], words: str) -> None:
    given = {key: value for key, value in {**BACKUP, **wrong}.items() if value is not None}
    with pytest.raises(SettingError) as caught:
        load({"DASHBOARD_EXPECT": json.dumps([given])})
    assert words in str(caught.value)
    with pytest.raises(SettingError, match="another has the same name"):
        load({"DASHBOARD_EXPECT": json.dumps([BACKUP, BACKUP])})
