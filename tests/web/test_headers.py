"""No header costs more than it weighs, at the bound of a head: whichever is read, wherever."""

import contextlib
import re
import time
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from dashboard.errors import ClientError
from dashboard.server.connection import MOST_HEAD
from dashboard.web.compression import accepts_gzip
from dashboard.web.intake import IDEMPOTENCY_KEY
from dashboard.web.query import POSITIONS, Query
from tests.support.bare_app import ORIGIN, PUBLISH_TOKEN, bare_app
from tests.support.service import ROOT

SECONDS = 0.005  # of CPU, for all that a request does before its runtime is asked
READ = re.compile(r'HTTP_[A-Z_]+|request\.headers(?:\.get\(|\[)"[\w-]+"')
# What Flask and werkzeug read by themselves, of what the service asks them.
OTHERS = {
    *("CONTENT_TYPE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH"),
    *("HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_CACHE_CONTROL", "HTTP_X_UNHEARD_OF"),
    *("HTTP_REMOTE_USER", "HTTP_REMOTE_GROUPS"),  # by the settings of a proxy that signs in
}
REQUESTS = [
    *(("GET", path) for path in ("/", "/sign-in", "/static/embed.js", "/machines")),
    *(("POST", "/events"), ("OPTIONS", "/history"), ("POST", "/machines/join")),
]
# Without these a value is dropped before anybody looks into it.
BEGINNINGS = {
    "HTTP_AUTHORIZATION": "Bearer ",
    "HTTP_COOKIE": "a;b=",
    "HTTP_RANGE": "bytes=0-",
    "HTTP_X_FORWARDED_FOR": "[::1]",
    "HTTP_ACCEPT": "text/html;q=",
    "CONTENT_TYPE": "application/json;charset=",
}
RUNS = ["\t", " ", '"', ";", ",", "\\", "=", "%", "a;", '",']


def names_read() -> set[str]:
    """Return the headers that the service reads, as environ has them, by its own text."""
    found = set()
    for folder in ("access", "server", "web"):
        for file in (ROOT / "dashboard" / folder).rglob("*.py"):
            for text in READ.findall(file.read_text("utf-8")):
                name = text if text.startswith("HTTP_") else f"HTTP_{text.split(chr(34))[1]}"
                found.add(name.upper().replace("-", "_"))
    return found


HEADERS = sorted(names_read() | OTHERS)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return bare_app(tmp_path_factory.mktemp("instance"))


def fastest(action: Callable[[], object]) -> float:
    """Return the least CPU seconds that an action takes; the machine may be busy."""
    best = 1e9
    for _ in range(6):
        started = time.thread_time()
        action()
        best = min(best, time.thread_time() - started)
        if best < SECONDS:
            break
    return best


def ask(app: Flask, environ: dict[str, object]) -> None:
    _, status, _ = run_wsgi_app(app.wsgi_app, dict(environ), buffered=True)
    assert not status.startswith("500")


def test_the_headers_that_are_read_are_found() -> None:
    assert names_read() >= {
        *("HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_X_FORWARDED_FOR"),
        *("HTTP_LAST_EVENT_ID", "HTTP_IDEMPOTENCY_KEY", "HTTP_ORIGIN", "HTTP_HOST"),
    }


@pytest.mark.parametrize("name", HEADERS)
def test_a_request_costs_little_whatever_a_header_says(app: Flask, name: str) -> None:
    for run in RUNS:
        for beginning in ("", BEGINNINGS.get(name, 'a="')):
            value = (beginning + run * MOST_HEAD)[: MOST_HEAD - 2] + '"x'
            for method, path in REQUESTS:
                environ = EnvironBuilder(path, method=method).get_environ()
                environ |= {"REMOTE_ADDR": "127.0.0.1", "HTTP_ORIGIN": ORIGIN, name: value}
                if method == "POST":  # so that it gets to what it carries
                    environ.pop("HTTP_ORIGIN")
                    environ.setdefault("HTTP_AUTHORIZATION", f"Bearer {PUBLISH_TOKEN}")
                    environ[name] = value
                if name == "HTTP_REMOTE_GROUPS":  # which are read of a user alone
                    environ["HTTP_REMOTE_USER"] = "ann"
                assert fastest(partial(ask, app, environ)) < SECONDS, (
                    f"{name}: {value[:20]!r} at {method} {path}"
                )


# What is read once the runtime is there.
READERS: dict[str, Callable[[str], object]] = {
    "Accept-Encoding": accepts_gzip,
    "Idempotency-Key": IDEMPOTENCY_KEY.fullmatch,
    "Last-Event-ID": lambda text: Query(MultiDict(), POSITIONS).position(text),
}


NINES = "9" * 20


@pytest.mark.parametrize(
    "date",
    [
        f"Mon, 01 Jan {NINES} 00:00:00 GMT",
        f"Mon, 01 Jan 2024 {NINES}:00:00 GMT",
        f"Mon, 01 Jan 2024 00:00:00 +{NINES}",
    ],
)
def test_a_date_that_cannot_be_is_no_condition(app: Flask, date: str) -> None:
    headers = {"If-Modified-Since": date}
    answer = app.test_client().get("/static/embed.js", headers=headers, buffered=True)
    assert answer.status_code == 200


def test_files_are_sent_whole(app: Flask) -> None:
    client = app.test_client()
    for path in ("/static/embed.js", "/static/icon.png"):
        whole = client.get(path, buffered=True)
        headers = {"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]}
        part = client.get(path, headers=headers, buffered=True)
        assert (part.status_code, part.data) == (200, whole.data)


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_later_costs_little(name: str) -> None:
    def read(value: str) -> None:
        with contextlib.suppress(ClientError):
            READERS[name](value)

    for run in RUNS:
        for beginning in ("", 'a="', "1-1"):
            value = (beginning + run * MOST_HEAD)[: MOST_HEAD - 2] + '"x'
            assert fastest(partial(read, value)) < SECONDS, f"{name}: {value[:20]!r}"
