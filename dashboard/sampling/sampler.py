"""The sampler: reads each family on its cadence and hands what it read to the log.

Ticks fall on wall-clock multiples of the cadence, each computed from the clock anew, so nothing
drifts, a late tick does not move the next one, and a clock that is set back stalls nothing.
Reading runs in native threads: the fast families one after another in one thread, each slower
family in its own, because it may block (a dead mount, a sensor bus). A reading that is not back by
its deadline is given up and its family not entered again until the old reading returns; the family
goes stale, the others go on.

A observer sees each batch before it is logged, and may add events to it.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import msgspec
from gevent.threadpool import ThreadPool

from dashboard.events.event import Event
from dashboard.log.contract import SampleLog
from dashboard.metrics import Family
from dashboard.metrics.cadence import cadence_of
from dashboard.metrics.sample import Sample
from dashboard.sampling.sample_buffer import SampleBuffer

if TYPE_CHECKING:
    from dashboard.telemetry.counters import Instruments

logger = logging.getLogger(__name__)

STOP_SECONDS = 0.2
_FIRST_AFTER = 0.25  # seconds
_DEADLINE = 4.0  # seconds that a reading may take; longer only where a tick is rarer


def next_tick(now: float, previous: int | None, cadence: float) -> int:
    """The number of the next multiple of the cadence; never the same twice in a row."""
    tick = math.floor(now / cadence) + 1
    # A timer that fires a hair early would otherwise find the tick it just served ahead of it.
    return tick + 1 if tick == previous else tick


class _Group:
    """Families that are read together: one thread, one batch."""

    def __init__(self, families: Sequence[type[Family]], cadence: float) -> None:
        self.cadence = cadence
        self.names = ", ".join(family.name for family in families)
        self.running: Any = None
        self.reported: dict[str, str] = {}  # what was last said of a family in trouble
        self._types = families
        self._families: list[Family] = []

    def start(self) -> None:
        """Make the readers, in the thread that reads; they note their counters' first values."""
        for family in self._types:
            try:
                self._families.append(family())
            except Exception:  # the other families of the group are not to go with it
                logger.exception("%s can't be read", family.name)

    def read(self) -> list[tuple[str, dict[str, Any] | None, str | None]]:
        """Read every family, in the native thread: (name, figures, why there are none).

        One that fails does not take the others along.
        """
        found: list[tuple[str, dict[str, Any] | None, str | None]] = []
        for family in self._families:
            try:
                figures = family.read()
                found.append((family.name, figures, None if figures else family.absent_reason))
            except Exception as error:  # whatever a driver or a half-gone device may raise
                found.append((family.name, None, f"{type(error).__name__}: {error}"))
        return found


class SampleObserver(Protocol):
    """Who has something to say about samples; asked about one batch after the other."""

    def evaluate(self, samples: Sequence[Sample]) -> list[Event]:
        """What is to be logged together with these samples."""

    def on_logged(self, events: Sequence[Event]) -> None:
        """The log has taken these; all come, in their order, some of them late."""


def _kill_after(threads: ThreadPool, readings: Sequence[Any]) -> None:
    gevent.wait(readings)
    threads.kill()


class Sampler:
    """Samples one host for as long as its process leads."""

    def __init__(
        self,
        log: SampleLog,
        families: Sequence[type[Family]],
        *,
        host: str,
        interval: float,
        instruments: "Instruments",
        observer: SampleObserver | None = None,
        on_failure: Callable[[object], None] = lambda greenlet: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_failure` is told of a greenlet that has ended: no memory, or no thread to read in."""
        self._on_failure = on_failure
        self._observer = observer
        self._buffer = SampleBuffer(
            log, instruments, on_logged=observer.on_logged if observer else lambda events: None
        )
        self._host = host
        self._instruments = instruments
        self._clock = clock
        fast = [family for family in families if family.cadence == 0]
        slow = [family for family in families if family.cadence != 0]
        self._groups = [_Group(fast, interval)] if fast else []
        self._groups += [_Group([f], cadence_of(f.cadence, interval)) for f in slow]
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._threads: ThreadPool | None = None

    def start(self) -> None:
        """Begin to sample, each group at its next tick."""
        self._threads = ThreadPool(len(self._groups))
        self._buffer.start()
        self._greenlets = [gevent.spawn(self._keep_sampling, group) for group in self._groups]
        for greenlet in self._greenlets:
            greenlet.link_exception(self._on_failure)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Stop sampling. What is held has so many seconds to be logged.

        A reading that hangs is left to its thread.
        """
        gevent.killall(self._greenlets)
        self._greenlets = []
        # Whoever samples next goes on from what the log says: a batch on its way arrives first.
        self._buffer.stop(timeout)
        threads, self._threads = self._threads, None
        readings = [group.running for group in self._groups if group.running is not None]
        gevent.wait(readings, timeout=STOP_SECONDS)
        if threads is not None:
            # kill() waits for its threads, and one that hangs may do so until the process ends.
            gevent.spawn(_kill_after, threads, readings)

    def _keep_sampling(self, group: _Group) -> None:
        self._in_thread(group, group.start)
        previous: int | None = None
        # The first samples come at once, so that a page that is opened now has all its figures,
        # after a moment for the counters to move.
        if group.cadence > 1:
            gevent.sleep(_FIRST_AFTER)
            self._sample(group)
        while True:
            now = self._clock()
            previous = next_tick(now, previous, group.cadence)
            gevent.sleep(max(0.0, previous * group.cadence - now))
            self._sample(group)

    def _sample(self, group: _Group) -> None:
        sampled_at = self._clock()
        started = time.perf_counter()
        found = self._in_thread(group, group.read)
        if found is None:
            return
        cadence = f"{group.cadence:g}"
        self._instruments.sample.labels(cadence).observe(time.perf_counter() - started)
        samples = []
        for name, figures, trouble in found:
            self._report(group, name, trouble)
            if figures is not None:
                samples.append(Sample(name, round(sampled_at, 3), figures))
        if samples:
            said = self._observer.evaluate(samples) if self._observer else []
            self._buffer.add([*map(self._event, samples), *said])

    def _report(self, group: _Group, name: str, trouble: str | None) -> None:
        """Say what keeps a family from having figures, once for each new reason."""
        if trouble is None:
            group.reported.pop(name, None)
        elif group.reported.get(name) != trouble:
            group.reported[name] = trouble
            logger.info("no figures for %s: %s", name, trouble)

    def _event(self, sample: Sample) -> Event:
        data = {"host": self._host, "time": sample.time, **sample.figures}
        return Event(self._host, sample.family, msgspec.json.encode(data).decode())

    def _in_thread(self, group: _Group, call: Callable[[], Any]) -> Any:
        """Run a call of the group in a thread. None at the deadline, or while an old one hangs."""
        if group.running is not None:
            if not group.running.ready():
                self._instruments.overdue.labels(group.names).inc()
                return None
            group.running = None
        assert self._threads is not None
        group.running = self._threads.spawn(call)
        deadline = max(_DEADLINE, group.cadence)
        group.running.wait(timeout=deadline)
        if not group.running.ready():
            logger.warning("%s: no reading after %g s, given up", group.names, deadline)
            return None
        result, group.running = group.running, None
        return result.get()
