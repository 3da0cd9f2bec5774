"""The tables of the settings: [[alert]], [alerts] and [notify]."""

import json
import re
from pathlib import Path

import pytest

from dashboard import settings
from dashboard.alerts.built_in import active_rules
from dashboard.alerts.model import duration
from dashboard.alerts.rules import ThresholdRule
from dashboard.settings import (
    AlertRule,
    Alerts,
    Comparison,
    Notify,
    Settings,
    as_variables,
    load,
)
from tests.settings.test_settings import config, refusal
from tests.support.service import ROOT

FILE = """
interval = 2

[[alert]]
name = "cpu-hot"
when = "cpu.percent > 90"
for = "60s"
clear = "< 80"
level = "critical"

[[alert]]
name = "disk"
when = 'filesystem.mounts."/mnt/my disk".percent>=97.5'

[alerts]
defaults = false

[notify]
urls = ["json://localhost/a", "mailto://user:secret@example.com", "json://localhost/a"]
quiet = "22:30-07"
rate = "3/m"
"""


def test_a_file_gives_rules_and_receivers(tmp_path: Path) -> None:
    found = load(config(tmp_path, FILE))
    assert found.alert == (
        AlertRule(
            name="cpu-hot",
            family="cpu",
            path=("percent",),
            condition=Comparison(">", 90),
            clear=Comparison("<", 80),
            for_seconds=60,
            level="critical",
        ),
        AlertRule(
            name="disk",
            family="filesystem",
            path=("mounts", "/mnt/my disk", "percent"),
            condition=Comparison(">=", 97.5),
            clear=Comparison("<", 97.5),
        ),
    )
    assert found.alerts == Alerts(defaults=False)
    assert found.notify == Notify(
        urls=("json://localhost/a", "mailto://user:secret@example.com"),
        quiet=(22 * 60 + 30, 7 * 60),
        rate=(3, 60.0),
    )


def test_the_same_goes_to_the_workers_as_variables(tmp_path: Path) -> None:
    environ = config(tmp_path, FILE)
    variables = as_variables(environ)
    assert load(variables) == load(environ)
    assert json.loads(variables["DASHBOARD_ALERTS"]) == {"defaults": False}


def test_without_tables_the_built_in_rules_hold_and_nothing_is_sent() -> None:
    found = load({})
    assert (found.alert, found.alerts.defaults, found.notify.urls) == ((), True, ())
    assert (found.notify.quiet, found.notify.rate) == (None, (10, 3600.0))


def test_a_rule_needs_only_a_name_and_a_limit() -> None:
    (rule,) = rules(name="a", when="cpu.percent > 1")
    assert (rule.for_seconds, rule.level, rule.clear) == (0.0, "warning", Comparison("<=", 1))
    (rule,) = rules(name="a", when="cpu.percent > 1", **{"for": 90})
    assert rule.for_seconds == 90


