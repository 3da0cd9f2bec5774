"""Many machines that are silent at once, many dashboards that look: little work, one message."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.alerts.history import OpenAlerts, alerts_between
from dashboard.alerts.notifier import Notifier
from dashboard.alerts.outbox import Outbox, State, message
from dashboard.alerts.receiver import Origin
from dashboard.alerts.silent_machines import Machine, SilenceWatch
from dashboard.events.encoded import LOG_START, Encoded
from dashboard.events.event import Event, EventId
from dashboard.log.contract import EventLog
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.metrics import FAMILIES
from dashboard.sampling.keeper_tasks import machines
from dashboard.settings import Notify
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer
from tests.sampling.test_sampler import wait_until
from tests.support.alert_receiver import Receiver

pytestmark = [
    pytest.mark.usefixtures("no_leaks"),
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated"),  # one of apprise's plugins
]
NAMES = tuple(family.name for family in FAMILIES)
MANY, SILENT = 1000, 300


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    log = ThreadedLog(lambda: SQLiteLog(tmp_path / "events.db", retention=3600))
    with closing(log):
        yield log


def samples(hosts: Iterable[str], number: int) -> list[Event]:
    return [
        Event(host, name, json.dumps({"time": 1, "interval": 1.0}), EventId(number, index))
        for index, (host, name) in enumerate((host, name) for host in hosts for name in NAMES)
    ]


def calls_of(work: Callable[[], None]) -> int:
    """The functions of Python that are called."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_300_of_1000_machines_are_one_message_and_judging_all_is_little_work(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, now = round(time.time()), 0.0
    hosts = [f"web-{number}" for number in range(MANY)]
    buffer = ReplayBuffer(retention=3600, clock=lambda: now)
    buffer.load(map(Encoded.of, samples(hosts, 1)), [], LOG_START, lambda _: 0.0)
    intervals = HostIntervals(FAMILIES, 1.0, buffer)
    watch = SilenceWatch(
        log,
        OpenAlerts(log, retention=3600),
        lambda: machines(buffer, intervals, NAMES),
        host="wall",
        retention=3600,
        is_reading=lambda: True,
        clock=lambda: started + now,
        monotonic=lambda: now,
    )
    writes = 0
    append = log.append_idempotent

    def count(key: str, scope: str, events: list[Event]) -> list[EventId]:
        nonlocal writes
        writes += 1
        return append(key, scope, events)

    monkeypatch.setattr(log, "append_idempotent", count)
    box = Outbox(State(position="0-0"), quiet=None, rate=(1000, 1.0))
    sent = []
    while now < 60:
        if now == 28:
            buffer.add(map(Encoded.of, samples(hosts[SILENT:], 2)))
        watch.look()
        last = log.newest() or EventId(0, 0)
        box.take(alerts_between(log, box.position, last), last)
        if due := box.due(started + now):
            sent.append((now, message(due).title))
            box.mark_notified(due, started + now)
        now += 2
        if now == 58:
            buffer.add(map(Encoded.of, samples(hosts[SILENT:], 3)))
    # Whoever sends may have looked at the log five seconds before: that makes 41 of the 45.
    assert sent == [(36, f"{SILENT} machines are silent")]
    assert writes == SILENT
    # A look every two seconds: some 10 ms of a core, and these calls are the whole of it.
    assert calls_of(watch.look) < 40 * MANY
    assert writes == SILENT, "nothing new, nothing written"


def test_two_dashboards_with_receivers_send_each_alert_once(log: EventLog, tmp_path: Path) -> None:
    """And so they do when the one that told of the beginning was started again."""
    receiver = Receiver()
    alive = {"web-1": True, "web-2": True}
    started, now = time.time() - 1000, 0.0  # so long ago that nobody waits for others

    def found() -> dict[str, Machine]:
        ages = {host: 0.0 if is_alive else 100.0 for host, is_alive in alive.items()}
        return {host: Machine(EventId(1, 0), age, 1.0, 1.0, False) for host, age in ages.items()}

    def watch_of(host: str) -> SilenceWatch:
        return SilenceWatch(
            log,
            OpenAlerts(log, retention=3600),
            found,
            host=host,
            retention=3600,
            is_reading=lambda: True,
            clock=lambda: started + now,
            monotonic=lambda: now,
        )

    def notifier_of(host: str) -> Notifier:
        (tmp_path / host).mkdir(exist_ok=True)
        origin = Origin(log=log, host=host, retention=3600, folder=tmp_path / host, judges=True)
        notifier = Notifier(origin, Notify(urls=(receiver.url,), rate=(1000, 1.0)))
        notifier.start()
        return notifier

    watches = [watch_of("wall"), watch_of("hall")]
    notifiers = [notifier_of("wall"), notifier_of("hall")]

    def comes(*titles: str) -> None:
        nonlocal now
        for _ in range(20):
            now += 2
            for watch in watches:
                watch.look()
        for notifier in notifiers:
            notifier.wake()
        wait_until(lambda: len(receiver.titles()) >= len(titles))
        assert receiver.titles() == list(titles)

    try:
        alive["web-1"] = False
        comes("web-1: host-silent")
        notifiers.pop(0).stop()
        notifiers.insert(0, notifier_of("wall"))
        watches.reverse()
        alive["web-2"] = False
        comes("web-1: host-silent", "web-2: host-silent")
        alive["web-1"] = True
        comes("web-1: host-silent", "web-2: host-silent", "web-1: host-silent is over")
        alive["web-2"] = True
        comes(
            "web-1: host-silent",
            "web-2: host-silent",
            "web-1: host-silent is over",
            "web-2: host-silent is over",
        )
    finally:
        for notifier in notifiers:
            notifier.stop()
            notifier.wait()
        receiver.close()
