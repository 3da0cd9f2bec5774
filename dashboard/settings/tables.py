"""Settings that are tables of the file; as variables they are the same as JSON."""

import json
from typing import Any


class WrongTable(ValueError):
    """What is wrong in a table, with the rule, the key, the value and what is allowed."""


def table_of(text: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """One table, which has no keys but these. Raises WrongTable."""
    table = json_of(text)
    if not isinstance(table, dict):
        raise WrongTable("allowed is one table; as a variable, a JSON object")
    check_keys(table, keys)
    return table


def check_keys(table: dict[str, Any], allowed: tuple[str, ...], where: str = "") -> None:
    """Raise WrongTable, whose text begins with `where`, for a table that has another key."""
    for key in table:
        if key not in allowed:
            raise WrongTable(f"{where}unknown key {key!r}; allowed: {', '.join(allowed)}")


def json_of(text: str) -> Any:
    """What a text stands for. Raises WrongTable."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WrongTable("not JSON") from None
