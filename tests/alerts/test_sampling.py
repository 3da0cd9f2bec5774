"""The rules beside a sampler on a real log: what they say is logged once, whatever the log does."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dashboard.alerts.evaluator import Rule
from dashboard.alerts.model import Alert, decode_alert
from dashboard.alerts.rules import ThresholdRule
from dashboard.alerts.service import AlertService, warn_of_unknown_fields
from dashboard.events.event import Event, Unpersisted
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.metrics import FAMILIES
from dashboard.metrics.family import Sample
from dashboard.sampling.leader_tasks import LeaderTasks
from dashboard.sampling.sampler import Sampler
from dashboard.settings import load
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.telemetry.counters import Instruments
from tests.sampling.test_sampler import Full, family, wait_until
from tests.support.log_contract import ALL, LOG_START

pytestmark = pytest.mark.usefixtures("no_leaks")

RULE = {"name": "hot", "when": "cpu.percent > 90", "clear": "< 80"}


class Rig:
    """A sampler with one family, whose figure the test sets, and the rules beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log: EventLog = ThreadedLog(lambda: SQLiteLog(path, retention=3600))
        self.percent = 10.0
        self.told = 0
        self._stops: list[Callable[[], None]] = []

    def start(
        self, log: EventLog | None = None, for_seconds: float = 0, **rule: Any
    ) -> AlertService:
        settings = load({"DASHBOARD_ALERT": json.dumps([RULE | {"for": for_seconds} | rule])})
        return self.start_with([ThresholdRule(settings.alert[0])], log)

    def start_with(self, rules: list[Rule], log: EventLog | None = None) -> AlertService:
        def tell() -> None:
            self.told += 1

        alerting = AlertService(
            log or self.log,
            rules,
            host="box",
            cadences={"cpu": 0.05},
            retention=3600,
            on_alert=tell,
        )
        sampler = Sampler(
            log or self.log,
            [family("cpu", figures=lambda _: {"percent": self.percent})],
            host="box",
            interval=0.05,
            instruments=Instruments(),
            observer=alerting,
        )
        sampler.start()
        alerting.start()
        self._stops += [sampler.stop, alerting.stop]
        return alerting

    def stop(self) -> None:
        """Let go of the host, as a process does that stands back."""
        while self._stops:
            self._stops.pop(0)()

    def events(self) -> list[Event]:
        return self.log.read_after(LOG_START, ALL)

    def alerts(self) -> list[Alert]:
        return [alert for event in self.events() if (alert := decode_alert(event))]

    def states(self) -> list[str]:
        return [alert.state for alert in self.alerts()]

    def goes_on(self) -> None:
        """Wait for some more samples."""
        count = len(self.events())
        wait_until(lambda: len(self.events()) >= count + 5)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "events.db")
    yield rig
    rig.stop()
    rig.log.close()


def test_an_alert_is_logged_in_the_batch_of_its_sample(rig: Rig) -> None:
    rig.start()
    rig.goes_on()
    rig.percent = 95.0
    wait_until(rig.alerts)
    rig.goes_on()
    events = rig.events()
    place = [event.name for event in events].index("alert")
    sample, alert = events[place - 1], events[place]
    assert sample.id is not None
    assert alert.id == (sample.id.ms, sample.id.sequence + 1)
    assert json.loads(sample.data)["time"] == json.loads(alert.data)["time"]
    assert rig.states() == ["raised"]
    assert rig.told == 1


def test_the_next_to_sample_goes_on_from_the_log(rig: Rig) -> None:
    rig.percent = 95.0
    rig.start()
    wait_until(rig.alerts)
    for _ in range(3):
        rig.stop()
        rig.start()
        rig.goes_on()
    assert rig.states() == ["raised"]
    rig.stop()
    rig.percent = 5.0
    rig.start()
    wait_until(lambda: len(rig.alerts()) == 2)
    rig.goes_on()
    assert rig.states() == ["raised", "cleared"]


