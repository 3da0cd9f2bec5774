"""Events to columns for charts: numbers by path, reduced so that no spike is lost.

Each path to a number in an event's data is a column: `percent`, `cores.0`,
`devices.sda.busy_percent`, `mounts./home.percent` (an item of a list of objects goes by its
mountpoint or label). All columns of one host and event share one `time`.

To reduce, time is cut into equal spans, and of each span every column keeps two values: its lowest
and its highest, in the order in which they came. Where samples are missing for more than three
times their usual distance, a row of nulls stands, so that a chart breaks its line there. What is
usual is told by the samples around it: a machine may be given another interval at any time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from dashboard.events.strict_json import MOST_DEPTH

Value = float | None
Columns = dict[str, list[Value]]

_GAP = 3  # times the usual distance between samples
_AROUND = 9  # distances before and after one that tell what is usual there
_FEW = 3  # fewer may be silences themselves, and tell nothing
_ITEM_KEYS = ("mountpoint", "label")


def numbers(
    data: Mapping[str, Any], prefix: str = "", depth: int = MOST_DEPTH
) -> Iterator[tuple[str, Value]]:
    """Yield the (path, number or None) pairs of an event's data, without its `time`.

    What is nested deeper than `depth` levels is left out.
    """
    if depth == 0:
        return
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, bool) or path == "time":
            continue
        if value is None or isinstance(value, int | float):
            yield path, value
        elif isinstance(value, dict):
            yield from numbers(value, f"{path}.", depth - 1)
        elif isinstance(value, list):
            yield from _items(value, path, depth - 1)


def _items(items: Sequence[Any], path: str, depth: int) -> Iterator[tuple[str, Value]]:
    for index, item in enumerate(items):
        if isinstance(item, dict):
            name = next((item[key] for key in _ITEM_KEYS if isinstance(item.get(key), str)), None)
            if name is not None:
                yield from numbers(item, f"{path}.{name}.", depth)
        elif item is None or (isinstance(item, int | float) and not isinstance(item, bool)):
            yield f"{path}.{index}", item


def columns(rows: Iterable[Mapping[str, Any]], points: int) -> Columns:
    """The columns of one host's events of one name, by time, at most `points` rows long.

    Each row is an event's data with its `time` in seconds. A path that some rows lack is None
    there. Returns {"time": [...], path: [...], ...}.
    """
    # Log order is not time order where the clock was set back, and charts need the latter.
    rows = sorted(rows, key=lambda row: float(row["time"]))
    times: list[float] = []
    values: dict[str, list[Value]] = {}
    for row in rows:
        for path, number in dict(numbers(row)).items():  # {"a.b": 1, "a": {"b": 2}} has one twice
            column = values.setdefault(path, [])
            column.extend([None] * (len(times) - len(column)))
            column.append(number)
        times.append(row["time"])
    for column in values.values():
        column.extend([None] * (len(times) - len(column)))
    # A path that never had a number (no battery, no frequency) would be a line of nothing.
    values = {path: column for path, column in values.items() if any(v is not None for v in column)}
    return _reduce(times, values, points)


def _reduce(times: list[float], values: dict[str, list[Value]], points: int) -> Columns:
    gaps = _gaps(times, points // 4)
    if len(times) + len(gaps) <= points:
        spans = [(index, index + 1) for index in range(len(times))]
    else:
        spans = _buckets(times, (points - len(gaps)) // 2, gaps)
    out: Columns = {"time": [], **{path: [] for path in values}}
    for start, end in spans:
        if start in gaps:
            _add(out, (times[start - 1] + times[start]) / 2, dict.fromkeys(values))
        if end - start == 1:
            _add(out, times[start], {path: column[start] for path, column in values.items()})
            continue
        pairs = {path: _min_max(column[start:end]) for path, column in values.items()}
        _add(out, times[start], {path: pair[0] for path, pair in pairs.items()})
        _add(out, times[end - 1], {path: pair[1] for path, pair in pairs.items()})
    return out


def _gaps(times: list[float], most: int) -> frozenset[int]:
    """The indexes before which samples are missing; the `most` widest of them."""
    distances = [after - before for before, after in pairwise(times)]
    if len(distances) < 2:
        return frozenset()
    in_order = sorted(distances)
    overall = median(in_order)
    small = in_order[len(in_order) // 10]  # most need no second look
    wide = []
    for place, distance in enumerate(distances):
        if distance > _GAP * small and distance > _GAP * _usual(distances, place, overall):
            wide.append((distance, place + 1))
    return frozenset(index for _, index in sorted(wide, reverse=True)[:most])


def _usual(distances: list[float], place: int, overall: float) -> float:
    """The usual distance around one of them; where the interval changes, the longer one."""
    before = distances[max(0, place - _AROUND) : place]
    after = distances[place + 1 : place + 1 + _AROUND]
    return max(median(side) if len(side) >= _FEW else overall for side in (before, after))


def _buckets(times: list[float], count: int, gaps: frozenset[int]) -> list[tuple[int, int]]:
    """Cut the rows into at most `count` spans (start, end) of equal time, and at every gap."""
    count = max(1, count - len(gaps))
    width = (times[-1] - times[0]) / count or 1.0
    spans = []
    start, number = 0, 0
    for index, time in enumerate(times):
        here = min(int((time - times[0]) / width), count - 1)
        if index > start and (here != number or index in gaps):
            spans.append((start, index))
            start = index
        number = here
    spans.append((start, len(times)))
    return spans


def _min_max(part: list[Value]) -> tuple[Value, Value]:
    """The lowest and the highest of a stretch, in the order in which they came."""
    known = [(value, index) for index, value in enumerate(part) if value is not None]
    if not known:
        return None, None
    low, high = min(known), max(known)
    return (low[0], high[0]) if low[1] <= high[1] else (high[0], low[0])


def _add(out: Columns, time: float, row: Mapping[str, Value]) -> None:
    out["time"].append(round(time, 3))
    for path, value in row.items():
        out[path].append(value)
