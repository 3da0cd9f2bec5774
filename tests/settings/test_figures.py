"""`[[figure]]`: what is taken, and what is said of the rest."""

import json
from typing import Any

import pytest

from dashboard.settings import FigureRow, SettingError, load


def figures(*tables: dict[str, Any]) -> tuple[FigureRow, ...]:
    return load({"DASHBOARD_FIGURE": json.dumps(tables)}).figure


def test_a_figure_with_all_keys_and_one_with_none() -> None:
    full, bare = figures(
        {
            "name": "queue.length",
            "title": "Mails that wait",
            "unit": "mails",
            "min": 0,
            "max": 100,
            "every": "1m",
            "decimals": 0,
        },
        {"name": "db.pools.*.used"},
    )
    assert (full.title, full.min, full.max, full.every) == ("Mails that wait", 0, 100, 60)
    assert (bare.name, bare.title, bare.every) == ("db.pools.*.used", None, None)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"title": "x"}, "figure number 1: name is missing: allowed is EVENT.FIELD"),
        ({"name": "queue"}, "name='queue': allowed is EVENT.FIELD"),
        ({"name": "q.a", "title": "a\nb"}, "figure 'q.a': title='a\\nb': allowed is 1 to 64"),
        ({"name": "q.a", "title": "x" * 65}, "allowed is 1 to 64 characters on one line"),
        ({"name": "q.a", "unit": "x" * 17}, "allowed is at most 16 characters"),
        ({"name": "q.a", "min": "low"}, "min='low': allowed is a number"),
        ({"name": "q.a", "min": 5, "max": 5}, "max=5: allowed is more than min, 5"),
        ({"name": "q.a", "every": "soon"}, "every='soon': allowed is the seconds"),
        ({"name": "q.a", "every": 0}, "every=0: allowed is the seconds"),
        ({"name": "q.a", "decimals": 10}, "decimals=10: allowed is a whole number from 0 to 9"),
        ({"name": "q.a", "colour": "red"}, "unknown key 'colour'; allowed: name, title"),
    ],
)
def test_a_wrong_key_is_named_with_its_value_and_what_is_allowed(
    table: dict[str, Any], text: str
) -> None:
    with pytest.raises(SettingError) as caught:
        figures(table)
    assert text in str(caught.value)


def test_a_figure_is_declared_once() -> None:
    with pytest.raises(SettingError, match="another has the same name"):
        figures({"name": "q.a"}, {"name": "q.a"})
