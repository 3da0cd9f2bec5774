"""What is acknowledged or silenced sends nothing, until it is worse, over, or time is up."""

import json
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.model import Alert
from dashboard.alerts.outbox import Outbox, State
from dashboard.alerts.silence_keeper import keep_silences
from dashboard.alerts.silences import EVENT, Silence, Silences, acknowledgements, decode_silence
from dashboard.events.event import Event, EventId
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.settings import Level, SettingError, Window, convert, load
from tests.support.log_contract import ALL, LOG_START

SCOPE: dict[str, Any] = {"time": 100, "until": 200}


def alert(
    name: str = "disk", state: str = "raised", at: float = 100, level: Level = "warning"
) -> Alert:
    return Alert(host="box", time=at, alert=name, rule=name, level=level, state=state)  # type: ignore[arg-type]


class Box:
    """A receiver's outbox that takes one item after the other, each at a time."""

    def __init__(self, **options: Any) -> None:
        self.box = Outbox(State(position="0-0"), quiet=None, rate=(1000, 1.0), **options)
        self.now = 100

    def take(self, at: int, *items: Alert | Silence) -> None:
        self.now = at
        ids = [EventId(at * 1000, n) for n in range(len(items))]
        self.box.take(zip(ids, items, strict=True), EventId(at * 1000, 99))

    def sent(self, at: int | None = None) -> list[tuple[str, str, str]]:
        now = self.now if at is None else at
        found = self.box.due(now)
        self.box.mark_notified(found, now)
        return [(each.alert, each.state, each.level) for each in found]


def ack(**others: Any) -> Silence:
    return Silence(**{"host": "box", "alert": "disk", "level": "warning", **SCOPE, **others})


@pytest.mark.parametrize(
    ("given", "covers"),
    [
        ({}, True),
        ({"until": 150}, False),
        ({"hosts": "b*"}, True),
        ({"hosts": "web-*"}, False),
        ({"rule": "di*k"}, True),
        ({"rule": "cpu"}, False),
        ({"alert": "disk"}, True),
        ({"alert": "cpu"}, False),
        ({"alert": "disk", "host": "other"}, False),
        ({"alert": "disk", "level": "info"}, False),
    ],
)
def test_which_alerts_are_covered(given: dict[str, Any], covers: bool) -> None:
    silence = Silence(**{"host": "box", **SCOPE, **given})
    assert silence.covers(alert(), 150) is covers
    known = Silences()
    known.take(EventId(1, 0), silence)
    assert (known.of(alert(), 150) == silence) is covers
    assert decode_silence(Event("box", EVENT, silence.event().data)) in (silence, None)


@pytest.mark.parametrize("hosts", ["bu\u0308ro-1", "bu\u0308ro*"])
def test_a_pattern_holds_whichever_form_it_has(hosts: str) -> None:
    silence = Silence(**{"host": "box", **SCOPE, "hosts": hosts})
    assert silence.covers(replace(alert(), host="büro-1"), 150)


def test_what_is_acknowledged_sends_nothing_until_it_is_worse_and_tells_no_end() -> None:
    box = Box()
    box.take(100, alert())
    assert box.sent() == [("disk", "raised", "warning")]
    box.take(110, ack())
    box.take(120, alert(state="still", at=120))
    assert box.sent() == []
    box.take(130, alert(state="still", at=130, level="critical"))
    assert box.sent() == [("disk", "still", "critical")]
    box.take(140, ack(level="critical"))
    box.take(150, alert(state="cleared", at=150, level="critical"))
    assert box.sent() == []
    box.take(160, alert(at=160))  # which nobody has acknowledged
    assert box.sent() == [("disk", "raised", "warning")]


def test_what_is_silenced_is_told_afterwards_if_it_is_still_so() -> None:
    box = Box()
    box.take(110, Silence(host="wall", time=110, until=200, hosts="box"), alert(), alert("cpu"))
    assert box.sent() == []
    box.take(120, alert("cpu", "cleared", 120))
    assert box.sent() == []
    state = State(**{f: getattr(box.box.state, f) for f in State.__struct_fields__})
    box.box = Outbox(state, quiet=None, rate=(1000, 1.0))  # another process
    assert box.sent(199) == []
    assert box.sent(201) == [("disk", "raised", "warning")]
    box.take(202, Silence(host="wall", time=202, until=999, hosts="box"))
    box.take(203, Silence(host="wall", time=203, until=203, hosts="box"))  # ends it
    box.take(204, alert(state="cleared", at=204))
    assert box.sent() == [("disk", "cleared", "warning")]


def test_a_receiver_takes_the_levels_that_it_is_for_and_windows_silence_it() -> None:
    window = [Silence(host="box", time=300, until=400)]
    box = Box(levels=["critical"], windows=lambda now: window if 300 <= now < 400 else [])
    box.take(100, alert())
    assert box.sent() == []
    box.take(110, alert(level="critical", at=110))
    assert box.sent() == [("disk", "raised", "critical")]
    box.take(120, alert("cpu"), alert("cpu", "cleared"), alert(state="cleared", at=120))
    assert box.sent() == [("disk", "cleared", "warning")]
    box.take(310, alert(level="critical", at=310))
    assert box.sent() == []
    assert box.sent(400) == [("disk", "raised", "critical")]


