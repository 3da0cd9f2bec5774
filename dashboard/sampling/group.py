"""Families that are read together: one native thread, one batch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from dashboard.metrics import FamilyFactory, Reader
from dashboard.metrics.validation import validate_metrics
from dashboard.posix.native_thread import Call, NativeThread

MAX_DATA = 512 << 10  # bytes of a sample's JSON


class Reading(NamedTuple):
    """One family's result: metrics and their JSON, or the reason why there are none.

    With metrics a reason says which part of them is missing.
    """

    name: str
    metrics: Mapping[str, Any] | None
    data: str
    reason: str | None
    is_failure: bool
    """The family exists on this machine, and could not be read or not wholly."""


class FamilyGroup:
    """Families of one cadence, and the thread's call that reads them."""

    def __init__(self, families: Sequence[FamilyFactory], cadence: float) -> None:
        self.cadence = cadence
        self.thread = NativeThread()
        self.running: Call[Any] | None = None  # until its result is taken
        self._factories = list(families)
        self._readers: dict[str, Reader] = {}
        self._call = _Call()

    @property
    def names(self) -> str:
        """Names of the families, for logs and as a label."""
        return ", ".join(factory.name for factory in self._factories)

    def start(self) -> None:
        """Make the readers, in the reading thread; they note their counters' first values."""
        call = self._call = _Call()
        for factory in self._walk(call):
            try:
                self._readers[factory.name] = factory()
            except Exception:  # `read` tries again, and reports it
                pass

    def read(self) -> list[Reading]:
        """Read every family, in the reading thread. An error costs its family only."""
        call = self._call = _Call()
        return [self._read(factory) for factory in self._walk(call)]

    def stop(self, timeout: float) -> None:
        """Let a reading that is under way end, for so many seconds, and the thread with it."""
        for reader in list(self._readers.values()):  # the reading thread may add one
            stop = getattr(reader, "stop", None)
            if stop is not None:
                stop()
        if self.running is not None:
            self.running.wait(timeout)
        self.thread.close()

    def split(self) -> "FamilyGroup | None":
        """Move the family at which the thread hangs, with the thread, to a group of its own.

        Returns None where the thread has no other family to read. A reader is used by one thread
        at a time, so the thread reads none of the rest any more.
        """
        stuck = self._call.factory
        if stuck is None or len(self._factories) < 2:
            return None
        self._call.is_given_up = True
        self._factories.remove(stuck)
        other = FamilyGroup([stuck], self.cadence)
        if stuck.name in self._readers:
            other._readers[stuck.name] = self._readers.pop(stuck.name)
        other.thread, self.thread = self.thread, other.thread
        other.running, self.running = self.running, None
        return other

    def _walk(self, call: "_Call") -> Iterator[FamilyFactory]:
        for factory in list(self._factories):
            call.factory = factory
            if call.is_given_up:
                return
            yield factory

    def _read(self, factory: FamilyFactory) -> Reading:
        name = factory.name
        try:
            reader = self._readers.get(name)
            if reader is None:
                reader = self._readers[name] = factory()
            metrics = reader.read()
            reason = reader.absent_reason
            if metrics is None:
                return Reading(name, None, "", reason, False)
            # A log or a reader further on would fail for all families of the batch.
            data = msgspec.json.encode(metrics).decode()
            if len(data) > MAX_DATA:
                raise ValueError(f"{len(data)} bytes of metrics, allowed are {MAX_DATA}")
            validate_metrics(name, metrics)
            return Reading(name, metrics, data, reason, reason is not None)
        except Exception as error:  # whatever a driver or a half-gone device may raise
            return Reading(name, None, "", f"{type(error).__name__}: {error}", True)


class _Call:
    """One walk of a thread over the families: where it is, and whether it is to go on."""

    def __init__(self) -> None:
        self.factory: FamilyFactory | None = None
        self.is_given_up = False
