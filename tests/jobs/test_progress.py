"""Progress: reports, the stream of a job and its end, the helper for Python, the example page."""

import json
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page
from playwright.sync_api import Response as BrowserResponse

from dashboard.errors import ClientError
from dashboard.events.event import Event, EventId
from dashboard.jobs.model import KEYS, Step, decode_step, read_report
from dashboard.jobs.reporter import progress
from dashboard.log.sqlite.engine import SQLiteLog
from tests.metrics.test_families import table
from tests.support.service import ROOT, Received, Service, key, wait_for
from tests.web.test_problems import assert_is_problem
from tests.web.test_publish import ANYTHING

TOKEN = "publish-me-if-you-can"
READ_TOKEN = "read-me-if-you-can"
Start = Callable[..., Service]


@pytest.fixture(scope="module")
def way() -> dict[str, object]:
    return {"PUBLISH_TOKEN": TOKEN, "HEARTBEAT": 0.3, "RETRY": 200}


# Reports: pure.

BEFORE = Step(host="box", time=1, job="j", done=3, total=10, message="m", state="running")
ENDED = Step(host="box", time=1, job="j", done=10, total=10, message=None, state="completed")


@pytest.mark.parametrize(
    ("report", "before", "done", "total", "message", "state"),
    [
        ({"done": 1}, None, 1, None, None, "running"),
        ({"done": 4}, BEFORE, 4, 10, None, "running"),
        ({"message": "on"}, BEFORE, 3, 10, "on", "running"),
        ({"total": 20}, BEFORE, 3, 20, None, "running"),
        ({"total": None}, BEFORE, 3, None, None, "running"),
        ({"done": None, "message": "?"}, BEFORE, None, 10, "?", "running"),
        ({"completed": True}, BEFORE, 3, 10, None, "completed"),
        ({"completed": True, "done": 10, "message": "ok"}, BEFORE, 10, 10, "ok", "completed"),
        ({"failed": "no space"}, BEFORE, 3, 10, "no space", "failed"),
        ({"failed": "no space"}, None, None, None, "no space", "failed"),
        ({"message": "again"}, ENDED, None, None, "again", "running"),
        ({"message": None}, BEFORE, 3, 10, None, "running"),
        ({"host": None}, None, None, None, None, "running"),
        ({"done": 0.5, "total": 1e9}, None, 0.5, 1e9, None, "running"),
    ],
)
def test_a_report_makes_a_step(
    report: dict[str, Any],
    before: Step | None,
    done: float | None,
    total: float | None,
    message: str | None,
    state: str,
) -> None:
    step = read_report(json.dumps(report).encode()).step("j", before, host="box", time=7.1234)
    assert (step.done, step.total, step.message, step.state) == (done, total, message, state)
    assert json.loads(step.event().data) == {
        **{"host": "box", "time": 7.123, "job": "j", "done": done, "total": total},
        **{"message": message, "state": state},
    }
    assert decode_step(step.event()) == step


@pytest.mark.parametrize(
    ("report", "status", "wrong_key"),
    [
        (b"", 400, None),
        (b"[]", 422, None),
        (b"{}", 422, None),
        (b'{"done":1,"done":2}', 422, None),
        (b'{"done":NaN}', 400, None),
        ({"dome": 1}, 422, "dome"),
        ({"done": -1}, 422, "done"),
        ({"done": "1"}, 422, "done"),
        ({"done": True}, 422, "done"),
        ({"total": []}, 422, "total"),
        ({"message": 5}, 422, "message"),
        ({"message": "x" * 4097}, 422, "message"),
        ({"completed": False}, 422, "completed"),
        ({"completed": 1}, 422, "completed"),
        ({"failed": ""}, 422, "failed"),
        ({"failed": True}, 422, "failed"),
        ({"failed": None}, 422, "failed"),
        ({"failed": "x", "message": "y"}, 422, "failed"),
        ({"failed": "x", "completed": True}, 422, "failed"),
        ({"host": "a b", "done": 1}, 422, "host"),
    ],
)
def test_a_wrong_report_is_refused_by_its_key(
    report: object, status: int, wrong_key: str | None
) -> None:
    body = report if isinstance(report, bytes) else json.dumps(report).encode()
    with pytest.raises(ClientError) as caught:
        read_report(body)
    assert (caught.value.status, caught.value.key) == (status, wrong_key)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ClientError, match=r"U\+D800"):
        read_report(b'{"message":"\\ud800"}')


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, ANYTHING)) | ANYTHING)
def test_whatever_is_reported_is_a_step_or_refused(report: Any) -> None:
    try:
        step = read_report(json.dumps(report).encode()).step("j", BEFORE, host="box", time=1)
        event = step.event()
    except ClientError:
        return
    assert decode_step(event) == step