def test_an_old_note_of_what_was_told_is_read() -> None:
    state = State(position="0-0", told=["disk"], open={"disk": alert()})
    box = Outbox(state, quiet=None, rate=(1000, 1.0))
    box.take([(EventId(1, 0), alert(level="critical"))], EventId(1, 0))
    assert box.due(100) == []


def test_an_alert_of_a_name_is_acknowledged_of_one_host_or_of_all() -> None:
    known = [alert(), alert("cpu", level="critical")]
    (found,) = acknowledgements(known, "cpu", None, now=1.5, seconds=60, why="x", by="ann")
    assert (found.host, found.alert, found.level, found.until) == ("box", "cpu", "critical", 61.5)
    assert found.shown() == {"by": "ann", "until": 61.5, "why": "x"}
    assert acknowledgements(known, "cpu", "web", now=1, seconds=1, why="", by="") == []


def test_it_outlives_the_log_and_windows_are_events(
    tmp_path: Path, no_leaks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [{"name": "night", "host": "web-*", "hours": "00-00", "why": "backups"}]
    settings = load({"DASHBOARD_SILENCE": json.dumps(rules), "DASHBOARD_HOST_NAME": "wall"})
    log = ThreadedLog(lambda: SQLiteLog(tmp_path / "events.db", retention=1e6))
    try:
        now = time.time()
        known = [OpenAlerts(log, retention=1e6) for _ in range(2)]
        log.append([Silence(host="box", time=now, until=now + 5000, hosts="db-1").event()])
        keepers = [partial(keep_silences, log, each, settings, clock=lambda: now) for each in known]
        for keeper in keepers:
            keeper()
        events = log.read_after(LOG_START, ALL)
        first, window = (decode_silence(event) for event in events)
        assert first is not None
        assert window is not None
        assert (window.hosts, window.window, window.why) == ("web-*", "night", "backups")
        assert window.until > now
        now += 700
        for keeper in keepers:
            keeper()
        later = [decode_silence(event) for event in log.read_after(LOG_START, ALL)][2:]
        assert [each and (each.hosts, each.time) for each in later][:2] == [
            ("db-1", round(now, 3)),
            ("web-*", round(now, 3)),
        ]
        assert later[0] is not None
        assert later[0].until == first.until
    finally:
        log.close()


@pytest.mark.parametrize(
    ("window", "at", "until"),
    [
        ({}, "2026-11-28T12:00", "2026-11-29T00:00"),
        ({"hours": "22-07"}, "2026-11-28T23:00", "2026-11-29T07:00"),
        ({"hours": "22-07"}, "2026-11-29T06:59", "2026-11-29T07:00"),
        ({"hours": "22-07"}, "2026-11-29T07:00", None),
        ({"hours": "9:30-12", "days": "mon-fri"}, "2026-11-27T09:30", "2026-11-27T12:00"),
        ({"hours": "9:30-12", "days": "mon-fri"}, "2026-11-28T10:00", None),
        ({"hours": "22-07", "days": "fri"}, "2026-11-28T06:00", "2026-11-28T07:00"),
        ({"hours": "22-07", "days": "sat,sun"}, "2026-11-28T06:00", None),
        ({"days": "sat-mon"}, "2026-11-29T06:00", "2026-11-30T00:00"),
    ],
)
def test_a_window_is_of_days_and_hours(window: dict[str, str], at: str, until: str | None) -> None:
    found = convert({"name": "w", **window}, Window).at(datetime.fromisoformat(at).timestamp())
    assert (found and datetime.fromtimestamp(found[1]).strftime("%Y-%m-%dT%H:%M")) == until


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hours": "22"}, "silence 'w': hours='22': allowed is hours such as"),
        ({"days": "weekend"}, "silence 'w': days='weekend': allowed is days such as"),
        ({"host": "a b"}, "host='a b'"),
        ({"name": ""}, "name=''"),
        ({"level": "info"}, "unknown key 'level'"),
    ],
)
def test_a_mistake_is_said_in_one_line(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError) as caught:
        load({"DASHBOARD_SILENCE": json.dumps([{"name": "w", **wrong}])})
    assert words in str(caught.value)


def test_receivers_have_names_and_rules_name_them() -> None:
    given: dict[str, Any] = {
        "urls": ["json://all"],
        "oncall": {"urls": ["json://call"], "levels": ["critical"], "quiet": "22-07"},
    }
    rule = {"name": "hot", "when": "cpu.percent > 90", "notify": ["oncall"]}
    environ = {"DASHBOARD_NOTIFY": json.dumps(given), "DASHBOARD_ALERT": json.dumps([rule])}
    settings = load(environ)
    (oncall,) = settings.notify.receivers
    assert (settings.notify.urls, oncall.urls) == (("json://all",), ("json://call",))
    assert (oncall.name, oncall.levels, oncall.quiet) == ("oncall", ("critical",), (1320, 420))
    assert settings.routes == {"hot": ("oncall",)}
    for wrong, words in (
        ({"oncall": {"levels": ["bad"]}}, r"\[notify.oncall\]: levels=\['bad'\]: allowed is"),
        ({"oncall": {"level": []}}, r"\[notify.oncall\]: unknown key 'level'"),
        ({"a b": {}}, r"\[notify.'a b'\]: allowed are letters"),
        ({"other": {}}, "rule 'hot': notify='oncall': allowed are the names .* there are other"),
    ):
        with pytest.raises(SettingError, match=words):
            load({**environ, "DASHBOARD_NOTIFY": json.dumps(wrong)})
