"""The sampler: ticks on multiples of the cadence, and what hangs, fails or is full stays alone."""

import json
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import Batch, EventLog, IdempotencyConflict, LogUnavailable
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.threaded import ThreadedLog
from dashboard.metrics import Family, Field
from dashboard.metrics.cadence import cadence_of
from dashboard.metrics.family import Sample
from dashboard.sampling.sampler import SampleObserver, Sampler, next_tick
from dashboard.telemetry.counters import Instruments
from tests.support.log_contract import ALL, LOG_START

pytestmark = pytest.mark.usefixtures("no_leaks")

PATIENCE = 60


# Cadences and ticks, as numbers.


@pytest.mark.parametrize(
    ("family", "interval", "cadence"),
    [
        (0, 1, 1),
        (0, 0.05, 0.05),
        (0, 30, 30),
        (5, 1, 5),
        (10, 1, 10),
        (5, 0.7, 5),
        (5, 2, 6),
        (60, 7, 63),
        (5, 5, 5),
        (5, 7, 7),
        (60, 3600, 3600),
    ],
)
def test_a_family_keeps_its_cadence_scaled_to_whole_longer_intervals(
    family: float, interval: float, cadence: float
) -> None:
    assert cadence_of(family, interval) == cadence


@given(
    st.floats(min_value=1.7e9, max_value=2e9), st.sampled_from([0.05, 0.1, 0.3, 1, 2.5, 5, 3600])
)
def test_the_next_tick_is_the_next_multiple(now: float, cadence: float) -> None:
    wait = next_tick(now, None, cadence) * cadence - now
    assert -1e-6 < wait <= cadence + 1e-6


def served(
    wakes: Callable[[float], float], cadence: float, count: int, start: float = 1.8e9
) -> list[int]:
    """The ticks of a loop whose sleeps end when `wakes` says, given when they should."""
    now, previous, ticks = start, None, []
    for _ in range(count):
        previous = next_tick(now, previous, cadence)
        ticks.append(previous)
        now = wakes(previous * cadence)
    return ticks


