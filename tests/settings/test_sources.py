"""`[[scrape]]` and `[[command]]`: what is taken, and what is said of the rest."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.metrics import FAMILIES
from dashboard.publications import RESERVED
from dashboard.settings import SettingError, Settings, load, sources
from dashboard.settings.sources import MOST_SOURCES
from tests.support.service import ROOT

URL = "http://127.0.0.1:9100/metrics"


def settings(**tables: list[dict[str, Any]]) -> Settings:
    return load({f"DASHBOARD_{key.upper()}": json.dumps(rows) for key, rows in tables.items()})


def test_sources_with_all_keys_and_with_few() -> None:
    found = settings(
        scrape=[
            {"name": "node", "url": URL},
            {
                "name": "pg",
                "url": "https://[::1]:9187/metrics?a=b",
                "every": "5m",
                "keep": ["pg_up", "pg_stat_*"],
                "rename": {"pg_*": "*"},
            },
        ],
        command=[
            {"name": "backup", "run": ["sh", "-c", "echo 1"], "every": 90, "timeout": "90s"},
            {"name": "quick", "run": ["true"], "every": "2s"},
        ],
    )
    node, pg = found.scrape
    backup, quick = found.command
    assert (node.every, node.keep, node.rename) == (15, ("*",), {})
    assert (pg.every, pg.keep, pg.rename) == (300, ("pg_up", "pg_stat_*"), {"pg_*": "*"})
    assert (backup.every, backup.deadline) == (90, 90)
    assert (quick.every, quick.deadline) == (2, 2)


@pytest.mark.parametrize(
    ("table", "row", "text"),
    [
        ("scrape", {"url": URL}, "scrape number 1: name is missing"),
        ("scrape", {"name": "a.b", "url": URL}, "name='a.b': allowed is a name of a-z"),
        ("scrape", {"name": "n"}, "scrape 'n': url is missing: allowed is a URL"),
        ("scrape", {"name": "n", "url": "ftp://box/"}, "url='ftp://box/': allowed is"),
        ("scrape", {"name": "n", "url": "http://a:b@box/"}, "without a user and a password"),
        ("scrape", {"name": "n", "url": "http://box:99999/"}, "url='http://box:99999/'"),
        ("scrape", {"name": "n", "url": URL, "every": "0.5s"}, "every='0.5s': allowed is"),
        ("scrape", {"name": "n", "url": URL, "keep": []}, "keep=[]: allowed is a list"),
        ("scrape", {"name": "n", "url": URL, "keep": "a"}, "keep='a': allowed is a list"),
        ("scrape", {"name": "n", "url": URL, "rename": {"a": "*"}}, "rename={'a': '*'}"),
        ("scrape", {"name": "n", "url": URL, "rename": {"*a*": "b"}}, "at most one * each"),
        ("scrape", {"name": "n", "url": URL, "timeout": 5}, "unknown key 'timeout'"),
        ("command", {"name": "n", "run": "ls"}, "run='ls': allowed is a list of a program"),
        ("command", {"name": "n", "run": []}, "run=[]: allowed is a list"),
        ("command", {"name": "n", "run": [""]}, "run=['']: allowed is a list"),
        ("command", {"name": "n", "run": ["a"], "every": "soon"}, "every='soon'"),
        ("command", {"name": "n", "run": ["a"], "every": 5, "timeout": 6}, "not longer than every"),
        ("command", {"name": "n", "run": ["a"], "timeout": 0}, "timeout=0: allowed is"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(
    table: str, row: dict[str, Any], text: str
) -> None:
    with pytest.raises(SettingError) as caught:
        settings(**{table: [row]})
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "name", sorted({*RESERVED, *(f.name for f in FAMILIES), "alert", "log", "notice", "progress"})
)
def test_names_of_built_in_events_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match="which no built-in event has"):
        settings(command=[{"name": name, "run": ["true"]}])


def test_the_families_that_are_found_in_files_are_all_there_are() -> None:
    assert sources._families() == {family.name for family in FAMILIES}


def test_a_name_is_there_once_and_sources_are_few() -> None:
    scrape = {"name": "n", "url": URL}
    with pytest.raises(SettingError, match="another has the same name"):
        settings(scrape=[scrape, scrape])
    with pytest.raises(SettingError, match="scrape and command: name='n': there are two"):
        settings(scrape=[scrape], command=[{"name": "n", "run": ["true"]}])
    with pytest.raises(SettingError, match=f"allowed are {MOST_SOURCES}"):
        settings(scrape=[scrape | {"name": f"n{i}"} for i in range(MOST_SOURCES + 1)])


def test_the_example_of_the_page_is_taken(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "sources.md").read_text("utf-8")
    file = tmp_path / "vitals.toml"
    file.write_text(page.split("```toml\n")[1].split("```")[0])
    found = load({"DASHBOARD_CONFIG": str(file)})
    names = [*(scrape.name for scrape in found.scrape), *(each.name for each in found.command)]
    assert names == ["node", "postgres", "mails"]
    assert {rule.family for rule in found.alert} <= set(names)