@pytest.mark.parametrize(
    ("when", "family", "path", "condition"),
    [
        ("load.load1>4", "load", "load1", Comparison(">", 4)),
        (" memory.available  <=  1000000 ", "memory", "available", Comparison("<=", 1e6)),
        ("disk.devices.*.busy_percent >= 99.5", "disk", "devices * busy_percent", (">=", 99.5)),
        ("sensors.temperatures.*.celsius > -5", "sensors", "temperatures * celsius", (">", -5)),
        ("cpu.cores.3 < 1", "cpu", "cores 3", Comparison("<", 1)),
        ("filesystem.mounts./home.percent > 1", "filesystem", "mounts /home percent", (">", 1)),
    ],
)
def test_expressions(
    when: str, family: str, path: str, condition: Comparison | tuple[str, float]
) -> None:
    (rule,) = rules(name="a", when=when)
    assert (rule.family, " ".join(rule.path)) == (family, path)
    assert (rule.condition.sign, rule.condition.number) == (
        condition if isinstance(condition, tuple) else (condition.sign, condition.number)
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"name": None}, "alert number 1: name is missing: allowed is letters, digits"),
        ({"name": ""}, "alert '': name='': allowed is letters, digits"),
        ({"name": "a b"}, "alert 'a b': name='a b': allowed is letters, digits"),
        ({"name": 7}, "alert 7: name=7: allowed is letters"),
        ({"name": "a:b"}, "name='a:b'"),
        ({"name": "a" * 65}, "name="),
        ({"when": None}, "alert 'hot': when is missing: allowed is EVENT.FIELD, one of > >= < <="),
        ({"when": 5}, "when=5: allowed is EVENT.FIELD"),
        ({"when": "cpu > 90"}, "when='cpu > 90': allowed is EVENT.FIELD"),
        ({"when": "cpu.percent"}, "when='cpu.percent'"),
        ({"when": "cpu.percent == 90"}, "when='cpu.percent == 90'"),
        ({"when": "cpu.percent > high"}, "when='cpu.percent > high'"),
        ({"when": "cpu.percent > 1e3"}, "when="),
        ({"when": "cpu.percent > nan"}, "when="),
        ({"when": "cpu.percent > ٣"}, "when="),
        ({"when": "cpu..percent > 1"}, "when="),
        ({"when": "cpu.percent > 1 and load.load1 > 2"}, "when="),
        ({"when": 'cpu."percent > 1'}, "when="),
        ({"when": "Cpu.percent > 1"}, "allowed is EVENT.FIELD"),
        ({"for": "soon"}, "alert 'hot': for='soon': allowed is a duration from 0s to 24h"),
        ({"for": "25h"}, "for='25h'"),
        ({"for": True}, "for=True"),
        ({"for": []}, "for=[]"),
        ({"clear": "80"}, "clear='80': allowed is one of > >= < <= and a number, <= 90 or beyond"),
        ({"clear": "> 80"}, "clear='> 80'"),
        ({"clear": "< 95"}, "clear='< 95'"),
        ({"clear": 80}, "clear=80"),
        ({"when": "cpu.percent >= 9", "clear": "<= 9"}, "clear='<= 9'"),
        ({"level": "high"}, "alert 'hot': level='high': allowed is info, warning, critical"),
        ({"level": 1}, "level=1"),
        ({"level": ["info"]}, "level=['info']"),
        ({"fro": "60s"}, "alert 'hot': unknown key 'fro'; allowed: name, when, for, clear, level"),
    ],
)
def test_a_wrong_rule_is_refused_with_rule_key_value_and_what_is_allowed(
    table: dict[str, object], told: str
) -> None:
    given = {"name": "hot", "when": "cpu.percent > 90"} | table
    given = {key: value for key, value in given.items() if value is not None}
    message = refusal({"DASHBOARD_ALERT": json.dumps([given])})
    assert message.startswith("DASHBOARD_ALERT: alert ")
    assert told in message


def test_the_file_is_named_and_a_date_is_no_text(tmp_path: Path) -> None:
    environ = config(tmp_path, '[[alert]]\nname = "a"\nwhen = 2026-01-01\n')
    message = refusal(environ)
    assert message.startswith(f"alert in {environ['DASHBOARD_CONFIG']}: alert 'a': when='2026-01")


def test_two_rules_of_one_name_are_refused() -> None:
    table = {"name": "a", "when": "cpu.percent > 1"}
    message = refusal({"DASHBOARD_ALERT": json.dumps([table, table])})
    assert message == "DASHBOARD_ALERT: alert 'a': another has the same name"


@pytest.mark.parametrize("text", ["", "{}", "5", '"cpu.percent > 1"', "[1]", "[[]]", "[" * 10_000])
def test_what_is_no_list_of_rules_is_refused(text: str) -> None:
    assert refusal({"DASHBOARD_ALERT": text}).startswith("DASHBOARD_ALERT: ")


