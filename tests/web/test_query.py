"""No query costs more than it weighs, at the bound of a request's line: whichever is read."""

import contextlib
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder

from dashboard.errors import ClientError
from dashboard.settings import Settings
from dashboard.web.history.stretch import read_moment
from dashboard.web.query import MOST_STARS, POSITIONS, Query
from tests.support.bare_app import bare_app
from tests.web.test_headers import RUNS, SECONDS, ask, fastest

MOST_LINE = Settings().max_request_line
A_TURN = 4 * SECONDS  # of a whole request: a redirect writes each `%` anew, in linear time
READERS: dict[str, Callable[[Query], object]] = {
    "names": lambda query: query.names("k"),
    "hosts": lambda query: query.hosts("k"),
    "fields": lambda query: query.fields("k"),
    "columns": lambda query: query.columns("k"),
    "host": lambda query: query.host("k"),
    "number": lambda query: query.number("k", 0, 1),
    "whole number": lambda query: query.whole_number("k", 0, 1),
    "duration": lambda query: query.duration("k", 1e9),
    "one of": lambda query: query.one_of("k", ("a", "b")),
    "flag": lambda query: query.flag("k"),
    "position": lambda query: query.position(None),
    "moment": lambda query: read_moment(query, "k"),
}
BEGINNINGS = ("", "a", "a.", "1", "1-1", "2026-11-20T14:00")
OTHER_RUNS = ["a", "1", ".", "-", "*", "a*", "*-", "a,", "a.a,", "*a*,", "+", "Z", "٣"]


@pytest.mark.parametrize("name", READERS)
def test_a_value_costs_little_whatever_it_is(name: str) -> None:
    def read(value: str) -> None:
        given = dict.fromkeys(("k", *POSITIONS[:1]), value)
        with contextlib.suppress(ClientError):
            READERS[name](Query(MultiDict(given), tuple(given)))

    for run in RUNS + OTHER_RUNS:
        for beginning in BEGINNINGS:
            value = (beginning + run * MOST_LINE)[:MOST_LINE]
            assert fastest(partial(read, value)) < SECONDS, f"{beginning!r} and {run!r}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return bare_app(tmp_path_factory.mktemp("instance"))


@pytest.mark.parametrize(
    "path", ["/?key=", "/sign-in?next=", "/sign-in?link=", "/links?path=", "/stream?key=", "/?"]
)
def test_a_line_costs_little_before_anybody_has_a_right(app: Flask, path: str) -> None:
    for run in [*RUNS, *OTHER_RUNS, "&", "&a=", "%25", "%2", "=&"]:
        environ = EnvironBuilder("/", method="GET").get_environ()
        place, _, query = (path + run * MOST_LINE)[:MOST_LINE].partition("?")
        environ |= {"PATH_INFO": place, "QUERY_STRING": query.encode().decode("latin-1")}
        assert fastest(partial(ask, app, environ)) < A_TURN, f"{path} and {run!r}"


def test_stars_that_cost_are_few() -> None:
    def hosts(text: str) -> frozenset[str] | None:
        return Query(MultiDict({"host": text}), ("host",)).hosts("host")

    assert hosts(",".join(f"web-{n}*" for n in range(100)))
    assert hosts(",".join(f"w*-{n}" for n in range(MOST_STARS)))
    with pytest.raises(ClientError, match=f"host: {MOST_STARS + 2} '\\*' elsewhere") as caught:
        hosts(",".join(f"*{n}*" for n in range(MOST_STARS // 2 + 1)))
    assert (caught.value.status, caught.value.key) == (400, "host")
