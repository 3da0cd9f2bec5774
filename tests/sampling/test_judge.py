"""Alerts on published figures: they fire and clear once, whoever judges, of every host."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.alerts.model import Alert, decode_alert
from dashboard.events.encoded import Encoded
from dashboard.events.event import Event
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.metrics.catalogue.levels import RULES
from dashboard.sampling import judge
from dashboard.sampling.judge import Judge
from dashboard.settings import load
from dashboard.streaming.replay_buffer import ReplayBuffer
from tests.sampling.test_sampler import wait_until
from tests.support.log_contract import ALL, LOG_START

pytestmark = pytest.mark.usefixtures("no_leaks")

LONG = {"name": "queue-long", "when": "queue.length > 40", "clear": "< 30"}


class Rig:
    """A log, a worker's buffer of it, and judges over both."""

    def __init__(self, path: Path) -> None:
        self.log: EventLog = ThreadedLog(lambda: SQLiteLog(path, retention=3600))
        self.buffer = ReplayBuffer(retention=3600)
        self.told = 0
        self._judges: list[Judge] = []

    def judge(self, *rules: dict[str, Any], host: str = "box", log: Any = None) -> Judge:
        settings = load({"DASHBOARD_ALERT": json.dumps(rules)})
        judging = Judge(
            log or self.log,
            self.buffer,
            settings.alert,
            host=host,
            families=["cpu"],
            every=lambda _: None,
            retention=3600,
            on_alert=self.tell,
            on_failure=lambda greenlet: pytest.fail(f"{greenlet} ended"),
        )
        judging.start()
        self._judges.append(judging)
        return judging

    def tell(self) -> None:
        self.told += 1

    def stop(self) -> None:
        while self._judges:
            self._judges.pop().stop()

    def publish(self, name: str = "queue", host: str = "box", **data: Any) -> None:
        self.append(Event(host, name, json.dumps({"time": 1.0, **data})))

    def append(self, event: Event) -> None:
        self.log.append([event])
        new = self.log.read_after(self.buffer.position, ALL)
        self.buffer.add(map(Encoded, new))

    def alerts(self) -> list[Alert]:
        events = self.log.read_after(LOG_START, ALL)
        return [alert for event in events if (alert := decode_alert(event))]

    def said(self) -> list[tuple[str, str]]:
        return [(alert.host, alert.state) for alert in self.alerts()]

    def become(self, *said: tuple[str, str]) -> None:
        wait_until(lambda: self.said() == list(said))

    def is_looked_at(self) -> None:
        """Wait until the judges have gone past all that there is: a mark of another rule's."""
        count = len([a for a in self.alerts() if a.rule == "mark"])
        self.publish("mark", n=1 - count % 2)
        wait_until(lambda: len([a for a in self.alerts() if a.rule == "mark"]) == count + 1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_PAUSE", 0.02)
    monkeypatch.setattr(judge, "_RETRY", 0.1)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "events.db")
    yield rig
    rig.stop()
    rig.log.close()


def test_an_alert_fires_and_clears_for_each_host(rig: Rig) -> None:
    rig.publish(length=3)
    rig.judge(LONG)
    rig.publish(length=41)
    rig.become(("box", "raised"))
    (alert,) = rig.alerts()
    assert (alert.alert, alert.rule, alert.metric_family) == ("queue-long", "queue-long", "queue")
    assert (alert.value, alert.threshold) == (41, 40)
    assert alert.message == "queue.length is 41, above 40"
    rig.publish(host="far", length=50)
    rig.become(("box", "raised"), ("far", "raised"))
    rig.publish(length=35)  # between the limit and what clears it
    rig.publish(length=45)
    rig.publish(length=29)
    rig.become(("box", "raised"), ("far", "raised"), ("box", "cleared"))
    assert rig.told == 3


def test_the_next_leader_goes_on_and_says_nothing_twice(rig: Rig) -> None:
    rig.judge(LONG)
    rig.publish(length=41)
    rig.become(("box", "raised"))
    rig.stop()
    rig.judge(LONG, MARK)
    rig.is_looked_at()
    rig.publish(length=42)
    rig.is_looked_at()
    assert states(rig) == ["raised"]
    rig.stop()
    rig.publish(length=1)  # while nobody leads
    rig.judge(LONG)
    wait_until(lambda: states(rig) == ["raised", "cleared"])


MARK = {"name": "mark", "when": "mark.n > 0"}


def states(rig: Rig, rule: str = "queue-long") -> list[str]:
    return [alert.state for alert in rig.alerts() if alert.rule == rule]