def test_a_rule_that_is_gone_takes_its_alert_along(rig: Rig) -> None:
    rig.percent = 95.0
    rig.start()
    wait_until(rig.alerts)
    rig.stop()
    rig.start(name="other", when="cpu.percent > 99")
    wait_until(lambda: len(rig.alerts()) == 2)
    assert rig.alerts()[1].message == "hot: no longer watched"


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ({"when": "cpu.percent > 93"}, ["hot raised"]),  # still beyond: it goes on
        ({"level": "critical"}, ["hot raised"]),
        ({"when": "cpu.percent > 99", "clear": "< 97"}, ["hot raised", "hot cleared"]),
        ({"when": "cpu.percent < 5", "clear": "> 10"}, ["hot raised", "hot cleared"]),
        ({"name": "hotter"}, ["hot raised", "hotter raised", "hot cleared"]),
        ({"when": "memory.percent > 90", "name": "full"}, ["hot raised", "hot cleared"]),
    ],
)
def test_a_rule_that_is_changed_while_its_alert_is_open_ends_or_carries_it_on(
    rig: Rig, change: dict[str, Any], states: list[str]
) -> None:
    rig.percent = 95.0
    rig.start()
    wait_until(rig.alerts)
    rig.stop()
    rig.start(**change)
    wait_until(lambda: len(rig.alerts()) == len(states))
    rig.goes_on()
    told = [f"{alert.alert} {alert.state}" for alert in rig.alerts()]
    assert sorted(told) == sorted(states)
    if states == ["hot raised"]:
        rig.percent = 5.0
        wait_until(lambda: rig.states() == ["raised", "cleared"])


def test_what_others_published_is_left_alone(rig: Rig) -> None:
    for data in (
        {"alert": "backup", "state": "raised"},
        {"alert": "hot", "rule": "hot", "state": "raised", "host": "elsewhere"},
        {"alert": "odd"},
    ):
        text = json.dumps({"host": "box", "time": time.time()} | data)
        rig.log.append([Event(json.loads(text)["host"], "alert", text), Event("box", "cpu", "[]")])
    rig.start()
    rig.goes_on()
    assert rig.states() == ["raised", "raised"], "no more than was published"


def test_a_time_in_progress_goes_on(rig: Rig) -> None:
    rig.percent = 95.0
    rig.start(for_seconds=1)
    rig.goes_on()
    first = json.loads(rig.events()[0].data)["time"]
    rig.stop()
    rig.start(for_seconds=1)
    wait_until(rig.alerts)
    (raised,) = rig.alerts()
    gaps = [json.loads(event.data)["time"] for event in rig.events() if event.name == "cpu"]
    if max(after - before for before, after in pairwise(gaps)) <= 1.1:
        assert raised.since == first
    else:  # a machine so busy that the samples cover nothing
        assert raised.began > first


def test_while_the_log_takes_nothing_those_who_watch_are_told_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = ThreadedLog(lambda: Full(rig.path, retention=3600))
    monkeypatch.setattr(Full, "has_room", True)
    rig.start(log=full)
    rig.goes_on()
    rig.log.wait(0)
    monkeypatch.setattr(Full, "has_room", False)
    rig.percent = 95.0
    heard: list[Unpersisted] = []

    def unlogged(state: str) -> bool:
        heard.extend(rig.log.wait(0.05))
        events = [event for batch in heard for event in batch.events]
        return any(alert.state == state for event in events if (alert := decode_alert(event)))

    wait_until(lambda: unlogged("raised"))
    rig.percent = 5.0
    wait_until(lambda: unlogged("cleared"))
    for _ in range(5):
        heard.extend(rig.log.wait(0.1))
    events = [event for batch in heard for event in batch.events]
    assert [a.state for event in events if (a := decode_alert(event))] == ["raised", "cleared"]
    assert rig.alerts() == []
    assert rig.told == 0
    monkeypatch.setattr(Full, "has_room", True)
    wait_until(rig.alerts)
    rig.goes_on()
    assert rig.states() == ["raised", "cleared"], "each once, in their order"
    assert 1 <= rig.told <= 2, "for what came together, once"
    rig.stop()
    full.close()


