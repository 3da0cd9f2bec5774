"""Accept headers: what they mean, and that none takes long."""

import time

import pytest

from dashboard.web.accept import match
from dashboard.web.compression import accepts_gzip


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip ; q=1", True),
        ("*", True),
        ("*;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=none", False),
        ("", False),
        ("br", False),
        ("xgzip", False),
    ],
)
def test_gzip_is_accepted(header: str, is_accepted: bool) -> None:
    assert accepts_gzip(header) is is_accepted


@pytest.mark.parametrize(
    ("header", "html", "json"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", (1.0, 3), (0.8, 1)),
        ("application/json", (0.0, 0), (1.0, 3)),
        ("application/json, */*", (1.0, 1), (1.0, 3)),
        ("text/*;q=0.3", (0.3, 2), (0.0, 0)),
        ("*/*", (1.0, 1), (1.0, 1)),
    ],
)
def test_the_most_exact_item_counts(
    header: str, html: tuple[float, int], json: tuple[float, int]
) -> None:
    assert match(header, "text/html") == html
    assert match(header, "application/json") == json


@pytest.mark.parametrize("run", [*' \t",;\\=%*/', "q=", "a;", ",;", ";q=0.1"])
def test_no_header_takes_long(run: str) -> None:
    """At the bound of a head, 32 KB; the fastest of some tries, as the machine may be busy."""
    header = f'text/html;a="{run * (32_768 // len(run))}'
    tries = []
    for _ in range(5):
        started = time.process_time()
        match(header, "application/json")
        tries.append(time.process_time() - started)
    assert min(tries) < 0.005
