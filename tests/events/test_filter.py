"""Filters: those that mean the same are equal once restricted, and each has a cost."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.events.scope import FULL, Scope, ScopeError


def hosts(*names: str) -> Filter:
    return Filter(hosts=frozenset(names))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hosts("*"), Filter()),
        (hosts("web-1", "*"), Filter()),
        (hosts("***"), Filter()),
        (hosts("web-*", "web-1", "web-2"), hosts("web-*")),
        (hosts("web-**1", "db"), hosts("db", "web-*1")),
        (
            Filter(names=frozenset({"cpu"}), fields=frozenset({"cpu.percent", "load.load1"})),
            Filter(names=frozenset({"cpu"}), fields=frozenset({"cpu.percent"})),
        ),
        (
            Filter(names=frozenset({"cpu"}), fields=frozenset({"load.load1"})),
            Filter(names=frozenset({"cpu"})),
        ),
    ],
)
def test_filters_that_mean_the_same_are_equal(one: Filter, other: Filter) -> None:
    assert one.restricted_to(FULL) == other.restricted_to(FULL)
    limited = Scope(events=("cpu", "load"))
    assert one.restricted_to(limited) == other.restricted_to(limited)


EVENTS = [
    Encoded.of(Event(host, name, '{"time":1,"percent":2,"a":{"b":3}}', EventId(1, 0)))
    for host, name in product(["web-1", "web-22", "db-1"], ["cpu", "load", "cpu.x", None])
]
PIECES = st.sampled_from(["*", "**", "web-*", "web-1", "db-1", "*-1", "w*2", "web-*1"])
NAMES = st.sampled_from(["cpu", "load", "cpu.x", "message", "none"])
FIELDS = st.sampled_from(["cpu.percent", "load.a", "load.a.b", "cpu.x.percent", "message.a"])


@given(
    st.builds(
        Filter,
        names=st.none() | st.frozensets(NAMES, min_size=1),
        hosts=st.none() | st.frozensets(PIECES, min_size=1),
        fields=st.none() | st.frozensets(FIELDS, min_size=1),
        batch=st.booleans(),
    )
)
def test_the_simplest_filter_sends_what_the_one_that_was_asked_for_does(filter: Filter) -> None:
    simplest = filter.restricted_to(FULL)
    assert simplest.wire(simplest.pick(EVENTS)) == filter.wire(filter.pick(EVENTS))
    assert simplest.restricted_to(FULL) == simplest


def test_what_is_out_of_scope_is_refused_though_a_pattern_covers_it() -> None:
    with pytest.raises(ScopeError, match="db-1"):
        hosts("*", "db-1").restricted_to(Scope(hosts=("web-*",)))


@pytest.mark.parametrize(
    ("filter", "cost"),
    [
        (Filter(), 1),
        (Filter(names=frozenset({"cpu"}), hosts=frozenset({"web-*"})), 1),
        (Filter(batch=True), 4),
        (Filter(fields=frozenset({"cpu.percent"}), hosts=frozenset({"web-*"})), 4),
        (Filter(fields=frozenset({"cpu.percent"}), every=0.1), 4),
        (Filter(fields=frozenset({"cpu.percent"}), every=2.0), 2),
        (Filter(batch=True, every=60.0), 1),
        (Filter(batch=True, hosts=frozenset({"web-1"})), 1),
        (Filter(batch=True, hosts=frozenset(f"web-{n}" for n in range(11))), 4),
    ],
)
def test_a_filter_costs_what_it_edits(filter: Filter, cost: int) -> None:
    assert filter.cost == cost
