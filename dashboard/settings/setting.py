"""A row of the table of the settings."""

import dataclasses
from collections.abc import Callable
from typing import Any

from .types import Kind

NONE = "none"


def setting(
    given: str | Callable[[], str], kind: Kind, meaning: str = "", *, shown: str | None = None
) -> Any:
    """One row of the table. `given` is the default as an operator would write it, or makes it.

    `shown` is what docs/settings.md prints for it, where that is something else.
    """
    shown = shown or (NONE if given == NONE else f"`{given}`")
    metadata = {"kind": kind, "meaning": meaning, "shown": shown}
    if callable(given):
        return dataclasses.field(default_factory=given, metadata=metadata)
    default = kind.none if given == NONE else kind.parse(given)
    return dataclasses.field(default=default, metadata=metadata)


def is_table(field: "dataclasses.Field[Any]") -> bool:
    """Whether a row's value is a table of the file."""
    return not field.metadata.get("meaning")
