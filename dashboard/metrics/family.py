"""What a family of figures promises to the sampler, and how a field of its event is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

Clock = Callable[[], float]
"""Seconds from any starting point, meant to go forward only; readers survive one that doesn't."""


@dataclass(frozen=True, slots=True)
class Field:
    """One documented field of an event.

    `name` is the path to a value: `percent`; `cores[]` for each item of a list; `mounts[].used`
    for a key of each item; `devices{}.busy_percent` where the keys between are the machine's own.
    """

    name: str
    unit: str
    meaning: str
    source: str


class Family(Protocol):
    """A long-lived reader of one family, used by one native thread at a time.

    A reader is constructed with no arguments (keyword arguments hand it a fixture). The constructor
    takes a first reading of the counters, so the first `read()` has rates already if 10 ms went by;
    it never raises.
    """

    name: ClassVar[str]
    """The event's name."""
    cadence: ClassVar[float]
    """Seconds between readings; 0 means each INTERVAL."""
    fields: ClassVar[tuple[Field, ...]]

    absent_reason: str | None
    """Why the last `read()` returned None, in plain words; None while it has figures."""

    def read(self) -> dict[str, Any] | None:
        """The event's data, without `host` and `time`; None when this machine has no such family.

        Holds only what JSON can say, never NaN; a figure that the machine doesn't have is None.
        May block where the kernel does (a dead mount, a slow sensor). Raises OSError when the
        system refuses a reading that it gave before.
        """
        ...