def test_nothing_is_raised_until_the_log_has_been_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.percent = 95.0
    rig.start()
    wait_until(rig.alerts)
    rig.stop()
    monkeypatch.setattr("dashboard.alerts.service._RETRY", 0.01)
    is_readable = False
    real = SQLiteLog.latest
    tries = 0

    def latest(self: SQLiteLog) -> list[Event]:
        nonlocal tries
        tries += 1
        if not is_readable:
            raise LogUnavailable("locked")
        return real(self)

    monkeypatch.setattr(SQLiteLog, "latest", latest)
    rig.start()
    wait_until(lambda: tries >= 3)
    rig.goes_on()
    assert rig.states() == ["raised"]
    is_readable = True
    rig.goes_on()
    rig.percent = 5.0
    wait_until(lambda: rig.states() == ["raised", "cleared"])


def test_a_rule_that_fails_does_not_take_the_samples_along(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ThresholdRule):
        def is_firing(self, item: str, value: float) -> bool | None:
            raise ZeroDivisionError

    settings = load({"DASHBOARD_ALERT": json.dumps([RULE])})
    rig.start_with([Broken(settings.alert[0])])
    rig.goes_on()
    wait_until(lambda: "the rules for alerts failed" in caplog.text)
    rig.goes_on()
    assert caplog.text.count("the rules for alerts failed") == 1


@pytest.mark.parametrize(
    ("when", "is_known"),
    [
        ("cpu.percent > 1", True),
        ("cpu.cores.* > 1", True),
        ("cpu.cores.3 > 1", True),
        ("disk.devices.sda.busy_percent > 1", True),
        ("filesystem.mounts./home.percent > 1", True),
        ("sensors.battery.percent < 1", True),
        ("cpu.percnt > 1", False),
        ("cpu.cores > 1", False),
        ("filesystem.mounts.percent > 1", False),
    ],
)
def test_the_operator_is_told_of_a_field_that_there_is_not(
    caplog: pytest.LogCaptureFixture, when: str, is_known: bool
) -> None:
    settings = load({"DASHBOARD_ALERT": json.dumps([{"name": "hot", "when": when}])})
    warn_of_unknown_fields(settings.alert, FAMILIES)
    told = [record.getMessage() for record in caplog.records]
    assert [text.split(";")[0] for text in told] == (
        [] if is_known else [f"rule 'hot': {when.split('.')[0]} has no field {field(when)}"]
    )


def field(when: str) -> str:
    return when.split(" ")[0].partition(".")[2]


def test_the_rules_are_said_at_the_start_and_before_the_log_forgets_them() -> None:
    log: Any = None
    row = ThresholdRule(load({"DASHBOARD_ALERT": json.dumps([RULE])}).alert[0]).row()
    alerting = AlertService(log, [], host="box", cadences={}, retention=60, said=[row])
    sample = Sample("cpu", 100.0, {})
    (said,) = alerting.evaluate([sample])
    assert (said.host, said.name) == ("box", "rules")
    assert json.loads(said.data) == {
        "host": "box",
        "time": 100.0,
        "rules": [
            {
                "name": "hot",
                "figure": "cpu.percent",
                "sign": ">",
                "level": "warning",
                "limit": 90.0,
                "clear": 80.0,
                "for": 0.0,
            }
        ],
    }
    assert not alerting.evaluate([sample._replace(time=119.9)])
    assert alerting.evaluate([sample._replace(time=120.0)])
    assert alerting.evaluate([sample._replace(time=50.0)]), "the clock was set back"


def test_rules_about_what_is_published_are_left_to_a_dashboard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tables = [RULE, {"name": "queue-long", "when": "queue.length > 40"}]
    settings = load({"DASHBOARD_ALERT": json.dumps(tables), "DASHBOARD_ALERTS": '{"defaults": 0}'})
    log = ThreadedLog(lambda: SQLiteLog(tmp_path / "events.db", retention=3600))
    try:
        for buffer in (None, ReplayBuffer(retention=3600)):
            tasks = LeaderTasks(
                log,
                settings,
                FAMILIES,
                folder=tmp_path,
                instruments=Instruments(),
                on_failure=print,
                buffer=buffer,
            )
            (event,) = tasks._alerting.evaluate([Sample("cpu", 100.0, {})])
            rules = json.loads(event.data)["rules"]
            expected = [("hot", None)] if buffer is None else [("hot", None), ("queue-long", True)]
            assert [(rule["name"], rule.get("everywhere")) for rule in rules] == expected
    finally:
        log.close()
    assert [record.getMessage() for record in caplog.records] == [
        "only a dashboard judges what is published, so these rest: queue-long"
    ]
