"""Levels of figures: the table that the page's own function is held to, and that alerts agree."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.alerts.built_in import active_rules
from dashboard.alerts.evaluator import Evaluator
from dashboard.alerts.rules import ThresholdRule
from dashboard.events.event import Event
from dashboard.metrics.catalogue.levels import RULES, RuleRow, level_of, rules_of, with_levels
from dashboard.metrics.catalogue.model import Catalogue, Figure
from dashboard.metrics.family import Sample
from dashboard.settings import LEVELS, AlertRule, Comparison, Level
from tests.support.service import ROOT

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/support/level_cases.json").read_text())


def rows(rules: Any) -> list[RuleRow]:
    return msgspec.convert(rules, list[RuleRow])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['figure']}={case['value']}")
def test_the_level_is_the_worst_of_the_rules_that_a_value_is_beyond(case: dict[str, Any]) -> None:
    found = level_of(case["figure"], case["item"], case["value"], rows(case["rules"]))
    assert found == case["level"]


NUMBERS = st.integers(-3, 3)
CONDITIONS = st.builds(Comparison, st.sampled_from([">", ">=", "<", "<="]), NUMBERS)
WATCHED = st.tuples(
    st.sampled_from(["n", "list.*.n", "list.a.n", "map.*"]), CONDITIONS, st.sampled_from(LEVELS)
)
SAMPLES = st.fixed_dictionaries(
    {},
    optional={
        "n": NUMBERS | st.none(),
        "list": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("abc"), "n": NUMBERS}),
            unique_by=lambda item: item["name"],
            max_size=3,
        ),
        "map": st.dictionaries(st.sampled_from("abc"), NUMBERS, max_size=2),
    },
)


def figures(data: dict[str, Any]) -> dict[str, float | None]:
    found = {"q.n": data.get("n")}
    found |= {f"q.list.{item['name']}.n": item["n"] for item in data.get("list", ())}
    return found | {f"q.map.{key}": value for key, value in data.get("map", {}).items()}


@settings(max_examples=200, deadline=None)
@given(st.lists(WATCHED, max_size=4), SAMPLES)
def test_alerts_and_levels_say_the_same_of_a_sample(
    watched: list[tuple[str, Comparison, Level]], data: dict[str, Any]
) -> None:
    watches = [
        ThresholdRule(
            AlertRule(
                name=f"rule-{number}",
                family="q",
                path=tuple(path.split(".")),
                condition=condition,
                clear=condition.opposite(),
                level=level,
            )
        )
        for number, (path, condition, level) in enumerate(watched)
    ]
    evaluator = Evaluator(watches, host="box", cadences={})
    alerts = {alert.alert: alert.level for alert in evaluator.evaluate([Sample("q", 1.0, data)])}
    expected: dict[str, str] = {}
    for watch in watches:
        row = msgspec.convert(msgspec.to_builtins(watch.row()), RuleRow)
        for name, value in figures(data).items():
            level = level_of(name, {}, value, [row])
            if level:
                item = name.split(".")[2] if "*" in row.figure else ""
                expected[f"{row.name}:{item}" if item else row.name] = level
    assert alerts == expected
    worst = max(expected.values(), key=LEVELS.index, default="")
    said = [watch.row() for watch in watches]
    levels = [level_of(name, {}, value, said) for name, value in figures(data).items()]
    assert max(levels, key=("", *LEVELS).index) == worst


def test_a_sensor_beyond_its_own_limit_has_the_alert_that_the_level_says() -> None:
    found = [
        rule
        for rule in active_rules((), defaults=True, cadences={"sensors": 5.0})
        if rule.name.startswith("sensor-")
    ]
    evaluator = Evaluator(found, host="box", cadences={"sensors": 5.0})
    said = [rule.row() for rule in found if isinstance(rule, ThresholdRule)]

    def look(at: float, celsius: float) -> tuple[list[tuple[str, str]], str]:
        item = {"label": "k10", "celsius": celsius, "high": 80.0, "critical": 95.0}
        alerts = evaluator.evaluate([Sample("sensors", at, {"temperatures": [item]})])
        level = level_of("sensors.temperatures.k10.celsius", item, celsius, said)
        return [(alert.alert, alert.state) for alert in alerts], level

    assert look(0, 79.9) == ([], "")
    assert look(5, 80) == ([], "warning")  # until it has been so for a minute
    for at in range(10, 65, 5):
        assert look(at, 81) == ([], "warning")
    assert look(65, 81) == ([("sensor-hot:k10", "raised")], "warning")
    assert look(70, 96) == ([("sensor-critical:k10", "raised")], "critical")
    assert look(75, 93) == ([], "warning")
    assert look(80, 91) == ([("sensor-critical:k10", "cleared")], "warning")
    assert look(85, 76) == ([("sensor-hot:k10", "cleared")], "")


def test_a_sensor_without_limits_has_no_alert() -> None:
    (rule, *_) = [
        rule
        for rule in active_rules((), defaults=True, cadences={})
        if rule.name == "sensor-critical"
    ]
    items = [{"label": "a", "celsius": 150.0, "critical": None}, {"label": "b", "celsius": 150.0}]
    evaluator = Evaluator([rule], host="box", cadences={})
    assert not evaluator.evaluate([Sample("sensors", 1.0, {"temperatures": items})])


def event(host: str, *rules: dict[str, Any]) -> Event:
    return Event(host, RULES, json.dumps({"host": host, "time": 1.0, "rules": rules}))


RULE = {"name": "busy", "figure": "cpu.percent", "sign": ">", "limit": 90, "level": "warning"}


def levels(*events: Event, name: str = "cpu.percent") -> list[tuple[str, str | None, float | None]]:
    event, _, field = name.partition(".")
    row = Figure(name=name, event=event, field=field, title="")
    (found,) = with_levels(Catalogue((row,)), events).figures
    return [(level.rule, level.host, level.limit) for level in found.levels]


def test_a_limit_that_all_machines_have_is_said_once() -> None:
    assert levels(event("a", RULE), event("b", RULE)) == [("busy", None, 90)]
    mine = RULE | {"limit": 50}
    found = levels(event("a", RULE), event("b", mine), event("c"))
    assert found == [("busy", "a", 90), ("busy", "b", 50)]


def test_a_rule_about_what_is_published_is_every_hosts() -> None:
    rule = RULE | {"figure": "db.pools.*.used", "everywhere": True}
    found = levels(event("a", rule), event("b", RULE), name="db.pools.main.used")
    assert found == [("busy", None, 90)]
    assert levels(event("a", rule), name="db.pools.*.used") == [("busy", None, 90)]
    assert not levels(event("a", rule), name="db.tables.users")


@pytest.mark.parametrize(
    "data",
    [
        "[]",
        "{",
        '{"rules": 5}',
        '{"rules": [{"name": "x"}]}',
        json.dumps({"rules": [RULE | {"level": "bad"}]}),
    ],
)
def test_malformed_rules_are_none(data: str) -> None:
    assert not rules_of(Event("box", RULES, data))