def test_two_dashboards_over_one_log_say_it_once(rig: Rig) -> None:
    rig.publish("other", n=1)
    both = [rig.judge(LONG, MARK), rig.judge(LONG, MARK, host="other")]
    wait_until(lambda: all(each._following.position != LOG_START for each in both))
    for length in (41, 20, 41, 20, 41):
        rig.publish(length=length)
        rig.is_looked_at()
    wait_until(lambda: rig.told == 2 * len(rig.alerts()))
    assert states(rig) == ["raised", "cleared"] * 2 + ["raised"]
    told = [alert.teller for alert in rig.alerts() if alert.rule == "queue-long"]
    assert told[0] == told[1], "who told of the beginning tells of the end"
    assert told[2] == told[3]
    assert set(told) <= {"box", "other"}


def test_the_end_is_told_by_whoever_told_of_the_beginning(rig: Rig) -> None:
    rig.judge(LONG, host="other")
    rig.publish(length=41)
    rig.become(("box", "raised"))
    rig.stop()
    rig.judge(LONG)
    rig.publish(length=1)
    rig.become(("box", "raised"), ("box", "cleared"))
    assert [alert.teller for alert in rig.alerts()] == ["other", "other"]


def test_what_was_published_while_nobody_led_is_judged(rig: Rig) -> None:
    rig.publish(length=41)
    rig.judge(LONG)
    rig.become(("box", "raised"))


def test_a_time_that_had_begun_goes_on(rig: Rig) -> None:
    rule = LONG | {"for": "600ms"}
    rig.judge(rule)
    rig.publish(length=41)
    first = rig.log.newest()
    assert first is not None
    rig.stop()
    rig.judge(rule)

    def passes() -> bool:
        rig.publish(length=42)
        return bool(rig.alerts())

    wait_until(passes)
    (alert,) = rig.alerts()
    assert alert.since == pytest.approx(first.time, abs=0.01)
    assert alert.time - first.time >= 0.6


def test_a_rule_that_is_gone_takes_its_alerts_along_but_not_another_dashboards(rig: Rig) -> None:
    theirs = LONG | {"name": "theirs"}
    rig.judge(LONG, theirs)
    rig.publish(length=41)
    wait_until(lambda: len(rig.alerts()) == 2)
    rig.stop()
    said = {"rules": [{"name": "theirs", "figure": "queue.length", "sign": ">", "level": "info"}]}
    rig.append(Event("other", RULES, json.dumps({"time": 1.0, **said})))
    rig.judge()
    wait_until(lambda: states(rig) == ["raised", "cleared"])
    assert rig.alerts()[-1].message == "queue-long: no longer watched"
    assert states(rig, "theirs") == ["raised"]


def test_items_have_alerts_of_their_own_and_odd_data_none(rig: Rig) -> None:
    rig.judge({"name": "pool", "when": "db.pools.*.used > 90"})
    for data in ('{"pools": 5}', '{"pools": [1, "x", {"used": "much"}]}', "{}", '{"time": 1}'):
        rig.append(Event("box", "db", data))
    rig.publish("db", pools=[{"name": "main", "used": 91}, {"name": "spare", "used": 1}])
    wait_until(rig.alerts)
    assert [alert.alert for alert in rig.alerts()] == ["pool:main"]


def test_a_log_that_fails_for_a_while_has_the_alert_later(rig: Rig) -> None:
    class Failing:
        is_away = True

        def append_idempotent(self, *given: Any) -> Any:
            if self.is_away:
                raise LogUnavailable("away")
            return rig.log.append_idempotent(*given)

        def with_reader(self, read: Callable[[Any], Any]) -> Any:
            return rig.log.with_reader(read)

    log = Failing()
    rig.publish(length=3)
    judging = rig.judge(LONG, log=log)
    rig.publish(length=41)
    wait_until(lambda: judging._following.position == LOG_START)
    log.is_away = False
    rig.become(("box", "raised"))


def test_what_is_published_while_a_judge_takes_over_is_judged(rig: Rig) -> None:
    class Racing:
        """Something is published in the middle of the look back."""

        def __init__(self, log: Any) -> None:
            self._log = log
            self.append_idempotent = rig.log.append_idempotent

        def with_reader(self, read: Callable[[Any], Any]) -> Any:
            return rig.log.with_reader(lambda log: read(Racing(log)))

        def latest(self) -> list[Event]:
            found: list[Event] = self._log.latest()
            self._log.append([Event("box", "queue", '{"time": 1, "length": 41}')])
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(self._log, name)

    rig.publish("other", n=1)
    rig.judge(LONG, log=Racing(rig.log))
    wait_until(lambda: rig.log.newest() != rig.buffer.position)
    rig.buffer.add(map(Encoded, rig.log.read_after(rig.buffer.position, ALL)))
    rig.become(("box", "raised"))


def test_an_event_that_nobody_has_published_is_told_at_the_start(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rig.publish(length=3)
    rig.judge(LONG, {"name": "hot", "when": "oven.celsius > 90"})
    wait_until(lambda: caplog.records)
    assert [record.getMessage() for record in caplog.records] == [
        "rule 'hot': no event oven has been published yet"
    ]
