"""The page's pure modules, by node's own test runner; and the names of columns, by both sides."""

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from dashboard.events.paths import numbers
from dashboard.metrics import FAMILIES
from dashboard.metrics.cadence import cadence_of
from dashboard.metrics.catalogue.levels import RuleRow, level_of, watches
from dashboard.metrics.rows import built_in_rows
from dashboard.settings import LEVELS

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.test.mjs"))


def node(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which("node")
    assert program, "no node on the PATH; ./test sets it up"
    rows = msgspec.json.encode(built_in_rows(FAMILIES, 1.0)).decode()
    return subprocess.run(
        [program, *arguments],
        env={**os.environ, "CATALOGUE": rows},
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )


def test_pure_modules() -> None:
    # In one process: one for each file takes ten times as long. The last one chooses other units.
    files = sorted(FILES, key=lambda file: file.name == "format.test.mjs")
    script = "".join(f"await import({json.dumps(file.as_uri())});\n" for file in files)
    done = node("--test-reporter=spec", "--input-type=module", given=script)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"pass (\d+)", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= sum(file.read_text().count("\ntest(") for file in FILES)


def test_the_page_names_columns_as_history_does() -> None:
    readings = [reading for family in FAMILIES if (reading := family().read()) is not None]
    # And what this machine may not have.
    readings += [
        {
            "cores": [1.5, None],
            "temperatures": [{"label": "k10", "celsius": 40.5}, {"celsius": 3}],
            "devices": {"sd.a": {"busy_percent": None}},
            "mounts": [{"mountpoint": "/mnt/a b", "percent": 3}],
            "top": [{"pid": 1, "name": "init", "cpu_percent": 0}, {"label": "a", "of": 1}],
            "queues": [{"name": "mail", "length": 3}, {"name": 4, "length": 3}],
            "inner": {
                "top": [{"name": "init", "cpu_percent": 0}],
                "stop": [{"name": "a", "of": 1}],
            },
            "battery": {"percent": 3, "plugged": True},
            "time": 3,
        }
    ]
    done = node(HERE / "flatten_events.mjs", given=json.dumps(readings))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [dict(numbers(reading)) for reading in readings]


def test_the_page_knows_cadences_as_the_sampler_has_them() -> None:
    intervals = (0.05, 0.3, 1.0, 1.5, 4.0, 5.0, 7.0, 10.0, 33.3, 61.0, 3600.0)
    asked = [(family, interval) for family in FAMILIES for interval in intervals]
    given = json.dumps([(family.cadence, interval) for family, interval in asked])
    done = node(HERE / "cadences.mjs", given=given)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [cadence_of(family.cadence, each) for family, each in asked]


def test_the_page_judges_random_figures_by_random_rules_as_alerts_do() -> None:
    """Level, order, colour, word and line of a chart, beside the comparison that alerts go by."""
    chance = random.Random(os.environ.get("VITALS_SEED", "levels"))
    figures = ["q.n", "q.list.a.m", "q.list./a.b.m", "q.list.m.m", "q.map.a", "q.list.a.in.b.m"]
    items = ["q.list.*.n", "q.list.*.m", "q.list./*.m", "q.map.*", "q.list.*.in.*.m"]
    watched = [*figures[:2], *items, "r.n"]

    def rule(number: int) -> dict[str, object]:
        sign, level = chance.choice((">", ">=", "<", "<=")), chance.choice(LEVELS)
        own = chance.random() < 0.2
        limit = {"limit_field": "high"} if own else {"limit": chance.randint(-3, 3)}
        figure = chance.choice(watched)
        return {"name": f"r{number}", "figure": figure, "sign": sign, "level": level, **limit}

    asked: list[tuple[str, dict[str, Any], float | None, list[dict[str, object]]]] = [
        (
            chance.choice(figures),
            chance.choice([{}, {"high": chance.randint(-3, 3)}, {"high": None}, {"high": True}]),
            chance.choice([None, chance.randint(-4, 4), chance.uniform(-4, 4)]),
            [rule(number) for number in range(chance.randint(0, 5))],
        )
        for _ in range(2000)
    ]
    done = node(HERE / "levels.mjs", given=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    seen = set()
    for (figure, item, value, said), found in zip(asked, json.loads(done.stdout), strict=True):
        rules = msgspec.convert(said, list[RuleRow])
        level = level_of(figure, item, value, rules)
        told = (figure, item, value, said)
        assert found["level"] == level, told
        colour = {"": None, "info": "info", "warning": "high", "critical": "critical"}[level]
        assert (found["name"], found["rank"]) == (colour, ("", *LEVELS).index(level)), told
        assert bool(found["words"]) == bool(level), told
        about = [each for each in rules if watches(each.figure, figure) and each.limit is not None]
        signs = {each.sign[0] for each in about}
        if signs == {">"} and value is not None and len(about) == len(rules):
            first = min(each.limit for each in about if each.limit is not None)
            assert found["limit"] == first, told
            assert value == first or bool(level) == (value > first), told
        seen.add(level)
    assert seen == {"", *LEVELS}
