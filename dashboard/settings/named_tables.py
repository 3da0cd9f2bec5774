"""Settings that are several tables of one kind, each with a name of its own."""

from collections.abc import Callable
from typing import Any, Protocol

from .tables import WrongTable, tables_of
from .types import Kind
from .validation import InvalidField


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def named_tables(table: str, read: Callable[[dict[str, Any]], _Named]) -> Kind:
    """Return the kind of the tables [[table]], of which `read` makes each a row.

    `read` raises InvalidField; what is wrong is told with the row's name, or with its number.
    """

    def parse(text: str) -> tuple[_Named, ...]:
        found: dict[str, _Named] = {}
        for number, given in enumerate(tables_of(text, table), start=1):
            which = f"{table} {given['name']!r}" if "name" in given else f"{table} number {number}"
            try:
                row = read(given)
            except InvalidField as error:
                raise WrongTable(f"{which}: {error}") from None
            if row.name in found:
                raise WrongTable(f"{which}: there are two of this name")
            found[row.name] = row
        return tuple(found.values())

    return Kind(parse, f"tables [[{table}]]", none=())