@pytest.mark.parametrize("cadence", [0.05, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("error", [0.0, 0.02, -0.02, 1e-7, -1e-7])
def test_late_and_early_wakes_neither_drift_nor_repeat_nor_skip(
    cadence: float, error: float
) -> None:
    ticks = served(lambda due: due + error * cadence, cadence, 1000)
    assert [after - before for before, after in pairwise(ticks)] == [1] * 999


def test_a_tick_that_was_slept_through_is_skipped_and_the_next_is_on_time() -> None:
    ticks = served(lambda due: due + 2.5, 1.0, 10)
    assert [after - before for before, after in pairwise(ticks)] == [3] * 9


@pytest.mark.parametrize("step", [-60.0, -3600.0, -0.5, -1.0, 60.0, 0.5, 86400.0])
def test_a_clock_that_is_set_stalls_nothing_and_repeats_no_tick(step: float) -> None:
    now, previous = 1.8e9, None
    for number in range(20):
        if number == 10:
            now += step
        tick = next_tick(now, previous, 1.0)
        assert tick != previous
        assert 0 <= tick * 1.0 - now <= 2.0, "it would wait for longer than a tick"
        previous, now = tick, tick * 1.0


# Families.


class Fake:
    """A family whose readings the tests count and delay."""

    name: ClassVar[str]
    cadence: ClassVar[float] = 0
    fields: ClassVar[tuple[Field, ...]] = ()
    absent_reason: str | None = None
    reads: ClassVar[Counter[str]]
    threads: ClassVar[dict[str, set[int]]]

    def read(self) -> dict[str, Any] | None:
        self.reads[self.name] += 1
        self.threads.setdefault(self.name, set()).add(threading.get_native_id())
        return self.figures()

    def figures(self) -> dict[str, Any] | None:
        return {"reads": self.reads[self.name]}


def family(name: str, **members: Any) -> type[Family]:
    """A family of its own, with its own count of readings."""
    return type(name, (Fake,), {"name": name, "reads": Counter(), "threads": {}, **members})


class Gate:
    """Readings wait in here while it is shut."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.inside = 0
        self.most_inside = 0

    def figures(self, family: Any) -> dict[str, Any]:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.open.wait(PATIENCE)
        self.inside -= 1
        return {"value": 1}


class Watcher:
    """Notes which samples it is asked about."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.fewest = math.inf

    def evaluate(self, samples: Sequence[Sample]) -> list[Event]:
        self.fewest = min(self.fewest, len(samples))
        self.seen |= {sample.family for sample in samples}
        return []

    def on_logged(self, events: Sequence[Event]) -> None:
        pass


class Rig:
    """A sampler on a real log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log: EventLog = self.open()
        self.instruments = Instruments()
        self.offset = 0.0  # seconds by which the sampler's clock is wrong
        self._samplers: list[Sampler] = []
        self._opened: list[EventLog] = [self.log]

    def open(self) -> EventLog:
        return ThreadedLog(lambda: SQLiteLog(self.path, retention=3600))

    def clock(self) -> float:
        return time.time() + self.offset

    def start(
        self,
        *families: type[Family],
        interval: float = 0.05,
        log: EventLog | None = None,
        observer: SampleObserver | None = None,
        on_failure: Callable[[object], None] = lambda greenlet: None,
        on_failing: Callable[[Mapping[str, str]], None] = lambda failing: None,
    ) -> Sampler:
        sampler = Sampler(
            log or self.log,
            families,
            host="box",
            interval=interval,
            instruments=self.instruments,
            observer=observer,
            on_failure=on_failure,
            on_failing=on_failing,
            clock=self.clock,
        )
        self._samplers.append(sampler)
        sampler.start()
        return sampler

    def events(self, name: str) -> list[Event]:
        return [event for event in self.log.read_after(LOG_START, ALL) if event.name == name]

    def wait_for(self, count: int, name: str) -> list[Event]:
        """Wait until there are so many events of a name."""
        wait_until(lambda: len(self.events(name)) >= count)
        return self.events(name)

    def value(self, metric: str, **labels: str) -> float | None:
        return self.instruments.registry.get_sample_value(metric, labels)

    def close(self) -> None:
        for sampler in self._samplers:
            sampler.stop()
        self.log.close()


def wait_until(condition: Callable[[], object]) -> None:
    """Let the sampler run until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        gevent.sleep(0.01)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "events.db")
    yield rig
    rig.close()


def test_an_event_has_host_time_and_the_familys_figures(rig: Rig) -> None:
    started = time.time()
    rig.start(family("cpu", figures=lambda self: {"percent": 1.5, "cores": [1, None]}))
    event = rig.wait_for(1, "cpu")[0]
    data = json.loads(event.data)
    assert event.host == data["host"] == "box"
    assert data == {"host": "box", "time": data["time"], "percent": 1.5, "cores": [1, None]}
    assert started - 0.001 <= data["time"] <= time.time()


def test_samples_fall_on_multiples_of_the_cadence(rig: Rig) -> None:
    rig.start(family("cpu"), interval=0.5)
    times = [json.loads(event.data)["time"] for event in rig.wait_for(9, "cpu")]
    late = sorted(time % 0.5 for time in times)
    # A busy machine wakes late, but not always; a drift would spread them evenly.
    assert late[len(late) // 2] < 0.25
    assert len({int(time / 0.5 + 0.01) for time in times}) == len(times), "a tick twice"


def test_families_of_one_cadence_are_one_batch_of_one_time(rig: Rig) -> None:
    rig.start(family("cpu"), family("load"), family("memory"))
    rig.wait_for(5, "memory")
    events = rig.log.read_after(LOG_START, ALL)
    assert [event.name for event in events[:15]] == ["cpu", "load", "memory"] * 5
    for start in range(0, 15, 3):
        batch = events[start : start + 3]
        assert len({json.loads(event.data)["time"] for event in batch}) == 1
        # One append: ids of one millisecond, one after the other.
        first = batch[0].id
        assert first is not None
        assert [e.id for e in batch] == [EventId(first.ms, first.sequence + n) for n in range(3)]


def test_families_are_read_in_native_threads_each_by_one_at_a_time(rig: Rig) -> None:
    gates = Gate(), Gate(), Gate()
    families = [
        family("cpu", figures=lambda self: gates[0].figures(self)),
        family("load", figures=lambda self: gates[1].figures(self)),
        family("disk", cadence=0.1, figures=lambda self: gates[2].figures(self)),
    ]
    rig.start(*families)
    rig.wait_for(10, "cpu")
    rig.wait_for(5, "disk")
    for each, gate in zip(families, gates, strict=True):
        assert gate.most_inside == 1
        threads: dict[str, set[int]] = each.threads  # type: ignore[attr-defined]
        assert threading.get_native_id() not in threads[each.name]


def test_a_slower_family_has_its_own_cadence_and_a_sample_at_once(rig: Rig) -> None:
    rig.start(family("cpu"), family("slow", cadence=3600))
    assert len(rig.wait_for(1, "slow")) == 1
    rig.wait_for(20, "cpu")
    assert len(rig.events("slow")) == 1


@pytest.mark.parametrize("step", [-60.0, -3600.0, 60.0])
def test_samples_go_on_when_the_clock_is_set(rig: Rig, step: float) -> None:
    rig.start(family("cpu"), family("slow", cadence=0.2))
    rig.wait_for(5, "cpu")
    rig.wait_for(2, "slow")
    rig.offset = step
    before = time.monotonic()
    count = len(rig.events("cpu")), len(rig.events("slow"))
    rig.wait_for(count[0] + 10, "cpu")
    rig.wait_for(count[1] + 3, "slow")
    assert time.monotonic() - before < 50, "as long as the clock was set"


# Trouble.


def test_a_family_that_hangs_is_overdue_and_not_entered_again_and_comes_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.sampling.sampler._DEADLINE", 0.1)
    gate = Gate()
    hanging = family("disk", cadence=0.1, figures=lambda self: gate.figures(self))
    rig.start(family("cpu"), hanging)
    rig.wait_for(2, "disk")
    gate.open.clear()
    wait_until(lambda: (rig.value("vitals_samples_overdue_total", family="disk") or 0) >= 3)
    stuck = len(rig.events("disk"))
    assert gate.inside == 1
    cpu = len(rig.events("cpu"))
    rig.wait_for(cpu + 10, "cpu")
    assert len(rig.events("disk")) == stuck
    assert gate.most_inside == 1, "entered again while it hung"
    gate.open.set()
    rig.wait_for(stuck + 3, "disk")
    overdue = rig.value("vitals_samples_overdue_total", family="disk")
    rig.wait_for(stuck + 6, "disk")
    assert gate.most_inside == 1
    assert rig.value("vitals_samples_overdue_total", family="disk") == overdue


def test_the_others_are_on_time_while_one_hangs(rig: Rig) -> None:
    gate = Gate()
    gate.open.clear()
    rig.start(
        family("cpu"),
        family("disk", cadence=0.1, figures=lambda self: gate.figures(self)),
        family("sensors", cadence=0.1),
    )
    wait_until(lambda: gate.inside == 1)
    rig.wait_for(20, "cpu")
    rig.wait_for(5, "sensors")
    # All that came within the deadline of the one that hangs, which is four seconds.
    assert rig.events("disk") == []
    gate.open.set()


def test_a_family_whose_start_hangs_leaves_the_others_on_time(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.sampling.sampler._DEADLINE", 0.1)
    go_on = threading.Event()
    late = family("disk", cadence=0.1, __init__=lambda self: go_on.wait(PATIENCE) and None)
    rig.start(family("cpu"), late)
    rig.wait_for(10, "cpu")
    assert rig.events("disk") == []
    go_on.set()
    rig.wait_for(3, "disk")


def test_a_family_that_raises_does_not_take_the_others_along(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dashboard")

    def fail(self: Any) -> dict[str, Any]:
        raise OSError("gone")

    rig.start(family("cpu"), family("network", figures=fail), family("load"))
    rig.wait_for(5, "cpu")
    rig.wait_for(5, "load")
    assert rig.events("network") == []
    told = [r.getMessage() for r in caplog.records if "network" in r.getMessage()]
    assert told == ["no figures for network: OSError: gone"], "once, with the reason"


def test_a_family_that_raised_and_recovers_is_back_at_the_next_tick(rig: Rig) -> None:
    broken = True

    def figures(self: Any) -> dict[str, Any]:
        if broken:
            raise OSError("gone")
        return {"value": 1}

    rig.start(family("cpu"), family("network", figures=figures))
    rig.wait_for(3, "cpu")
    broken = False
    rig.wait_for(3, "network")


def test_a_family_that_this_machine_lacks_has_no_events_and_its_reason_is_told_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dashboard")
    absent = family("sensors", figures=lambda self: None, absent_reason="no sensors here")
    rig.start(family("cpu"), absent)
    rig.wait_for(5, "cpu")
    assert rig.events("sensors") == []
    told = [r.getMessage() for r in caplog.records if "sensors" in r.getMessage()]
    assert told == ["no figures for sensors: no sensors here"]


class Full(SQLiteLog):
    """A log whose disk is full until the test makes room."""

    has_room = False

    def append_all(self, batches: Sequence[Batch]) -> list[list[EventId] | IdempotencyConflict]:
        if not self.has_room:
            raise LogUnavailable("database or disk is full")
        return super().append_all(batches)


def test_what_the_log_refuses_reaches_those_who_wait_and_logging_resumes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = ThreadedLog(lambda: Full(rig.path, retention=3600))
    rig.log.wait(0)
    sampler = rig.start(family("cpu"), family("load"), log=full)
    heard: list[Unpersisted] = []

    def listen() -> bool:
        heard.extend(rig.log.wait(0.1))
        return len(heard) >= 3

    wait_until(listen)
    for unpersisted in heard:
        assert unpersisted.reason == "database or disk is full"
        assert [event.name for event in unpersisted.events] == ["cpu", "load"]
        assert [event.id for event in unpersisted.events] == [None, None]
    numbers = [json.loads(unpersisted.events[0].data)["reads"] for unpersisted in heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "each batch, once"
    assert (rig.value("vitals_append_failures_total") or 0) >= 1
    assert rig.events("cpu") == []
    assert (rig.value("vitals_events_held") or 0) >= 4
    monkeypatch.setattr(Full, "has_room", True)
    # What was announced comes first, then what was held, each once and in its order.
    rig.wait_for(numbers[-1] + 3, "cpu")
    logged = [json.loads(event.data)["reads"] for event in rig.events("cpu")]
    assert logged == list(range(numbers[0], numbers[0] + len(logged)))
    sampler.stop()
    full.close()


def test_a_stop_ends_all_sampling_and_another_start_goes_on(rig: Rig) -> None:
    first = family("cpu")
    sampler = rig.start(first, family("disk", cadence=0.1))
    rig.wait_for(3, "cpu")
    sampler.stop()
    count = first.reads["cpu"]  # type: ignore[attr-defined]
    gevent.sleep(0.3)
    assert first.reads["cpu"] == count  # type: ignore[attr-defined]
    rig.start(family("cpu"))
    rig.wait_for(count + 3, "cpu")


def test_one_that_leaves_says_so_also_before_its_first_system(rig: Rig) -> None:
    rig.start(family("cpu")).say_leaving()  # before its first sample it was never there
    rig.wait_for(1, "cpu")
    assert rig.events("system") == rig.events("agent") == []
    gate = Gate()
    gate.open.clear()
    system = family("system", cadence=0.2, figures=lambda self: gate.figures(self) | {"boot": 7})
    sampler = rig.start(family("load"), system, interval=0.1)
    rig.wait_for(1, "load")  # the other one goes on with `cpu`
    sampler.say_leaving()
    (said,) = (json.loads(event.data) for event in rig.wait_for(1, "system"))
    assert (said["leaving"], said["interval"], said["host"]) == (True, 0.1, "box")
    gate.open.set()
    rig.wait_for(2, "system")
    sampler.say_leaving()
    wait_until(lambda: '"leaving"' in rig.events("system")[-1].data)
    assert json.loads(rig.events("system")[-1].data)["boot"] == 7
    notice = json.loads(rig.events("agent")[-1].data)
    assert (notice["host"], notice["message"]) == ("box", "stopped in order")


def test_the_machine_says_which_families_are_missing_as_soon_as_that_changes(rig: Rig) -> None:
    found: list[dict[str, int]] = []
    gpu = family(
        "gpu",
        absent_reason="no driver",
        figures=lambda self: next(iter(found), None),
    )
    rig.start(family("system", cadence=60), gpu)
    wait_until(lambda: rig.events("system") and '"no driver"' in rig.events("system")[-1].data)
    said = json.loads(rig.events("system")[-1].data)
    assert said["missing"] == {"gpu": "no driver"}
    assert said["reads"] == 1, "with all that it had"
    count = len(rig.events("system"))
    found.append({"value": 1})
    rig.wait_for(1, "gpu")
    wait_until(lambda: '"missing"' not in rig.events("system")[-1].data)
    rig.wait_for(4, "gpu")
    assert len(rig.events("system")) == count + 1, "once, and not with each reading"


def test_rules_are_asked_about_samples_alone(rig: Rig) -> None:
    """A family that goes missing by itself leaves an event `system`, and no sample."""
    found = [{"value": 1}]
    gpu = family(
        "gpu", cadence=1, absent_reason="it left", figures=lambda self: next(iter(found), None)
    )
    watcher = Watcher()
    rig.start(family("system", cadence=60), gpu, observer=watcher)
    wait_until(lambda: {"system", "gpu"} <= watcher.seen)
    found.clear()
    wait_until(lambda: any('"it left"' in event.data for event in rig.events("system")))
    assert watcher.fewest > 0


def test_a_reason_that_is_no_text_or_endless_costs_its_family_alone(rig: Rig) -> None:
    def fail(self: Any) -> dict[str, Any]:
        raise OSError("caf\udce9" + "x" * 1_000_000)

    rig.start(family("system"), family("gpu", figures=fail))
    wait_until(lambda: rig.events("system") and '"missing"' in rig.events("system")[-1].data)
    said = json.loads(rig.events("system")[-1].data)
    assert said["missing"]["gpu"].startswith("OSError: caf\\udce9xxx")
    assert len(said["missing"]["gpu"]) <= 300
    rig.wait_for(len(rig.events("system")) + 2, "system")


def test_a_stop_does_not_wait_for_a_reading_that_hangs(rig: Rig) -> None:
    gate = Gate()
    gate.open.clear()
    sampler = rig.start(
        family("cpu"), family("disk", cadence=0.1, figures=lambda self: gate.figures(self))
    )
    wait_until(lambda: gate.inside == 1)
    started = time.monotonic()
    sampler.stop()
    assert time.monotonic() - started < 30, "it waited for the reading"
    gate.open.set()
    wait_until(lambda: gate.inside == 0)


def test_a_group_that_can_go_on_no_more_is_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else its families would be silent for as long as this process samples."""
    failed: list[object] = []
    cpu, slow = family("cpu"), family("slow", cadence=1)
    rig.start(cpu, slow, on_failure=failed.append)
    rig.wait_for(1, "cpu")
    rig.wait_for(1, "slow")
    assert not failed

    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(gevent.threadpool.ThreadPool, "spawn", no_thread)
    wait_until(lambda: len(failed) == 2)
    assert "can't start new thread" in capsys.readouterr().err
