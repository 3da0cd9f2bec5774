"""Sending: several receivers, one after the other in one thread, and nobody twice."""

import fcntl
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from apprise.decorators import notify

from dashboard.alerts.apprise import Sender
from dashboard.alerts.model import Alert, State
from dashboard.alerts.notifier import Notifier
from dashboard.alerts.outbox import Message
from dashboard.alerts.receiver import Origin
from dashboard.events.event import Event
from dashboard.log.contract import EventLog
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.settings import Notify
from tests.events.test_fields import MALFORMED
from tests.sampling.test_sampler import wait_until
from tests.support.alert_receiver import Receiver
from tests.support.service import ROOT

pytestmark = [
    pytest.mark.usefixtures("no_leaks"),
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated"),  # one of apprise's plugins
]


class Rig:
    """A log, and those who send what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: EventLog = ThreadedLog(lambda: SQLiteLog(folder / "events.db", retention=3600))
        self._notifiers: list[Notifier] = []

    def start(self, *urls: str) -> Notifier:
        settings = Notify(urls=urls, rate=(1000, 1.0))
        notifier = Notifier(
            Origin(log=self.log, host="box", retention=3600, folder=self.folder), settings
        )
        self._notifiers.append(notifier)
        notifier.start()
        return notifier

    def say(self, name: str, state: State, host: str = "box", **fields: Any) -> None:
        alert = Alert(host=host, time=time.time(), alert=name, state=state, **fields)
        self.log.append([alert.event()])
        for notifier in self._notifiers:
            notifier.wake()

    def close(self) -> None:
        for notifier in self._notifiers:
            notifier.stop()
            notifier.wait()
        self.log.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def make_receiver() -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


def have_come(receiver: Receiver, *titles: str) -> None:
    wait_until(lambda: len(receiver.titles()) >= len(titles))
    assert receiver.titles() == list(titles)


def test_all_receivers_are_told_once(rig: Rig, make_receiver: Callable[[], Receiver]) -> None:
    receivers = [make_receiver() for _ in range(5)]
    rig.start(*(receiver.url for receiver in receivers))
    for number in range(5):
        rig.say(f"a{number}", "raised")
        for receiver in receivers:
            have_come(receiver, *(f"box: a{n}" for n in range(number + 1)))


def test_a_receiver_that_fails_is_no_trouble_to_the_others(
    rig: Rig, make_receiver: Callable[[], Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.alerts.receiver._FIRST_PAUSE", 0.05)
    monkeypatch.setattr("dashboard.alerts.receiver._LONGEST_PAUSE", 0.2)
    good, bad = make_receiver(), make_receiver()
    bad.status = 500
    rig.start(bad.url, good.url)
    rig.say("a", "raised")
    have_come(good, "box: a")
    wait_until(lambda: bad.asked >= 3)
    rig.say("a", "cleared")
    have_come(good, "box: a", "box: a is over")
    bad.status = 200
    have_come(bad, "box: a is over")


def test_what_waits_a_moment_for_others_is_sent_after_it_and_not_with_the_next_alert(
    rig: Rig, make_receiver: Callable[[], Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.alerts.receiver._LOOK_AGAIN", 1000.0)
    monkeypatch.setattr("dashboard.alerts.outbox._PATIENCE", 0.5)
    receiver = make_receiver()
    rig.start(receiver.url)
    rig.say("a", "raised", culprits=())
    have_come(receiver, "box: a")


def test_an_alert_that_is_none_holds_up_no_other(
    rig: Rig, make_receiver: Callable[[], Receiver]
) -> None:
    receiver = make_receiver()
    rig.start(receiver.url)
    for number, data in enumerate(MALFORMED.values()):
        rig.log.append([Event("box", "alert", data)])
        rig.say(f"a{number}", "raised")
        have_come(receiver, *(f"box: a{n}" for n in range(number + 1)))


def test_a_new_receiver_is_told_what_is_open_and_not_what_is_over(
    rig: Rig, make_receiver: Callable[[], Receiver]
) -> None:
    for name, state in (("a", "raised"), ("b", "raised"), ("a", "cleared")):
        rig.say(name, state)  # type: ignore[arg-type]
    rig.say("c", "raised", host="other")
    receiver = make_receiver()
    rig.start(receiver.url)
    have_come(receiver, "box: b")
    rig.say("d", "raised")
    have_come(receiver, "box: b", "box: d")


def test_a_file_that_is_no_use_is_begun_anew(
    rig: Rig, make_receiver: Callable[[], Receiver]
) -> None:
    receiver = make_receiver()
    first = rig.start(receiver.url)
    rig.say("a", "raised")
    have_come(receiver, "box: a")
    first.stop()
    first.wait()
    (file,) = rig.folder.glob("notify-*.json")
    file.write_text('{"position": "nowhere"}')
    rig.start(receiver.url)
    have_come(receiver, "box: a", "box: a")


def test_while_one_is_still_sending_the_next_waits(
    rig: Rig, make_receiver: Callable[[], Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.alerts.receiver._LOCK_AGAIN", 0.01)
    monkeypatch.setattr("dashboard.alerts.notifier._STOP_SECONDS", 0.01)
    waits = 0
    real = fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        nonlocal waits
        try:
            real(descriptor, how)
        except BlockingIOError:
            waits += 1
            raise

    monkeypatch.setattr("fcntl.flock", flock)
    receiver = make_receiver()
    receiver.open.clear()
    first = rig.start(receiver.url)
    rig.say("a", "raised")
    wait_until(lambda: receiver.asked == 1)
    first.stop()
    first.wait()
    rig.start(receiver.url)
    rig.say("b", "raised")
    wait_until(lambda: waits >= 5)
    assert receiver.titles() == ["box: a"]
    receiver.open.set()
    have_come(receiver, "box: a", "box: b")


def test_what_waits_for_the_thread_is_not_sent_after_the_end(
    rig: Rig, make_receiver: Callable[[], Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = make_receiver(), make_receiver()
    notifier = rig.start(slow.url, other.url)
    rig.say("a", "raised")
    have_come(slow, "box: a")
    have_come(other, "box: a")
    slow.open.clear()
    rig.say("b", "raised")
    wait_until(lambda: slow.asked + other.asked >= 3 and slow.asked == 2)
    monkeypatch.setattr("dashboard.alerts.notifier._STOP_SECONDS", 0.01)
    notifier.stop()
    notifier.wait()
    slow.open.set()
    again = rig.start(slow.url, other.url)
    rig.say("c", "raised")

    def lines(receiver: Receiver) -> list[str]:
        return [line for m in list(receiver.messages) for line in m["message"].split("\n")]

    wait_until(lambda: len(lines(slow)) >= 3 and len(lines(other)) >= 3)
    expected = [f"[warning] {name}" for name in "abc"]
    assert sorted(lines(slow)) == sorted(lines(other)) == expected
    again.stop()


def test_numbers_stay_with_their_units_for_people_and_texts_as_they_are_for_programs(
    make_receiver: Callable[[], Receiver],
) -> None:
    bodies: list[str] = []

    @notify(on="people")  # type: ignore[no-untyped-call, untyped-decorator]
    def take(body: str, *_: Any, **__: Any) -> None:
        bodies.append(body)

    program = make_receiver()
    cases = json.loads((ROOT / "tests/support/sentence_cases.json").read_text())
    for url in ("people://", program.url):
        sender = Sender(url)
        assert sender.prepare() is None
        for case in cases:
            assert sender.send(Message("box: a", case.replace("~", " "), "warning")) is None
    assert bodies == [case.replace("~", "\N{NO-BREAK SPACE}") for case in cases]
    sent = [message["message"] for message in program.messages]
    assert sent == [case.replace("~", " ") for case in cases]


@pytest.mark.parametrize(
    "url",
    [
        "json://user:pass-word@alerts.example:8443/hook/T0ken-part/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
        "mailto://me%40here:s%20cret@mail.example?to=you@there.example",
    ],
)
def test_no_part_of_a_url_is_in_what_is_said_of_it(url: str) -> None:
    parts = [part for part in re.split(r"[:/?#&=@]+", unquote(url))[1:] if len(part) > 2]
    sender = Sender(url)
    said = sender._without_secrets(f"failed: {url}, {unquote(url)}, {parts}, {url.upper()}")
    assert said.startswith("failed: ")
    for part in parts:
        assert part.lower() not in said.lower()
