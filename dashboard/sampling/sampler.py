"""The sampler: reads each family on its cadence and hands what it read to the log.

Ticks fall on wall-clock multiples of the cadence, each computed from the clock anew, so nothing
drifts, a late tick does not move the next one, and a clock that is set back stalls nothing.
Reading runs in native threads: the fast families one after another in one thread, each slower
family in its own, because it may block (a dead mount, a sensor bus). A reading that is not back by
its deadline is given up and its family not entered again until the old reading returns; the family
goes stale, the others go on, and from then on it has a thread of its own.

An observer sees each batch before it is logged, and may add events to it.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import msgspec

from dashboard.events.event import Event
from dashboard.log.contract import SampleLog
from dashboard.metrics import FamilyFactory
from dashboard.metrics.cadence import cadence_of
from dashboard.metrics.family import Sample
from dashboard.sampling.group import FamilyGroup
from dashboard.sampling.sample_buffer import SampleBuffer
from dashboard.sampling.trouble import FamilyTroubles, as_text

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


class SampleObserver(Protocol):
    """Who has something to say about samples; asked about one batch after the other."""

    def evaluate(self, samples: Sequence[Sample]) -> list[Event]:
        """What is to be logged together with these samples, which are at least one."""

    def on_logged(self, events: Sequence[Event]) -> None:
        """The log has taken these; all come, in their order, some of them late."""


class Sampler:
    """Samples one host for as long as its process leads."""

    def __init__(
        self,
        log: SampleLog,
        families: Sequence[FamilyFactory],
        *,
        host: str,
        interval: float,
        instruments: "Instruments",
        observer: SampleObserver | None = None,
        on_failure: Callable[[object], None] = lambda greenlet: None,
        on_failing: Callable[[Mapping[str, str]], None] = lambda failing: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_failure` is called with a greenlet that has ended: no memory, no thread to read in.

        `on_failing` is called with the reasons by family whenever one fails or recovers.
        """
        self._troubles = FamilyTroubles(on_failing)
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
        self._groups = [FamilyGroup(fast, interval)] if fast else []
        self._groups += [FamilyGroup([f], cadence_of(f.cadence, interval)) for f in slow]
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._interval = interval
        self._system = ""  # the data of the newest `system`, once something was sampled
        self._has_facts = False  # that of the family, and not of the interval alone
        self._missing: dict[str, str] = {}  # reasons of families without figures

    def start(self) -> None:
        """Begin to sample, each group at its next tick."""
        self._buffer.start()
        for group in self._groups:
            self._spawn(self._start_and_keep_sampling, group)

    def _spawn(self, run: Callable[[FamilyGroup], None], group: FamilyGroup) -> None:
        greenlet = gevent.spawn(run, group)
        greenlet.link_exception(self._on_failure)
        self._greenlets.append(greenlet)

    def say_leaving(self) -> None:
        """Log that the machine is sampled no longer: for dashboards, and for people."""
        if self._system:
            now = self._clock()
            notice = self._event("agent", now, "", level="info", message="stopped in order")
            self._buffer.add([self._system_event(now, leaving=True), notice])

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Stop sampling. What is held has so many seconds to be logged.

        A reading that hangs is left to its thread.
        """
        gevent.killall(self._greenlets)
        self._greenlets = []
        # Whoever samples next goes on from what the log says: a batch on its way arrives first.
        self._buffer.stop(timeout)
        until = time.monotonic() + STOP_SECONDS
        for group in self._groups:
            group.stop(until - time.monotonic())

    def _start_and_keep_sampling(self, group: FamilyGroup) -> None:
        self._in_thread(group, group.start)
        # The first samples come at once, so that a page that is opened now has all its figures,
        # after a moment for the counters to move.
        if group.cadence > 1:
            gevent.sleep(_FIRST_AFTER)
            self._sample(group)
        self._keep_sampling(group)

    def _keep_sampling(self, group: FamilyGroup) -> None:
        previous: int | None = None
        while True:
            now = self._clock()
            previous = next_tick(now, previous, group.cadence)
            gevent.sleep(max(0.0, previous * group.cadence - now))
            self._sample(group)

    def _sample(self, group: FamilyGroup) -> None:
        sampled_at = self._clock()
        started = time.perf_counter()
        found = self._in_thread(group, group.read)
        if found is None:
            return
        cadence = f"{group.cadence:g}"
        self._instruments.sample.labels(cadence).observe(time.perf_counter() - started)
        samples, events = [], []
        known = set(self._missing)
        for name, metrics, data, reason, is_failure in found:
            is_partial = metrics is not None
            self._troubles.note(name, reason, is_failure=is_failure, is_partial=is_partial)
            if metrics is None:
                self._missing[name] = as_text(reason or "")
                continue
            self._missing.pop(name, None)
            samples.append(Sample(name, round(sampled_at, 3), metrics))
            if name == "system":
                self._system, self._has_facts = data, True
                events.append(self._system_event(sampled_at))
            else:
                events.append(self._event(name, sampled_at, data if metrics else ""))
        if samples:
            self._system = self._system or f'{{"interval":{self._interval:g}}}'
        if self._has_facts and known != self._missing.keys():
            events.append(self._system_event(sampled_at))
        if events:
            added = self._observer.evaluate(samples) if self._observer and samples else []
            self._buffer.add([*events, *added])

    def _system_event(self, at: float, **facts: object) -> Event:
        """Return the newest `system`, with facts that the family itself can't know."""
        missing = {"missing": self._missing} if self._missing else {}
        return self._event("system", at, self._system, **facts, **missing)

    def _event(self, name: str, at: float, data: str, **facts: object) -> Event:
        head = {"host": self._host, "time": round(at, 3), **facts}
        rest = f",{data[1:]}" if data else "}"
        return Event(self._host, name, msgspec.json.encode(head).decode()[:-1] + rest)

    def _in_thread(self, group: FamilyGroup, call: Callable[[], Any]) -> Any:
        """Run a call of the group in a thread and return its result.

        Returns None at the deadline, and while an old call hangs.
        """
        if group.running is not None:
            if not group.running.wait(0):
                self._instruments.overdue.labels(group.names).inc()
                return None
            group.running = None
        running = group.running = group.thread.begin(call)
        deadline = max(_DEADLINE, group.cadence)
        if not running.wait(deadline):
            self._give_up(group, deadline)
            return None
        group.running = None
        return running.result()

    def _give_up(self, group: FamilyGroup, deadline: float) -> None:
        """Leave a family that hangs to its thread, and go on with the others of its group."""
        stuck = group.split()
        if stuck is not None:
            self._groups.append(stuck)
            self._spawn(self._keep_sampling, stuck)
        name = (stuck or group).names
        self._troubles.note(name, f"no reading after {deadline:g} s, given up", is_failure=True)
