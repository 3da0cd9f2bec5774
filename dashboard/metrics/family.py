"""Interface of a family's reader to the sampler, and what its event is: fields, and a sample."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import psutil

from dashboard.metrics import procfs
from dashboard.metrics.container import SYSFS

Clock = Callable[[], float]
"""Seconds from any starting point, meant to go forward only; readers survive one that doesn't."""


@dataclass(frozen=True, slots=True)
class Field:
    """One documented field of an event; docs/events.md says where it comes from.

    `name` is the path to a value: `percent`; `cores[]` for each item of a list; `mounts[].used`
    for a key of each item; `devices{}.busy_percent` where the keys between are the machine's own.
    """

    name: str
    unit: str
    meaning: str
    title: str = ""
    """What it is called on a page; without one it is made of the names."""
    decimals: int | None = None
    """None: as many as its values have."""


class Sample(NamedTuple):
    """The figures of one family at a time (seconds since 1970)."""

    family: str
    time: float
    figures: Mapping[str, Any]


class Reader(Protocol):
    """What reads the data of one event, used by one native thread at a time."""

    absent_reason: str | None
    """Why the last `read()` returned None, or which part it had to leave out, in plain words."""

    def read(self) -> dict[str, Any] | None:
        """Return the event's data, without `host` and `time`; None on a machine without the family.

        Holds only what JSON can say, never NaN; a figure that the machine doesn't have is None.
        May block where the kernel does (a dead mount, a slow sensor). Raises OSError when the
        system refuses a reading that it gave before.
        """
        ...


class Family(ABC):
    """A long-lived `Reader` of one family, each a class in a module of this package.

    A reader is constructed with keyword arguments alone, all optional: settings, and the seams of
    tests. The constructor takes a first reading of the counters, so the first `read()` has rates
    already if 10 ms went by; it never raises.
    """

    name: ClassVar[str]
    """The event's name."""
    cadence: ClassVar[float] = 0.0
    """Seconds between readings; 0 means each INTERVAL."""
    fields: ClassVar[tuple[Field, ...]]
    absent_reason: str | None = None

    def __init__(
        self,
        *,
        ps: Any = psutil,
        clock: Clock = time.monotonic,
        wall_clock: Clock = time.time,
        sysfs: Path = SYSFS,
    ) -> None:
        self._ps = ps
        self._proc = procfs.root(ps)
        self._clock = clock
        self._wall_clock = wall_clock
        self._sysfs = sysfs

    @abstractmethod
    def read(self) -> dict[str, Any] | None:
        """Return the event's data, as `Reader` says."""


@dataclass(frozen=True, slots=True)
class Source:
    """An event whose reader settings make: its name, the seconds between readings, its reader."""

    name: str
    cadence: float
    make: Callable[..., Reader]
    fields: tuple[Field, ...] = ()
    """None are known."""

    @classmethod
    def of(cls, family: type[Family], **options: Any) -> "Source":
        """Return a family whose reader is made with some keyword arguments."""
        return cls(family.name, family.cadence, partial(family, **options), family.fields)

    def __call__(self, **seams: Any) -> Reader:
        """Return a new reader. `seams` are further arguments, for tests."""
        return self.make(**seams)


FamilyFactory = type[Family] | Source
"""Something that has a family's name, cadence and fields, and makes its reader when called."""
