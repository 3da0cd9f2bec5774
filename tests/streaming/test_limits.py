"""The places for streams, and the shares of addresses in filters."""

import pytest

from dashboard.events.filter import Filter
from dashboard.streaming.limits import Admission
from dashboard.telemetry.counters import Instruments


def named(number: int, *, batch: bool = False) -> Filter:
    return Filter(names=frozenset({f"e{number}"}), batch=batch)


@pytest.fixture
def admission() -> Admission:
    return Admission(10_000, Instruments(), most_feeds=1000)


def test_an_address_has_a_quarter_of_the_filters_and_others_have_the_rest(
    admission: Admission,
) -> None:
    greedy, honest = "192.0.2.1", "192.0.2.2"
    taken = [admission.admit(greedy, named(number)) for number in range(4000)]
    assert sum(taken) == 250
    assert admission.refusal(greedy, named(-1)) == "feeds"
    assert admission.refusal(greedy, named(7)) is None  # it follows that already
    assert all(admission.admit(honest, named(number)) for number in range(3900, 4000))
    assert admission.admit(greedy, named(3950))  # another's costs nothing more
    admission.release(greedy, named(7))
    assert admission.admit(greedy, named(-1))


def test_a_whole_network_of_ipv6_is_one_address(admission: Admission) -> None:
    taken = [admission.admit(f"2001:db8::{number:x}", named(number)) for number in range(300)]
    assert sum(taken) == 250
    assert admission.admit("2001:db8:0:1::1", named(299))


def test_filters_count_by_what_they_cost(admission: Admission) -> None:
    taken = [admission.admit("a", named(number, batch=True)) for number in range(300)]
    assert sum(taken) == 63  # of four each, the last one beyond the share
    assert admission.admit("b", named(0))


def test_all_addresses_together_have_as_many_as_there_are(admission: Admission) -> None:
    taken = [admission.admit(f"10.0.{n % 10}.1", named(n)) for n in range(1500)]
    assert sum(taken) == 1000
    assert admission.refusal("10.1.1.1", named(-1)) == "feeds"
    for number in range(1000):
        admission.release(f"10.0.{number % 10}.1", named(number))
    assert admission.streams == 0
    assert admission.admit("10.1.1.1", named(-1))


def test_where_few_may_be_an_address_may_have_them_all() -> None:
    admission = Admission(100, Instruments(), most_feeds=3)
    assert [admission.admit("a", named(number)) for number in range(4)] == [True] * 3 + [False]


def test_a_filter_stays_its_first_addresss_while_anybody_follows_it(admission: Admission) -> None:
    for number in range(250):
        assert admission.admit("a", named(number))
        assert admission.admit("b", named(number))
        admission.release("a", named(number))
    assert admission.refusal("a", named(-1)) == "feeds"
    for number in range(250):
        admission.release("b", named(number))
    assert admission.refusal("a", named(-1)) is None