@pytest.mark.parametrize(
    ("key", "table", "told"),
    [
        ("ALERTS", [], "allowed is one table; as a variable, a JSON object"),
        ("ALERTS", {"default": False}, "unknown key 'default'; allowed: defaults"),
        ("ALERTS", {"defaults": "maybe"}, "defaults='maybe': allowed is true or false"),
        ("ALERTS", {"defaults": 2}, "defaults=2: allowed is true or false"),
        ("NOTIFY", {"url": []}, "unknown key 'url'; allowed: urls, quiet, rate"),
        ("NOTIFY", {"urls": "json://a"}, "urls: allowed is a list of at most 20 URLs"),
        ("NOTIFY", {"urls": ["json://a"] * 21}, "urls: allowed is a list"),
        ("NOTIFY", {"urls": ["json://a", "secret"]}, "urls: number 2 (not shown): allowed are"),
        ("NOTIFY", {"urls": [7]}, "urls: number 1 (not shown)"),
        ("NOTIFY", {"urls": ["json://a b"]}, "urls: number 1 (not shown)"),
        ("NOTIFY", {"quiet": "22"}, "quiet='22': allowed are hours such as 22-07 or 22:30-06:45"),
        ("NOTIFY", {"quiet": "22-24"}, "quiet='22-24'"),
        ("NOTIFY", {"quiet": "22:60-7"}, "quiet='22:60-7'"),
        ("NOTIFY", {"quiet": 5}, "quiet=5"),
        ("NOTIFY", {"rate": "10"}, "rate='10': allowed is a number of messages per s, m, h or d"),
        ("NOTIFY", {"rate": "0/h"}, "rate='0/h'"),
        ("NOTIFY", {"rate": "1/week"}, "rate='1/week'"),
    ],
)
def test_a_wrong_table_is_refused(key: str, table: object, told: str) -> None:
    message = refusal({f"DASHBOARD_{key}": json.dumps(table)})
    assert message.startswith(f"DASHBOARD_{key}: {told}")
    assert "secret" not in message


def rules(**table: object) -> tuple[AlertRule, ...]:
    return load({"DASHBOARD_ALERT": json.dumps([table])}).alert


def test_a_setting_is_either_a_row_of_the_table_or_a_table_of_the_file() -> None:
    rows = {key.lower() for key, _, _ in settings.table()}
    assert set(Settings.__dataclass_fields__) - rows == {
        "alert",
        "alerts",
        "expect",
        "silence",
        "scrape",
        "command",
        "traffic",
        "group",
        "notify",
        "figure",
        "pages",
        "publish",
    }


# The page about them.

PAGE = (ROOT / "docs" / "alerts.md").read_text("utf-8")


def test_the_example_of_the_page_is_one_that_loads(tmp_path: Path) -> None:
    found = load(config(tmp_path, PAGE.split("```toml\n")[1].split("```")[0]))
    assert [rule.name for rule in found.alert] == ["cpu-hot", "oven-hot", "queue-long"]
    assert found.notify.rate == Notify().rate
    assert found.notify.quiet == (22 * 60, 7 * 60)


def test_the_page_has_the_built_in_rules() -> None:
    lines = re.findall(r"^\| (`[a-z-]+` \|.*) \|$", PAGE, re.M)
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    found = active_rules((), defaults=True, cadences={})
    assert [(row[0].strip("`"), row[-1]) for row in rows] == [(w.name, w.level) for w in found]
    for (_, when, for_seconds, clear, _), watch in zip(rows, found, strict=True):
        if type(watch) is ThresholdRule:
            rule = watch.rule
            path = ".".join((rule.family, *rule.path))
            assert when == f"`{path} {rule.condition.sign} {rule.condition.number:g}`"
            assert for_seconds == (duration(rule.for_seconds) if rule.for_seconds else "")
            assert clear == f"{rule.clear.sign} {rule.clear.number:g}"
