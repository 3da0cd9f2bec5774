"""Figures of an event: the numbers in its data, each under its path.

A path joins keys with dots: `percent`, `cores.0`, `devices.sda.busy_percent`. An item of a list of
objects goes by its mountpoint, label or name: `mounts./home.percent`. A list `top` is a ranking,
whose items come and go, so a name in it is none: each process would leave a figure behind.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.events.event import OBJECT, Event, fields

ITEM_KEYS = ("mountpoint", "label", "name")
RANKING = "top"
ALERT = "alert"
RULES = "rules"  # the event in which a machine says its limits
NO_FIGURES = frozenset({RULES, "silence"})  # numbers, but none that are measured
# What has panels of its own, or is said by the service itself; as in static/js/panels/plan.js.
TOLD_ELSEWHERE = NO_FIGURES | {ALERT, "log", "progress"}
DEEPEST = 32  # levels of objects and lists


def figures_of(event: Event) -> tuple[float, dict[str, float | None]] | None:
    """Return an event's time (seconds since 1970) and its figures by path.

    None for an event of NO_FIGURES, and for one without a time or without data that can be read:
    whoever may write to the log may write anything. A figure is None where the data has null.
    """
    data = None if event.name in NO_FIGURES else fields(event.data, OBJECT)
    time = None if data is None else data.get("time")
    if data is None or isinstance(time, bool) or not isinstance(time, int | float):
        return None
    try:
        return float(time), dict(numbers(data))
    except OverflowError:
        return None


def numbers(
    data: Mapping[str, Any], prefix: str = "", depth: int = DEEPEST
) -> Iterator[tuple[str, float | None]]:
    """Yield (path, number or None) of an event's data, without its `time`.

    What lies deeper than `depth` levels is left out.
    """
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, bool) or path == "time":
            continue
        if value is None or isinstance(value, int | float):
            yield path, value
        elif isinstance(value, dict):
            if depth:
                yield from numbers(value, f"{path}.", depth - 1)
        elif isinstance(value, list):
            yield from _items(value, path, depth)


def _items(items: Sequence[Any], path: str, depth: int) -> Iterator[tuple[str, float | None]]:
    keys = ITEM_KEYS[:2] if path.rpartition(".")[2] == RANKING else ITEM_KEYS
    for index, item in enumerate(items):
        if isinstance(item, dict):
            name = next((item[key] for key in keys if isinstance(item.get(key), str)), None)
            if name is not None and depth:
                yield from numbers(item, f"{path}.{name}.", depth - 1)
        elif item is None or (isinstance(item, int | float) and not isinstance(item, bool)):
            yield f"{path}.{index}", item
