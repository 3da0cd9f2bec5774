"""What `/metrics` says about machines and the log, beside the workers' own instruments.

Where node_exporter has a gauge of the same meaning, its name is used, so that existing dashboards
and rules fit; rates and percentages, which it leaves to the query, are `vitals_*` in base units.
gauges.json has them all.
Figures of a family that has gone stale are left out: an old number must not look live.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import gevent
import msgspec
from prometheus_client.metrics_core import GaugeMetricFamily

from dashboard.events.event import OBJECT, fields
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.metrics.catalogue.declared import declared_every
from dashboard.metrics.catalogue.seen import fresh_for, numbers_in, published
from dashboard.settings import FigureRow
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.hub import Hub
from dashboard.streaming.replay_buffer import ReplayBuffer

Item = TypeVar("Item")

STALE_AFTER = 3  # times the cadence
MOST_FIGURES = 20_000  # that were published, in one scrape
_TURN_SECONDS = 0.005  # for which figures are collected before streams get their turn
_MOST_HEARD = 20_000  # events, whose distances are looked at


class _Gauge(msgspec.Struct):
    """A field of a family as a metric; one that is called a ratio is a hundredth of the field.

    With `rows` it is a field of each item of that list, which has its `key` for a label.
    """

    family: str
    field: str
    metric: str
    text: str
    rows: str = ""
    key: str = ""
    label: str = ""


_FILE = Path(__file__).with_name("gauges.json")  # by family
_DECODED = msgspec.json.decode(_FILE.read_bytes(), type=list[_Gauge])
_GAUGES = {name: tuple(each) for name, each in groupby(_DECODED, lambda gauge: gauge.family)}


def figures(
    hub: Hub, intervals: HostIntervals, names: Iterable[str], scope: Scope
) -> Iterator[GaugeMetricFamily]:
    """Yield the age of each family of these names, and the figures of those that are fresh."""
    wanted = Filter(names=frozenset(names), scope=scope)
    ages = GaugeMetricFamily(
        "vitals_family_age_seconds", "Age of a family's figures.", labels=["host", "family"]
    )
    stale = GaugeMetricFamily(
        "vitals_family_stale",
        f"1 where a family's figures are older than {STALE_AFTER} of its host's cadences.",
        labels=["host", "family"],
    )
    cadences: dict[str, dict[str, float]] = {}
    families: dict[str, GaugeMetricFamily] = {}
    for encoded in _in_turns(hub.replay_buffer.latest(wanted)):
        host, name = encoded.event.host, encoded.event.name
        age = hub.replay_buffer.age(host, name) if name else None
        if name is None or age is None:
            continue
        if host not in cadences:
            cadences[host] = intervals.cadences(host)
        is_stale = age > STALE_AFTER * cadences[host][name]
        ages.add_metric([host, name], age)
        stale.add_metric([host, name], float(is_stale))
        if not is_stale:
            data = fields(encoded.event.data, OBJECT)
            _add(families, host, name, data or {})
    yield ages
    yield stale
    yield from families.values()


def own_figures(
    buffer: ReplayBuffer,
    declared: Iterable[FigureRow],
    source_cadences: Mapping[str, float],
    families: Iterable[str],
    scope: Scope,
) -> Iterator[GaugeMetricFamily]:
    """Yield what was published and is not old, but for `families`: at most MOST_FIGURES.

    `source_cadences` are seconds between two events, by EVENT@HOST.
    """
    gauge = GaugeMetricFamily(
        "vitals_figure", "A figure that was published.", labels=["event", "field", "host"]
    )
    heard = buffer.heard(_MOST_HEARD)
    newest = (encoded.event for encoded in reversed(buffer.latest(Filter(scope=scope))))
    left = MOST_FIGURES
    for event in _in_turns(published(newest, families)):
        name = event.name or ""
        age = buffer.age(event.host, name)
        every = declared_every(declared, name) or source_cadences.get(f"{name}@{event.host}")
        if age is None or age > fresh_for(every, heard.get((event.host, name), ())):
            continue
        for path, value in numbers_in(event):
            if value is not None and left:
                left -= 1
                gauge.add_metric([name, path, event.host], value)
    yield gauge


def log_gauges(log: EventLog, hub: Hub) -> Iterator[GaugeMetricFamily]:
    """Yield the state of the log; its size and age only while it can be read."""
    failing = float(hub.problem is not None)
    yield GaugeMetricFamily("vitals_log_failing", "1 while the log fails.", value=failing)
    try:
        size, oldest = log.with_reader(lambda read: (read.size(), read.oldest()))
    except LogUnavailable:
        return
    yield GaugeMetricFamily("vitals_log_size_bytes", "Bytes that the log takes.", value=size)
    if oldest is not None:
        age = max(0.0, hub.now() - log.time_of(oldest))
        yield GaugeMetricFamily(
            "vitals_log_age_seconds", "Age of the oldest event in the log.", value=age
        )


def _in_turns(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, and let other greenlets run now and then: a fleet has very many."""
    until = time.perf_counter() + _TURN_SECONDS
    for item in items:
        yield item
        if time.perf_counter() > until:
            gevent.sleep(0)
            until = time.perf_counter() + _TURN_SECONDS


def _add(
    families: dict[str, GaugeMetricFamily], host: str, name: str, data: Mapping[str, Any]
) -> None:
    for gauge in _GAUGES.get(name, ()):
        labels = ["host", gauge.label] if gauge.label else ["host"]
        for item_labels, item in _items(gauge, data):
            value = item.get(gauge.field)
            if isinstance(value, int | float):  # whoever may write the log may write what he likes
                metric = GaugeMetricFamily(gauge.metric, gauge.text, labels=labels)
                value = value / 100 if gauge.metric.endswith("_ratio") else value
                family = families.setdefault(gauge.metric, metric)
                family.add_metric([host, *item_labels], round(value, 6))


def _items(gauge: _Gauge, data: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Return what has a gauge's field, each with its own labels."""
    if not gauge.rows:
        return [((), data)]
    rows = data.get(gauge.rows)
    items = [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []
    # No two samples of a scrape may have the same labels.
    return {(str(item.get(gauge.key)),): item for item in items}.items()
