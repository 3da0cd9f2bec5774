"""Alerts name the programs that took most while it was so."""

import json
from typing import Any

from dashboard.alerts.built_in import active_rules
from dashboard.alerts.culprits import Culprits
from dashboard.alerts.model import Alert
from dashboard.alerts.outbox import Outbox, State
from dashboard.alerts.rules import ThresholdRule
from dashboard.events.event import EventId
from dashboard.metrics.family import Sample
from dashboard.settings import load


def programs(time: float, **cpu: float) -> Sample:
    top = [
        {"name": name, "cpu_percent": use, "memory_bytes": 1e9 / use, "bytes_per_second": use * 1e5}
        for name, use in cpu.items()
    ]
    return Sample("processes", time, {"programs": {"top": top}})


def rules(*whens: str) -> list[ThresholdRule]:
    tables = [{"name": f"r{n}", "when": when} for n, when in enumerate(whens)]
    return [ThresholdRule(rule) for rule in load({"DASHBOARD_ALERT": json.dumps(tables)}).alert]


def alert(rule: str = "r0", state: str = "raised", **others: Any) -> Alert:
    given = {"host": "box", "time": 100.0, "since": 90.0, "message": "CPU", **others}
    return Alert(alert=rule, rule=rule, state=state, **given)  # type: ignore[arg-type]


def words(found: Alert) -> list[tuple[str, float, str]]:
    assert isinstance(found.culprits, tuple)
    return [(each.name, each.value, each.unit) for each in found.culprits]


def test_they_are_of_the_time_that_the_alert_looked_at() -> None:
    culprits = Culprits(rules("cpu.percent > 90"))
    culprits.named([], [programs(85, idle=0.1, past=400)])
    culprits.named([], [programs(92, past=500)])  # most of it was before
    culprits.named([], [programs(95, stress=180, a=10, b=5, c=1)])
    (found,) = culprits.named([alert()], [programs(100, stress=100, a=30, b=1)])
    assert words(found) == [("stress", 140, "%"), ("a", 20, "%"), ("b", 3, "%")]
    assert found.message == "CPU; most: stress 140 %, a 20 %, b 3 % of one core"
    (over,) = culprits.named([alert(state="cleared")], [])
    assert over == alert(state="cleared")


def test_each_kind_of_alert_has_its_figure() -> None:
    whens = ("memory.swap_percent > 1", "pressure.io_full > 1", "pressure.memory_full > 1")
    culprits = Culprits(rules(*whens, "network.errors > 1", "filesystem.mounts.*.percent > 1"))
    culprits.named([], [programs(50, big=1, small=10)])
    found = culprits.named([alert(f"r{n}", since=40.0) for n in range(4)], [])
    assert words(found[0]) == [("big", 1e9, "B"), ("small", 1e8, "B")]
    assert words(found[1]) == [("small", 1e6, "B/s"), ("big", 1e5, "B/s")]
    assert words(found[2]) == words(found[0])
    assert "culprits" not in json.loads(found[3].event().data)
    assert found[1].message == "CPU; most: small 1 MB/s, big 100 kB/s"
    assert culprits.named([alert("r0", since=60.0)], [])[0].culprits == (), "who has it now"
    assert words(culprits.named([alert("r4", since=99.0)], [])[0])[0] == ("small", 1e6, "B/s")


def test_who_is_not_known_yet_is_said_with_the_next_sample_and_sent_with_it() -> None:
    culprits = Culprits(rules("cpu.percent > 90"))
    culprits.named([], [programs(98, idle=0.1)])
    (first,) = culprits.named([alert(since=100.0)], [])
    assert first.culprits == ()
    box = Outbox(State(position="0-0"), quiet=None, rate=(1000, 1.0))
    box.take([(EventId(1, 0), first)], EventId(1, 0))
    assert box.due(101) == []
    assert box.due(110) == [first]  # rather without than late
    assert culprits.named([], [programs(100.5, idle=0.1)]) == [], "most of it was before"
    (again,) = culprits.named([], [programs(103, stress=200)])
    assert (again.state, again.time, again.since) == ("still", 103, 100)
    assert words(again) == [("stress", 200, "%")]
    box.take([(EventId(2, 0), again)], EventId(2, 0))
    assert box.due(103) == [again]
    assert culprits.named([], [programs(108, stress=200)]) == []
    culprits.named([alert(since=200.0)], [])
    (over,) = culprits.named([alert(state="cleared")], [programs(203, stress=1)])
    assert over.state == "cleared"


def test_units_are_named_where_they_are_known() -> None:
    culprits = Culprits(rules("cpu.percent > 90"))
    sample = programs(100, nginx=150, stress=50)
    sample.figures["programs"]["top"][0]["unit"] = "nginx.service"
    (found,) = culprits.named([alert()], [sample])
    assert found.message == "CPU; most: nginx 150 % (nginx.service), stress 50 % of one core"
    data = json.loads(found.event().data)
    assert [each.get("runs_in") for each in data["culprits"]] == ["nginx.service", None]
    assert "runs_in" not in data["culprits"][1]


def test_the_built_in_rules_have_them() -> None:
    culprits = Culprits(active_rules((), defaults=True, cadences={"cpu": 1.0}))
    named = {"cpu-busy", "memory-full", "swap-full", "disk-full", "disk-filling", "io-pressure"}
    assert named <= culprits._figures.keys()
    assert not {"sensor-hot", "family-silent"} & culprits._figures.keys()