@pytest.mark.parametrize(
    "event",
    [
        Event("box", "cpu", BEFORE.event().data),
        Event("box", "progress", "{}"),
        Event("box", "progress", "[]"),
        Event("box", "progress", BEFORE.event().data.replace('"running"', '"odd"')),
        Event("box", "progress", BEFORE.event().data.replace('"j"', '"a b"')),
        Event("box", "progress", BEFORE.event().data.replace(":3,", ':"3",')),
    ],
)
def test_an_event_that_only_has_the_name_is_no_step(event: Event) -> None:
    assert decode_step(event) is None


def test_the_page_of_events_has_the_fields_of_a_step() -> None:
    assert set(table("progress")) == {*Step.__struct_fields__} - {"host", "time"}


# Reporting over HTTP.


def report(service: Service, job: str, **fields: object) -> str:
    """ProgressReport a step; returns its id."""
    answer = send(service, job, fields)
    assert answer.status_code == 201, answer.text
    (event_id,) = answer.json()["ids"]
    assert isinstance(event_id, str)
    return event_id


def send(service: Service, job: str, body: object, **headers: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"} | headers
    content = body if isinstance(body, bytes) else json.dumps(body)
    return service.request("POST", f"/progress/{job}", content=content, headers=headers)


def steps_in_log(service: Service, job: str) -> list[dict[str, Any]]:
    return [row.data for row in service.logged("progress") if row.data["job"] == job]


def test_a_report_is_one_event_in_the_log(service: Service) -> None:
    event_id = report(service, "logged", done=1, total=2, message="é\n\u2028")
    (row,) = [row for row in service.logged("progress") if row.id == event_id]
    assert row.host == row.data["host"] == "box"
    assert abs(row.data["time"] - time.time()) < 60
    assert row.data == {
        **{"host": "box", "time": row.data["time"], "job": "logged", "done": 1, "total": 2},
        **{"message": "é\n\u2028", "state": "running", "publisher": "PUBLISH_TOKEN"},
    }
    report(service, "logged", host="web-1", completed=True)
    assert steps_in_log(service, "logged")[-1]["host"] == "web-1"


def test_what_is_left_out_is_as_in_the_step_before_of_any_worker(start_service: Start) -> None:
    service = start_service(workers=2)
    report(service, "carried", done=0, total=99)
    for number in range(1, 21):
        report(service, "carried", done=number)
        report(service, "carried", message="and")
    report(service, "carried", completed=True)
    report(service, "carried", message="a new run")
    told = [(step["done"], step["total"]) for step in steps_in_log(service, "carried")]
    steps = [(number, 99) for number in range(1, 21) for _ in range(2)]
    assert told == [(0, 99), *steps, (20, 99), (None, None)]


@pytest.mark.parametrize("job", ["a b", "a%2Fb", "é", "x" * 65, "a%0Ab"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_name_of_a_job_is_refused(service: Service, method: str, job: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = service.request(method, f"/progress/{job}", headers=headers, content=b"{}")
    if "%2F" in job:
        assert_is_problem(answer, 404)
    else:
        assert assert_is_problem(answer, 400)["key"] == "job"


def test_wrong_reports_are_refused(service: Service) -> None:
    assert assert_is_problem(send(service, "wrong", {"done": "x"}), 422)["key"] == "done"
    assert_is_problem(send(service, "wrong", {"message": "x" * 70_000}), 413)
    assert_is_problem(send(service, "wrong", {"done": 1}, **{"Content-Type": "text/x"}), 415)
    assert_is_problem(send(service, "wrong?x=1", {"done": 1}), 400)
    assert_is_problem(send(service, "wrong", b'{"message":"\\ud800"}'), 422)
    assert steps_in_log(service, "wrong") == []


def test_a_retried_report_is_one_step(service: Service) -> None:
    once = {"Idempotency-Key": "progress-1"}
    answers = [send(service, "retried", {"done": 1}, **once) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert len(steps_in_log(service, "retried")) == 1
    assert send(service, "retried-too", {"done": 1}, **once).status_code == 422


def test_who_may_report_and_who_may_watch(start_service: Start) -> None:
    service = start_service(READ_TOKEN=READ_TOKEN)
    report(service, "guarded", completed=True)
    for given_token in ("wrong", READ_TOKEN):
        answer = send(service, "guarded", {}, Authorization=f"Bearer {given_token}")
        assert_is_problem(answer, 401)
    for given_token in ("wrong", TOKEN):
        answer = service.get(
            "/progress/guarded", headers={"Authorization": f"Bearer {given_token}"}
        )
        assert_is_problem(answer, 401)
    answer = service.get("/progress/guarded", headers={"Authorization": f"Bearer {READ_TOKEN}"})
    assert "event: completed" in answer.text


def test_a_log_that_cannot_be_written_is_told(service: Service) -> None:
    with closing(sqlite3.connect(service.log_file, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        answer = send(service, "late", {"done": 1})
        database.execute("ROLLBACK")
    assert_is_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


# The stream of a job.


class Watcher:
    """One request for the stream of a job, read in a thread to its end."""

    def __init__(self, service: Service, job: str, after: str | None = None) -> None:
        self.events: list[Received] = []
        self.status = 0
        self.ended = threading.Event()
        self._socket: socket.socket | None = None
        self._url = f"{service.url}/progress/{job}"
        self._headers = {} if after is None else {"Last-Event-ID": after}
        self._client = httpx.Client(timeout=30)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        _watchers.append(self)

    def _run(self) -> None:
        try:
            with self._client.stream("GET", self._url, headers=self._headers) as response:
                self._socket = response.extensions["network_stream"].get_extra_info("socket")
                self.status = response.status_code
                if self.status == 200:
                    for event in EventSource(response).iter_sse():
                        received = Received(event.event, event.data, event.id, event.retry)
                        self.events.append(received)
        except (httpx.HTTPError, OSError):
            self.status = -1
        self.ended.set()

    def steps(self) -> list[tuple[str, str]]:
        """The events of the job that came: name and id."""
        return [(e.event, e.id) for e in self.reports()]

    def reports(self) -> list[Received]:
        """The same whole. httpx-sse makes an event of the `retry:` at the start, too."""
        return [e for e in list(self.events) if e.data and e.event != "heartbeat"]

    def wait_for(self, count: int) -> "Watcher":
        """Wait until so many steps have come."""
        wait_for(lambda: len(self.steps()) >= count, f"{count} steps")
        return self

    def wait_for_end(self) -> "Watcher":
        """Wait until the server has ended the stream."""
        assert self.ended.wait(30)
        return self

    def leave(self) -> None:
        """Leave, if the stream has not ended."""
        if self._socket is not None and not self.ended.is_set():
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already
        self._thread.join(30)
        self._client.close()


_watchers: list[Watcher] = []


@pytest.fixture(autouse=True)
def _everyone_leaves() -> Iterator[None]:
    yield
    while _watchers:
        _watchers.pop().leave()


def ten_steps(service: Service, job: str) -> list[str]:
    """ProgressReport a job of ten steps, which completes; returns the ids."""
    ids = [report(service, job, done=n, total=10, message=f"step {n}") for n in range(1, 11)]
    return [*ids, report(service, job, completed=True)]


def messages(ids: list[str], end: str = "completed") -> list[tuple[str, str]]:
    """The events of a job whose last step is its end."""
    return [*(("message", event_id) for event_id in ids[:-1]), (end, ids[-1])]


def test_each_step_is_a_message_and_the_end_an_event_of_its_own(service: Service) -> None:
    watcher = Watcher(service, "seed")

    def beats() -> list[Received]:
        return [event for event in list(watcher.events) if event.event == "heartbeat"]

    wait_for(lambda: len(beats()) > 1, "the heartbeats of a job that nobody has reported yet")
    assert abs(json.loads(beats()[0].data)["time"] - time.time()) < 60
    assert watcher.steps() == []
    ids = ten_steps(service, "seed")
    watcher.wait_for_end()
    assert watcher.steps() == messages(ids)
    steps = [json.loads(e.data) for e in watcher.reports()]
    assert steps == steps_in_log(service, "seed")
    assert [step["done"] for step in steps] == [*range(1, 11), 10]
    assert watcher.status == 200


def test_a_job_that_fails_ends_with_failed(service: Service) -> None:
    ids = [report(service, "bad", done=1), report(service, "bad", failed="no space left")]
    watcher = Watcher(service, "bad").wait_for_end()
    assert watcher.steps() == messages(ids, "failed")
    assert json.loads(watcher.events[-1].data)["message"] == "no space left"


def test_it_goes_on_after_an_id_and_ends_with_204_after_the_end(service: Service) -> None:
    ids = ten_steps(service, "resumed")
    for place in (0, 4, 9):
        watcher = Watcher(service, "resumed", ids[place]).wait_for_end()
        assert watcher.steps() == messages(ids[place + 1 :])
    later = report(service, "another", done=1)
    for after in (ids[-1], later):
        answer = service.get("/progress/resumed", headers={"Last-Event-ID": after})
        assert (answer.status_code, answer.content) == (204, b"")
    answer = service.get(f"/progress/resumed?last_event_id={ids[8]}")
    assert answer.text.count("\nid: ") == 2
    answer = service.get(f"/progress/resumed?last_event_id={ids[-1]}")
    assert answer.status_code == 204


@pytest.mark.parametrize("after", ["999999999999999-0", "0-1", "7", "none of ours", ""])
def test_after_an_id_that_is_not_this_logs_comes_a_gap_and_the_run(
    service: Service, after: str
) -> None:
    job = "goes-on" + "".join(filter(str.isalnum, after))
    ids = [report(service, job, done=n) for n in range(2)]
    watcher = Watcher(service, job, after).wait_for(3)
    ids.append(report(service, job, completed=True))
    assert watcher.wait_for_end().steps() == [("gap", ""), *messages(ids)]
    since = json.loads(watcher.reports()[0].data)["from"]
    assert (since is not None) == ("-" in after)
    again = Watcher(service, job, after).wait_for_end()  # EventSource gives up at any other status
    assert (again.status, again.steps()) == (200, [("gap", ""), *messages(ids)])
    waits = Watcher(service, f"{job}-next", after).wait_for(1)
    first = report(service, f"{job}-next", completed=True)
    assert waits.wait_for_end().steps() == [("gap", ""), *messages([first])]


@pytest.mark.parametrize("key", ["last_event_id", "lastEventId", "lastEventID"])
def test_an_id_in_the_query_of_a_polyfill(service: Service, key: str) -> None:
    ids = ten_steps(service, f"polyfill-{key}")
    answer = service.get(f"/progress/polyfill-{key}?{key}={ids[7]}&_=1")
    assert re.findall("^id: (.*)$", answer.text, re.MULTILINE) == ids[8:]


def test_only_the_jobs_own_steps_come(service: Service) -> None:
    watchers = [Watcher(service, f"side-{n}") for n in range(2)]
    ids: list[list[str]] = [[], []]
    service.append("progress", nothing="of a step")
    for number in range(5):
        for side in range(2):
            ids[side].append(report(service, f"side-{side}", done=number))
    for side in range(2):
        ids[side].append(report(service, f"side-{side}", completed=True))
        assert watchers[side].wait_for_end().steps() == messages(ids[side])


def test_a_job_that_is_reported_anew_starts_again(service: Service) -> None:
    first = ten_steps(service, "nightly")
    again = [report(service, "nightly", done=1), report(service, "nightly", done=2)]
    watcher = Watcher(service, "nightly").wait_for(2)
    assert watcher.steps() == [("message", event_id) for event_id in again]
    # One who was in the first run is told the rest of it, and its end; then he is done.
    before = Watcher(service, "nightly", first[7]).wait_for_end()
    assert before.steps() == messages(first[8:])
    answer = service.get("/progress/nightly", headers={"Last-Event-ID": first[-1]})
    assert answer.status_code == 204
    again.append(report(service, "nightly", failed="stopped"))
    assert watcher.wait_for_end().steps() == messages(again, "failed")


def test_a_job_of_hours_ago_comes_from_its_beginning(make_service: Start) -> None:
    service = make_service(RETENTION="6h")

    def step(number: int, state: str = "running") -> tuple[str, str, dict[str, Any]]:
        fields = {"job": "old", "done": number, "total": 700, "message": None, "state": state}
        return "progress", "box", fields

    service.clock_offset = -4 * 3600
    samples = [("cpu", "box", {"percent": 1})] * 1500
    ids = []
    for start in range(0, 700, 100):
        ids += service.append_all([step(n) for n in range(start, start + 100)])
        service.append_all(samples)
    service.clock_offset = -3 * 3600
    ids += service.append_all([step(700, "completed")])
    service.start()
    assert Watcher(service, "old").wait_for_end().steps() == messages(ids)
    assert Watcher(service, "old", ids[650]).wait_for_end().steps() == messages(ids[651:])


def test_the_headers_are_those_of_every_event_stream(service: Service) -> None:
    report(service, "headers", completed=True)

    def headers(method: str, path: str) -> dict[str, str]:
        url = f"{service.url}{path}"
        with httpx.stream(method, url, headers={"Accept-Encoding": "identity"}) as answer:
            assert answer.status_code == 200
            unlike = {"date", "vary", "connection", "transfer-encoding", "server"}
            return {name: value for name, value in answer.headers.items() if name not in unlike}

    assert headers("GET", "/progress/headers") == headers("GET", "/stream")
    assert headers("HEAD", "/progress/headers") == headers("HEAD", "/stream")
    assert headers("GET", "/progress/headers")["x-accel-buffering"] == "no"


def test_the_pause_before_coming_back_is_told(service: Service) -> None:
    report(service, "pause", completed=True)
    assert service.get("/progress/pause").text.startswith("retry: ")


@pytest.mark.parametrize("query", ["?last=1-1", "?events=cpu", "?lastEventId=1-1&lastEventId=1-2"])
def test_wrong_queries_are_refused(service: Service, query: str) -> None:
    assert_is_problem(service.get(f"/progress/query{query}"), 400)


def test_a_place_is_taken_and_given_back(start_service: Start) -> None:
    service = start_service(MAX_STREAMS=1)
    watcher = Watcher(service, "place")
    wait_for(lambda: service.total("vitals_streams") == 1, "the stream")
    busy = service.get("/progress/place")
    assert busy.status_code == 200
    assert "event: busy" in busy.text
    report(service, "place", completed=True)
    watcher.wait_for_end()
    wait_for(lambda: service.total("vitals_streams") == 0, "the place")
    for _ in range(3):
        assert service.request("HEAD", "/progress/place").status_code == 200
        assert "event: completed" in service.get("/progress/place").text
    assert service.total("vitals_streams") == 0
    with service.dial() as leaving:
        leaving.sendall(b"GET /progress/nobody HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: service.total("vitals_streams") == 1, "the stream")
    wait_for(lambda: service.total("vitals_streams") == 0, "the place of one who left")


def test_while_the_log_cannot_be_read_a_browser_is_asked_to_come_back(make_service: Start) -> None:
    service = make_service(INTERVAL=3600)
    service.log_file.mkdir()
    service.start()
    # Any other status than 200, and EventSource would give up for good.
    answer = service.get("/progress/unknown")
    assert answer.status_code == 200
    assert answer.text.startswith("retry: ")
    assert int(answer.text.split()[1]) >= 500
    assert_is_problem(send(service, "unknown", {"done": 1}), 503)
    service.log_file.rmdir()
    wait_for(lambda: send(service, "unknown", {"done": 1}).status_code == 201, "the log")

    def step_came() -> bool:
        watcher = Watcher(service, "unknown")
        wait_for(lambda: watcher.steps() or watcher.ended.is_set(), "a step, or the end")
        assert watcher.status == 200
        return bool(watcher.steps())

    # Whom the worker serves before it follows the new log is asked to come back once more.
    wait_for(step_came, "the step")


@pytest.mark.parametrize("sig", [signal.SIGHUP, signal.SIGTERM])
def test_a_worker_that_is_told_to_go_ends_its_streams(start_service: Start, sig: int) -> None:
    patient = ("--graceful-timeout", "60")  # gunicorn, with streams that don't end
    service = start_service(HEARTBEAT=60, arguments=patient)
    report(service, "stopped", done=1)
    watcher = Watcher(service, "stopped").wait_for(1)
    waiting = Watcher(service, "nobody-reports-it")
    wait_for(lambda: service.total("vitals_streams") == 2, "both streams")
    workers = service.worker_pids()
    os.kill(service.pid, sig)
    assert watcher.ended.wait(20)
    assert waiting.ended.wait(20)
    assert [watcher.status, waiting.status] == [200, 200], "the streams broke off"
    if sig == signal.SIGHUP:
        wait_for(lambda: not set(workers) & set(service.worker_pids()), "the old worker to go")
        wait_for(service.answers, "the new worker")
        end = report(service, "stopped", completed=True)
        again = Watcher(service, "stopped", watcher.steps()[-1][1]).wait_for_end()
        assert again.steps() == [("completed", end)]


def test_a_step_that_another_worker_takes_reaches_every_watcher(start_service: Start) -> None:
    service = start_service(workers=3)
    watchers = [Watcher(service, "shared") for _ in range(12)]
    wait_for(lambda: service.total("vitals_streams") == 12, "all streams")
    ids = ten_steps(service, "shared")
    for watcher in watchers:
        assert watcher.wait_for_end().steps() == messages(ids)
    held = {
        labels["worker"] for labels, count in service.metric("vitals_streams_opened_total") if count
    }
    assert len(held) > 1, "one worker had all streams"


# From Python.


@pytest.fixture
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log that the settings of this process name."""
    path = tmp_path / "events.db"
    for name in [name for name in os.environ if name.startswith("DASHBOARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DASHBOARD_LOG", f"sqlite:///{path}")
    monkeypatch.setenv("DASHBOARD_HOST_NAME", "script-host")
    return path


def told(path: Path) -> list[dict[str, Any]]:
    """The data of what is in a log."""
    log = SQLiteLog(path, retention=1e11)
    events = log.read_after(EventId(0, 0), 1000)
    log.close()
    assert all(decode_step(event) is not None for event in events)
    return [json.loads(event.data) for event in events]


def test_a_script_reports_its_steps_and_its_end(log_file: Path) -> None:
    with progress("backup", total=3) as job:
        for number in range(3):
            job.step(f"copied {number}")
    steps = told(log_file)
    assert [(s["done"], s["total"], s["state"]) for s in steps] == [
        *((1, 3, "running"), (2, 3, "running"), (3, 3, "running")),
        (3, 3, "completed"),
    ]
    assert [s["message"] for s in steps] == ["copied 0", "copied 1", "copied 2", None]
    assert {s["host"] for s in steps} == {"script-host"}
    assert {s["job"] for s in steps} == {"backup"}


def test_done_and_total_may_be_told(log_file: Path) -> None:
    with progress("copy", host="web-1") as job:
        job.step(done=512, total=2048)
        job.step("more", done=1024.5)
    steps = told(log_file)
    assert [(s["done"], s["total"]) for s in steps] == [(512, 2048), (1024.5, 2048), (1024.5, 2048)]
    assert {s["host"] for s in steps} == {"web-1"}


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt(), SystemExit(1)])
def test_an_exception_is_reported_and_goes_on_its_way(log_file: Path, error: BaseException) -> None:
    def fail() -> None:
        with progress("backup") as job:
            job.step("one")
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    last = told(log_file)[-1]
    assert last["state"] == "failed"
    assert last["message"].startswith(type(error).__name__)
    assert str(error) in last["message"]


def test_a_message_may_hold_the_names_of_files(log_file: Path) -> None:
    with progress("names") as job:
        job.step(os.fsdecode(b"copied \xff.txt"))
        job.step("x" * 10_000)
    messages = [step["message"] for step in told(log_file)]
    assert messages[0] == "copied \\udcff.txt"
    assert len(messages[1]) == 4096


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "a\n"])
def test_a_wrong_name_is_refused(log_file: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a job"):
        progress(name)


def test_wrong_numbers_and_the_wrong_time_are_refused(log_file: Path) -> None:
    with pytest.raises(ValueError, match="total=-1"):
        progress("j", total=-1)
    with pytest.raises(ValueError, match="no host name"):
        progress("j", host="a b")
    job = progress("j")
    with pytest.raises(RuntimeError, match="does not run"):
        job.step()
    with job, pytest.raises(ValueError, match="done=nan"):
        job.step(done=float("nan"))
    with pytest.raises(RuntimeError, match="does not run"):
        job.step()


def test_a_log_that_cannot_be_written_does_not_stop_the_job(
    log_file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> int:
        with progress("backup") as job:
            job.step("one")
            return 5

    # A folder where the file should be, and then a file where its folder should be.
    log_file.mkdir()
    with caplog.at_level(logging.WARNING):
        assert work() == 5
    assert "not reported" in caplog.text
    (log_file.parent / "plain").touch()
    monkeypatch.setenv("DASHBOARD_LOG", f"sqlite:///{log_file.parent}/plain/events.db")
    assert work() == 5
    assert "no progress is reported" in caplog.text


def test_the_end_is_reported_as_soon_as_the_log_can_be_written(log_file: Path) -> None:
    with closing(sqlite3.connect(log_file, isolation_level=None, check_same_thread=False)) as other:
        with progress("backup") as job:
            job.step("one")
            other.execute("BEGIN IMMEDIATE")
            release = threading.Timer(1.5, lambda: other.execute("ROLLBACK"))
            release.start()
        release.join()
    assert [step["state"] for step in told(log_file)] == ["running", "completed"]


def test_a_script_deletes_nothing_whatever_it_thinks_of_the_retention(log_file: Path) -> None:
    log = SQLiteLog(log_file, retention=1e11, clock=lambda: time.time() - 30 * 86400)
    log.append([BEFORE.event()])
    log.close()
    with progress("backup") as job:
        job.step()
    assert len(told(log_file)) == 3


def test_a_script_imports_no_flask_and_needs_no_service(log_file: Path) -> None:
    script = (
        "from dashboard.jobs.reporter import progress\n"
        "with progress('script', total=2) as job:\n"
        "    job.step('one')\n"
        "    job.step('two')\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
    assert [step["state"] for step in told(log_file)] == ["running", "running", "completed"]


def test_background_workers_in_the_service_report(make_service: Start) -> None:
    configuration = str(ROOT / "tests" / "support" / "reporting_conf.py")
    service = make_service(arguments=("-c", configuration)).start()
    for job in ("in-a-greenlet", "in-a-thread", "in-a-native-thread"):
        watcher = Watcher(service, job).wait_for_end()
        assert [name for name, _ in watcher.steps()] == ["message"] * 3 + ["completed"]
        assert [step["done"] for step in steps_in_log(service, job)] == [1, 2, 3, 3]


# In a browser.


class Pages(SimpleHTTPRequestHandler):
    """The folder examples/, and an empty page, from another origin than the service's."""

    def do_GET(self) -> None:
        if self.path != "/empty":
            super().do_GET()
            return
        body = b"<!doctype html><link rel=icon href=data:,>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """The origin of the example pages."""
    handler = partial(Pages, directory=str(ROOT / "examples"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, pages: str, way: dict[str, object]
) -> Iterator[Service]:
    """A service whose streams the example pages may read."""
    settings = way | {"ALLOWED_ORIGINS": pages}
    service = Service(tmp_path_factory.mktemp("watched"), workers=1, **settings)
    yield service.start()
    service.close()


KEEP_ALL = """() => {
    window.got = [];
    const Plain = window.EventSource;
    window.EventSource = class extends Plain {
        constructor(...given) {
            super(...given);
            window.sources = [...(window.sources ?? []), this];
            for (const name of ["message", "completed", "failed"]) {
                this.addEventListener(name, (e) => window.got.push([e.type, e.lastEventId]));
            }
        }
    };
}"""


def open_example(page: Page, pages: str, service: Service, job: str) -> None:
    page.add_init_script(f"({KEEP_ALL})()")
    page.goto(f"{pages}/progress.html?job={job}&server={service.url}")


def got(page: Page) -> list[tuple[str, str]]:
    return [(name, event_id) for name, event_id in page.evaluate("window.got")]


def test_the_example_shows_ten_steps_and_closes_at_the_end(
    watched: Service, pages: str, page: Page
) -> None:
    opened = watched.total("vitals_streams_opened_total")
    open_example(page, pages, watched, "seed")
    wait_for(lambda: watched.total("vitals_streams") == 1, "the page's stream")
    ids = ten_steps(watched, "seed")
    page.wait_for_selector("html[data-state=completed]")
    assert got(page) == messages(ids)
    assert page.locator("#steps li").all_inner_texts() == [f"step {n}" for n in range(1, 11)]
    assert page.evaluate("document.getElementById('bar').value") == 1
    assert page.evaluate("sources.map((source) => source.readyState)") == [2], "not closed"
    wait_for(lambda: watched.total("vitals_streams") == 0, "the stream to end")
    # Were it to come back it would do so after 300 ms at most.
    page.wait_for_timeout(1000)
    assert watched.total("vitals_streams_opened_total") == opened + 1
    assert got(page) == messages(ids)


def test_the_example_shows_a_failure(watched: Service, pages: str, page: Page) -> None:
    open_example(page, pages, watched, "failing")
    report(watched, "failing", done=1, total=4, message="<b>one</b>")
    report(watched, "failing", failed="<i>no space</i>")
    page.wait_for_selector("html[data-state=failed]")
    assert page.inner_text("#state") == "Failed: <i>no space</i>"
    assert page.locator("#steps li").all_inner_texts() == ["<b>one</b>"]
    assert page.evaluate("document.getElementById('bar').value") == 0.25
    assert page.evaluate("sources.map((source) => source.readyState)") == [2]


def test_a_page_that_does_not_close_is_told_that_there_is_no_more(
    watched: Service, pages: str, page: Page
) -> None:
    statuses: list[int] = []

    def note(answer: BrowserResponse) -> None:
        if "/progress/" in answer.url:
            statuses.append(answer.status)

    page.on("response", note)
    page.add_init_script(f"({KEEP_ALL})()")
    page.goto(f"{pages}/empty")
    url = f"{watched.url}/progress/careless"
    page.evaluate("(url) => { window.source = new EventSource(url); }", url)
    ids = ten_steps(watched, "careless")
    page.wait_for_function("window.source.readyState === EventSource.CLOSED")
    assert got(page) == messages(ids)
    assert statuses == [200, 204]


def test_no_step_is_lost_or_doubled_when_the_server_is_killed_in_the_middle(
    pages: str, page: Page, page_errors: list[str], start_service: Start
) -> None:
    service = start_service(ALLOWED_ORIGINS=pages)
    open_example(page, pages, service, "killed")
    ids = [report(service, "killed", done=n, total=10, message=f"step {n}") for n in range(1, 6)]
    wait_for(lambda: len(got(page)) == 5, "five steps")
    service.stop(signal.SIGKILL)
    page.wait_for_selector("html[data-state=lost]")
    service.start()
    ids += [report(service, "killed", done=n, message=f"step {n}") for n in range(6, 11)]
    ids.append(report(service, "killed", completed=True))
    page.wait_for_selector("html[data-state=completed]")
    assert got(page) == messages(ids)
    assert page.locator("#steps li").all_inner_texts() == [f"step {n}" for n in range(1, 11)]
    assert sorted(ids, key=key) == ids
    assert page.evaluate("sources.map((source) => source.readyState)") == [2]
    page.wait_for_timeout(1000)
    wait_for(lambda: service.total("vitals_streams") == 0, "the stream to end")
    assert got(page) == messages(ids)
    assert all("ERR_" in error for error in page_errors), page_errors
    page_errors.clear()  # the browser reports each connection that was refused
