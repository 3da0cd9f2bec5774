"""Settings that are tables of the file; as variables they are the same as JSON."""

import json
from typing import Any


class WrongTable(ValueError):
    """What is wrong in a table, with the rule, the key, the value and what is allowed."""


def table_of(text: str) -> dict[str, Any]:
    """One table. Raises WrongTable."""
    table = _json(text)
    if not isinstance(table, dict):
        raise WrongTable("allowed is one table; as a variable, a JSON object")
    return table


def tables_of(text: str, name: str) -> list[dict[str, Any]]:
    """Several tables of one name. Raises WrongTable."""
    tables = _json(text)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise WrongTable(f"allowed are tables [[{name}]]; as a variable, a JSON list of objects")
    return tables


def check_keys(table: dict[str, Any], allowed: tuple[str, ...], where: str = "") -> None:
    """Raise WrongTable, whose text begins with `where`, for a table that has another key."""
    for key in table:
        if key not in allowed:
            raise WrongTable(f"{where}unknown key {key!r}; allowed: {', '.join(allowed)}")


def _json(text: str) -> Any:
    """What a text stands for. Raises WrongTable."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WrongTable("not JSON") from None
