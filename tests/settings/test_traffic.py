"""`[traffic]`: what is taken, and what is said of the rest."""

import json
from typing import Any

import pytest

from dashboard.settings import SettingError, load


@pytest.mark.parametrize(
    ("quota", "size"),
    [("1TB", 10**12), ("1.5 GB", 15 * 10**8), ("2TiB", 2 << 40), ("700B", 700), (5, 5)],
)
def test_quotas(quota: str, size: int) -> None:
    table = {"quota": quota, "resets": 5, "counts": "sent"}
    found = load({"DASHBOARD_TRAFFIC": json.dumps(table)}).traffic
    assert (found.quota, found.resets, found.counts) == (size, 5, "sent")


def test_without_a_table_there_is_no_quota() -> None:
    found = load({}).traffic
    assert (found.quota, found.resets, found.counts) == (None, 1, "both")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"quota": "much"}, "quota='much': allowed is bytes, such as 500GB"),
        ({"quota": 0}, "quota=0: allowed is bytes"),
        ({"quota": "9000PB"}, "quota='9000PB': allowed is bytes"),
        ({"resets": 32}, "resets=32: allowed is a day of the month, from 1 to 31"),
        ({"resets": True}, "resets=True: allowed is"),
        ({"counts": "all"}, "counts='all': allowed is sent, received, both"),
        ({"limit": 1}, "unknown key 'limit'; allowed: quota, resets, counts"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(table: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingError) as caught:
        load({"DASHBOARD_TRAFFIC": json.dumps(table)})
    assert text in str(caught.value)
