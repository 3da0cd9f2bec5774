"""Series of a Prometheus endpoint as the fields of an event.

A field is called as its metric, and what has labels is an object whose keys are the labels' values:
`node_load1`, `node_filesystem_avail_bytes./`. A counter `x_total` becomes the rate
`x_per_second` between two scrapes. Of a histogram there are the rates of its count and sum, and the
quantiles of what came between two scrapes; one that lies beyond the last bound can't be told.
"""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from prometheus_client import Metric
from prometheus_client.samples import Sample

from dashboard.events.glob import fits
from dashboard.metrics.rates import Counters, Rates
from dashboard.metrics.values import EXACT, STAMPS, printable

MOST_FIGURES = 500
MOST_BYTES = 40 << 10  # of the event, about; an agent may send 64 KiB
MOST_NAME = 200  # characters of a field, or of the labels' values
QUANTILES = (0.5, 0.9, 0.99)
_UNITS = ("_seconds", "_bytes")  # that a name ends in, also that of a quantile
_OVERHEAD = 24  # bytes of a number and what is around it

_Key = tuple[str, str]  # field and labels' values


class _Histogram(NamedTuple):
    """Counts up to each bound, and the number and the sum of all."""

    buckets: dict[float, float]
    totals: dict[str, float]


class SeriesFigures:
    """Makes the figures of one scrape after the other."""

    def __init__(
        self, *, keep: Iterable[str], rename: Mapping[str, str], clock: Any = time.monotonic
    ) -> None:
        """`keep` has patterns of metrics, or of series such as `node_load1{cpu="0"}`.

        `rename` has patterns of fields, or of fields and keys such as `free./home`; a `*` on the
        right is what that on the left stands for.
        """
        self._fit = fits(frozenset(keep))
        self._renames = [(*old.partition("*"), new) for old, new in rename.items()]
        self._rates: Rates[_Key] = Rates(clock)

    def of(self, metrics: Iterable[Metric]) -> tuple[dict[str, Any], int]:
        """Return the fields, and how many series found no room."""
        found: list[tuple[str, str, float]] = []
        counters: dict[_Key, Counters] = {}
        histograms: dict[_Key, _Histogram] = {}
        for metric in metrics:
            for sample in metric.samples:
                if not self._is_wanted(metric, sample):
                    continue
                name, key = sample.name, _key(sample.labels)
                if metric.type == "histogram":
                    whole = histograms.setdefault((metric.name, key), _Histogram({}, {}))
                    _add(whole, sample, name.removeprefix(metric.name))
                elif "quantile" in sample.labels:
                    found.append(
                        (_quantile_name(name, sample.labels["quantile"]), key, sample.value)
                    )
                elif _is_counter(metric, name):
                    counters[f"{name.removesuffix('_total')}_per_second", key] = (sample.value,)
                else:
                    found.append((name, key, sample.value))
        bounds = {each: sorted(whole.buckets) for each, whole in histograms.items()}
        for each, whole in histograms.items():
            totals = (whole.totals.get("_count", 0.0), whole.totals.get("_sum", 0.0))
            counters[each] = (*totals, *(whole.buckets[bound] for bound in bounds[each]))
        for (name, key), rates in self._rates.update(counters).items():
            if (name, key) not in histograms:
                found.append((name, key, rates[0]))
                continue
            found.append((f"{name}_count_per_second", key, rates[0]))
            found.append((f"{name}_sum_per_second", key, rates[1]))
            for q in QUANTILES:
                value = quantile(q, bounds[name, key], rates[2:])
                if value is not None:
                    found.append((_quantile_name(name, str(q)), key, value))
        return self._fields(found)

    def _is_wanted(self, metric: Metric, sample: Sample) -> bool:
        if sample.name.endswith("_created") or not isinstance(sample.value, int | float):
            return False
        if self._fit(metric.name) or self._fit(sample.name):
            return True
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
        return self._fit(f"{sample.name}{{{labels}}}")

    def _fields(self, found: Iterable[tuple[str, str, float]]) -> tuple[dict[str, Any], int]:
        fields: dict[str, dict[str, float]] = {}
        figures, left_out, size = 0, 0, 0
        for name, key, value in found:
            if not math.isfinite(value):
                continue
            field, inner = self._renamed(name, key)
            if field in STAMPS:
                continue
            own = len(field) + len(inner) + _OVERHEAD
            is_short = len(field) <= MOST_NAME and len(inner) <= MOST_NAME
            if is_short and figures < MOST_FIGURES and size + own <= MOST_BYTES:
                fields.setdefault(field, {}).setdefault(inner, _plain(value))
                figures, size = figures + 1, size + own
            else:
                left_out += 1
        return {
            field: keyed[""] if keyed.keys() == {""} else {k or "none": v for k, v in keyed.items()}
            for field, keyed in fields.items()
        }, left_out

    def _renamed(self, name: str, key: str) -> tuple[str, str]:
        whole = f"{name}.{key}" if key else name
        for head, star, tail, new in self._renames:
            text = whole if "." in head + tail else name
            middle = text[len(head) : len(text) - len(tail)]
            is_long_enough = len(text) >= len(head) + len(tail)
            if is_long_enough and text == f"{head}{middle}{tail}" and (star or not middle):
                return new.replace("*", middle), "" if text is whole else key
        return name, key


def quantile(q: float, bounds: Sequence[float], counts: Sequence[float]) -> float | None:
    """Return a quantile of a histogram, as Prometheus estimates it; None where it can't be told.

    `counts` has how many lie at or below each bound; the last bound is infinity.
    """
    if len(bounds) < 2 or not math.isinf(bounds[-1]) or counts[-1] <= 0:
        return None
    rank = q * counts[-1]
    at = next(i for i, count in enumerate(counts) if count >= rank or i == len(counts) - 1)
    if math.isinf(bounds[at]):
        return None
    low, below = (bounds[at - 1], counts[at - 1]) if at else (min(0.0, bounds[0]), 0.0)
    width = counts[at] - below
    return low + (bounds[at] - low) * ((rank - below) / width if width > 0 else 1.0)


def _is_counter(metric: Metric, name: str) -> bool:
    if metric.type == "summary":
        return name.endswith(("_count", "_sum"))
    return metric.type == "counter" or (metric.type == "unknown" and name.endswith("_total"))


def _add(whole: _Histogram, sample: Sample, suffix: str) -> None:
    if suffix == "_bucket":
        whole.buckets[float(sample.labels["le"])] = sample.value
    else:
        whole.totals[suffix] = sample.value


def _key(labels: Mapping[str, str]) -> str:
    named = (each for each in sorted(labels.items()) if each[0] not in ("le", "quantile"))
    return printable(",".join(value for _, value in named if value))


def _quantile_name(name: str, q: str) -> str:
    percent = f"p{100 * float(q):g}"
    unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
    return f"{name.removesuffix(unit)}_{percent}{unit}"


def _plain(value: float) -> float:
    """Return a number of six digits where it has a fraction; a whole one as doubles hold it."""
    if isinstance(value, int):
        return value if abs(value) <= EXACT else float(value)
    return int(value) if value.is_integer() and abs(value) <= EXACT else float(f"{value:.6g}")
