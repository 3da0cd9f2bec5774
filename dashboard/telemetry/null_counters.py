"""Instruments that nobody reads: an agent has no `/metrics`, and no memory for a client of it."""

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dashboard.telemetry.counters import Instruments


class _NullCounter:
    """Stands for all instruments, for each of them, and for what each of them returns."""

    def __getattr__(self, name: str) -> "_NullCounter":
        return self

    def __call__(self, *arguments: Any, **keywords: Any) -> "_NullCounter":
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


def null_counters() -> "Instruments":
    """Instruments that count nothing."""
    return cast("Instruments", _NullCounter())
