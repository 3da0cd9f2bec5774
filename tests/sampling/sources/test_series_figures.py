"""Series become fields: names, rates, histograms, bounds."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram, Summary
from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as open_metrics
from prometheus_client.registry import CollectorRegistry

from dashboard.sampling.sources.scrape import MOST_LINE, metrics_in
from dashboard.sampling.sources.series_figures import (
    MOST_BYTES,
    MOST_FIGURES,
    SeriesFigures,
    quantile,
)


class Watch:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def figures(
    *texts: str, keep: tuple[str, ...] = ("*",), rename: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], int]:
    """Return what the last of some scrapes, ten seconds apart, gives."""
    watch = Watch()
    made = SeriesFigures(keep=keep, rename=rename or {}, clock=watch)
    found: tuple[dict[str, Any], int] = ({}, 0)
    for text in texts:
        found = made.of(metrics_in(text))
        watch.now += 10
    return found


@pytest.mark.parametrize("form", [text_format, open_metrics])
def test_an_exporter_in_either_format(form: Any) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("queue_length", "Jobs.", ["queue", "state"], registry=registry)
    counter = Counter("requests", "All.", registry=registry)
    bounds = (0.1, 0.5, 1.0)
    histogram = Histogram("wait_seconds", "Wait.", registry=registry, buckets=bounds)
    summary = Summary("size_bytes", "Size.", registry=registry)
    watch = Watch()
    made = SeriesFigures(keep=("*",), rename={}, clock=watch)

    def scrape() -> dict[str, Any]:
        text = form.generate_latest(registry).decode()
        data, left_out = made.of(metrics_in(text, is_open_metrics=form is open_metrics))
        assert left_out == 0
        return data

    gauge.labels("mail", "new").set(41)
    assert scrape() == {"queue_length": {"mail,new": 41}}
    watch.now += 10
    counter.inc(50)
    for seconds in (0.05, 0.3, 0.3, 0.7):
        histogram.observe(seconds)
    summary.observe(1000)
    assert scrape() == {
        "queue_length": {"mail,new": 41},
        "requests_per_second": 5,
        "wait_seconds_count_per_second": 0.4,
        "wait_seconds_sum_per_second": 0.135,
        "wait_p50_seconds": 0.3,
        "wait_p90_seconds": 0.8,
        "wait_p99_seconds": 0.98,
        "size_bytes_count_per_second": 0.1,
        "size_bytes_sum_per_second": 100,
    }
    watch.now += 10
    # Nothing came: there are no quantiles.
    assert scrape().keys() & {"wait_p50_seconds", "requests_per_second"} == {"requests_per_second"}


def test_a_quantile_that_can_not_be_told_is_left_out() -> None:
    infinity = float("inf")
    assert quantile(0.5, [1, 2, infinity], [2, 4, 4]) == 1
    assert quantile(0.9, [1, 2, infinity], [2, 4, 5]) is None  # beyond the last bound
    assert quantile(0.5, [1, infinity], [0, 0]) is None
    assert quantile(0.5, [infinity], [4]) is None
    assert quantile(0.5, [1, 2], [2, 4]) is None  # no last bound, so not all were counted


def test_a_counter_that_began_anew_has_no_rate() -> None:
    first, then = "# TYPE a_total counter\na_total 100\n", "# TYPE a_total counter\na_total 3\n"
    assert figures(first, then) == ({}, 0)
    assert figures(then, first) == ({"a_per_second": 9.7}, 0)
    assert figures("b_total 1\n", "b_total 2\n") == ({"b_per_second": 0.1}, 0)  # without a TYPE


def test_summaries_have_the_quantiles_that_they_say() -> None:
    text = '# TYPE gc_seconds summary\ngc_seconds{quantile="0.5"} 0.25\ngc_seconds_count 3\n'
    assert figures(text)[0] == {"gc_p50_seconds": 0.25}


def test_keep_takes_metrics_and_series() -> None:
    text = 'free{mount="/",type="ext4"} 5\nfree{mount="/run",type="tmpfs"} 6\nload 1\nother 2\n'
    kept, _ = figures(text, keep=("lo*", 'free{*type="ext4"*}'))
    assert kept == {"free": {"/,ext4": 5}, "load": 1}
    assert figures(text, keep=("nothing",)) == ({}, 0)


def test_rename_changes_fields_and_single_series() -> None:
    text = 'node_load1 0.5\nnode_free{mount="/"} 5\nnode_free{mount="/home"} 6\n'
    renamed, _ = figures(text, rename={"node_free./": "free_root", "node_*": "*"})
    assert renamed == {"load1": 0.5, "free_root": 5, "free": {"/home": 6}}


def test_what_json_can_not_say_is_left_out_or_rounded() -> None:
    text = 'a NaN\nb +Inf\nc 18446744073709551615\nd 0.123456789\ne 1e3\nf{x="1"} 2\nf 3\n'
    assert figures(text)[0] == {
        "c": 1.8446744073709552e19,
        "d": 0.123457,
        "e": 1000,
        "f": {"1": 2, "none": 3},
    }


def test_names_of_labels_are_printable() -> None:
    (field,) = figures('a{x="\u202eb\\nc"} 1\n')[0]["a"]
    assert field.isprintable()


@pytest.mark.parametrize(
    "many",
    [
        lambda n: f'a{{x="{n}"}} 1\n',
        lambda n: f"{'m' * 60}_{n} 1\n",
        lambda n: f'a{{x="{n}{"y" * 300}"}} 1\n',
    ],
)
def test_series_are_bounded_and_the_rest_is_counted(many: Callable[[int], str]) -> None:
    data, left_out = figures("".join(many(n) for n in range(2000)))
    values = [v for field in data.values() for v in (field.values() if field != 1 else [field])]
    assert len(values) <= MOST_FIGURES
    assert len(values) + left_out == 2000


def test_what_finds_no_room_takes_none() -> None:
    long = "".join(f'a{{b="{n}{"x" * 300}"}} 1\n' for n in range(MOST_BYTES // 300))
    data, left_out = figures(f"{long}short 2\n")
    assert data == {"short": 2}
    assert left_out == MOST_BYTES // 300


@pytest.mark.parametrize("text", ["<html>", "a{b=1} 2", f"# HELP a {'x' * MOST_LINE}\na 1\n"])
def test_what_is_no_exposition_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"no metrics|a line of more"):
        metrics_in(text)


def test_no_series_takes_the_place_of_the_events_own_fields() -> None:
    assert figures("time 5\nhost 3\nload 1\n") == ({"load": 1}, 0)
    text = "node_time_seconds 5\n"
    assert figures(text, rename={"node_*_seconds": "*"}) == ({}, 0)
