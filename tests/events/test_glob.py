"""Glob patterns mean what a regular expression of their pieces means, also many at once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.events.glob import costly_stars, fits

LETTERS = "ab-"


@given(
    st.frozensets(st.text(f"{LETTERS}*", min_size=1, max_size=6), max_size=4),
    st.text(LETTERS, max_size=8),
)
def test_a_name_fits_as_a_regular_expression_says(patterns: frozenset[str], name: str) -> None:
    forms = [".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns]
    assert fits(patterns)(name) == any(re.fullmatch(form, name) for form in forms)


@pytest.mark.parametrize(
    ("pattern", "stars"),
    [("web-1", 0), ("*", 0), ("web-*", 0), ("*-1", 0), ("w*1", 1), ("*b*", 2), ("**", 2)],
)
def test_a_star_alone_at_one_end_costs_nothing(pattern: str, stars: int) -> None:
    assert costly_stars([pattern, "x*", "*x"]) == stars
