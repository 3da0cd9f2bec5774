"""Settings that are tables of the file; as variables they are the same as JSON."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from .types import Kind
from .validation import InvalidField


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


def named_tables(
    table: str, read: Callable[[dict[str, Any]], object], *, unique: Sequence[str] = ("name",)
) -> Kind:
    """Return the kind of several tables [[table]] with names, of which `read` makes each a row.

    `read` raises InvalidField; what is wrong is told with the row's name, or with its number. No
    two rows have the same value for a key of `unique`.
    """

    def parse(text: str) -> tuple[object, ...]:
        found: list[object] = []
        for number, given in enumerate(tables_of(text, table), start=1):
            which = f"{table} {given['name']!r}" if "name" in given else f"{table} number {number}"
            try:
                row = read(given)
            except InvalidField as error:
                raise WrongTable(f"{which}: {error}") from None
            for key in unique:
                if any(getattr(other, key) == getattr(row, key) for other in found):
                    raise WrongTable(f"{which}: another has the same {key}")
            found.append(row)
        return tuple(found)

    return Kind(parse, f"tables [[{table}]]", none=())


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
