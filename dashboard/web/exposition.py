"""What `/metrics` says about machines and the log, beside the workers' own instruments.

Where node_exporter has a gauge of the same meaning, its name is used, so that existing dashboards
and rules fit; rates and percentages, which it leaves to the query, are `vitals_*` in base units.
Figures of a family that has gone stale are left out: an old number must not look live.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import gevent
from prometheus_client.metrics_core import GaugeMetricFamily

from dashboard.catalogue.declared import declared_every
from dashboard.catalogue.seen import fresh_for, numbers_in, published
from dashboard.events.event import OBJECT, fields
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.settings import FigureRow
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.hub import Hub
from dashboard.streaming.replay_buffer import ReplayBuffer

Item = TypeVar("Item")

STALE_AFTER = 3  # times the cadence
MOST_FIGURES = 20_000  # that were published, in one scrape
_TURN_SECONDS = 0.005  # for which figures are collected before streams get their turn
_MOST_HEARD = 20_000  # events, whose distances are looked at

# family -> (field, metric, help); a ratio is a hundredth of the field, which is a percentage.
_GAUGES: dict[str, list[tuple[str, str, str]]] = {
    "cpu": [
        ("percent", "vitals_cpu_usage_ratio", "Share of CPU time that was not idle."),
        ("iowait", "vitals_cpu_iowait_ratio", "Share of CPU time waiting for disks."),
        ("steal", "vitals_cpu_steal_ratio", "Share of CPU time taken by the hypervisor."),
    ],
    "memory": [
        ("total", "node_memory_MemTotal_bytes", "Memory."),
        ("available", "node_memory_MemAvailable_bytes", "Memory that programs can still get."),
        ("swap_total", "node_memory_SwapTotal_bytes", "Swap."),
        ("swap_used", "vitals_memory_swap_used_bytes", "Swap that is in use."),
    ],
    "load": [
        ("load1", "node_load1", "1m load average."),
        ("load5", "node_load5", "5m load average."),
        ("load15", "node_load15", "15m load average."),
    ],
    "disk": [
        (
            "read_bytes_per_second",
            "vitals_disk_read_bytes_per_second",
            "Bytes a second read from all disks.",
        ),
        (
            "write_bytes_per_second",
            "vitals_disk_written_bytes_per_second",
            "Bytes a second written to all disks.",
        ),
        ("busy_percent", "vitals_disk_busy_ratio", "Share of time of the busiest disk."),
    ],
    "network": [
        (
            "received_bytes_per_second",
            "vitals_network_receive_bytes_per_second",
            "Bytes a second received.",
        ),
        (
            "sent_bytes_per_second",
            "vitals_network_transmit_bytes_per_second",
            "Bytes a second sent.",
        ),
        ("errors_per_second", "vitals_network_errors_per_second", "Errors a second."),
    ],
    "pressure": [
        ("cpu_some", "vitals_pressure_cpu_some_ratio", "PSI, average of 10 s."),
        ("io_some", "vitals_pressure_io_some_ratio", "PSI, average of 10 s."),
        ("io_full", "vitals_pressure_io_full_ratio", "PSI, average of 10 s."),
        ("memory_some", "vitals_pressure_memory_some_ratio", "PSI, average of 10 s."),
        ("memory_full", "vitals_pressure_memory_full_ratio", "PSI, average of 10 s."),
    ],
    "processes": [
        ("count", "vitals_processes", "Processes."),
        ("running", "node_procs_running", "Processes that run or could."),
    ],
    "system": [("boot_time", "node_boot_time_seconds", "When the machine started.")],
}
# family -> (list field, label, field of an item that is the label, [(field, metric, help)])
_LISTS: dict[str, tuple[str, str, str, list[tuple[str, str, str]]]] = {
    "filesystem": (
        "mounts",
        "mountpoint",
        "mountpoint",
        [
            ("total", "node_filesystem_size_bytes", "Size of the filesystem."),
            ("used", "vitals_filesystem_used_bytes", "Bytes in use."),
        ],
    ),
    "sensors": (
        "temperatures",
        "sensor",
        "label",
        [("celsius", "node_hwmon_temp_celsius", "Temperature.")],
    ),
}


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
    buffer: ReplayBuffer, declared: Iterable[FigureRow], families: Iterable[str], scope: Scope
) -> Iterator[GaugeMetricFamily]:
    """Yield what was published and is not old, but for `families`: at most MOST_FIGURES."""
    gauge = GaugeMetricFamily(
        "vitals_figure", "A figure that was published.", labels=["event", "field", "host"]
    )
    heard = buffer.heard(_MOST_HEARD)
    newest = (encoded.event for encoded in reversed(buffer.latest(Filter(scope=scope))))
    left = MOST_FIGURES
    for event in _in_turns(published(newest, families)):
        name = event.name or ""
        age = buffer.age(event.host, name)
        every = declared_every(declared, name)
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
    for field, metric, text in _GAUGES.get(name, ()):
        value = data.get(field)
        if isinstance(value, int | float):  # whoever may write the log may write what he likes
            family = families.setdefault(metric, GaugeMetricFamily(metric, text, labels=["host"]))
            value = value / 100 if metric.endswith("_ratio") else value
            family.add_metric([host], round(value, 6))
    if name in _LISTS:
        list_field, label, label_field, gauges = _LISTS[name]
        items = data.get(list_field)
        items = [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []
        # No two samples of a scrape may have the same labels.
        for name, item in {str(item.get(label_field)): item for item in items}.items():
            for field, metric, text in gauges:
                if isinstance(item.get(field), int | float):
                    family = families.setdefault(
                        metric, GaugeMetricFamily(metric, text, labels=["host", label])
                    )
                    family.add_metric([host, name], item[field])
