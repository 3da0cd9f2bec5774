"""POST /events: what is taken, what is refused and why, and that a retry is logged once."""

import json
import os
import re
import signal
import socket
import sqlite3
import threading
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import ClientError
from dashboard.events.encoded import Encoded
from dashboard.events.event import HOST, NAME, PROTOCOL_NAMES, Event, EventId
from dashboard.events.strict_json import MOST_DEPTH
from dashboard.metrics import FAMILIES
from dashboard.publications import MOST_BYTES, MOST_EVENT_BYTES, MOST_EVENTS, read_events
from tests.support import sse_reading
from tests.support.service import ROOT, Reader, Service, data, key, wait_for
from tests.web.test_problems import assert_is_problem

TOKEN = "publish-me-if-you-can"
READ_TOKEN = "read-me-if-you-can"
NOW = 1_795_330_299.5
Start = Callable[..., Service]


@pytest.fixture(scope="module")
def way() -> dict[str, object]:
    return {"PUBLISH_TOKEN": TOKEN}


# What is taken: pure.


def read(body: object, *, lines: bool = False) -> list[Event]:
    """The events of a body, which is bytes or what JSON is made of."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_events(raw, lines=lines, host="box", now=NOW)


def refusal(body: object, *, lines: bool = False) -> ClientError:
    """Why a body is refused."""
    with pytest.raises(ClientError) as caught:
        read(body, lines=lines)
    error = caught.value
    assert 400 <= error.status < 500
    error.detail.encode()
    (error.key or "").encode()
    return error


def logged(event: Event) -> tuple[str, str | None, dict[str, Any]]:
    return event.host, event.name, json.loads(event.data)


@pytest.mark.parametrize(
    ("given_event", "wanted"),
    [
        ({"data": {}}, ("box", None, {"host": "box", "time": NOW})),
        ({"data": {"a": 1}}, ("box", None, {"host": "box", "time": NOW, "a": 1})),
        ({"event": "deploy", "data": {}}, ("box", "deploy", {"host": "box", "time": NOW})),
        ({"event": None, "host": None, "time": None, "data": {}}, None),
        ({"event": "message", "data": {}}, None),
        ({"host": "web-1", "data": {}}, ("web-1", None, {"host": "web-1", "time": NOW})),
        ({"data": {"host": "web-1"}}, ("web-1", None, {"host": "web-1", "time": NOW})),
        ({"time": 12, "data": {}}, ("box", None, {"host": "box", "time": 12})),
        ({"data": {"time": 12.5}}, ("box", None, {"host": "box", "time": 12.5})),
        ({"time": 12, "data": {"time": 12}}, ("box", None, {"host": "box", "time": 12})),
        ({"data": {"": None, "id": "1-1"}}, None),
        ({"event": "screens", "data": {}}, ("box", "screens", {"host": "box", "time": NOW})),
    ],
)
def test_an_event_is_taken(
    given_event: dict[str, Any], wanted: tuple[str, str | None, dict[str, Any]] | None
) -> None:
    own = {name: value for name, value in given_event["data"].items() if value is not None}
    if wanted is None:
        wanted = ("box", None, {"host": "box", "time": NOW, **given_event["data"]})
    (event,) = read(given_event)
    assert logged(event) == wanted
    assert own.items() <= json.loads(event.data).items()
    assert list(json.loads(event.data))[:2] == ["host", "time"]


@pytest.mark.parametrize("host", ["größe-1", "機械.b", "हिन्दी", "ПК_2"])
@pytest.mark.parametrize("is_inside", [True, False])
def test_a_host_has_letters_of_any_script_and_one_form(host: str, is_inside: bool) -> None:
    apart = unicodedata.normalize("NFD", host)
    (event,) = read({"data": {"host": apart}} if is_inside else {"host": apart, "data": {}})
    assert logged(event) == (host, None, {"host": host, "time": NOW})


def test_a_list_and_lines_are_taken_in_their_order() -> None:
    events = [{"event": f"e{n}", "data": {"n": n}} for n in range(5)]
    lines = b"\r\n\n".join(json.dumps(event).encode() for event in events)
    for found in (read(events), read(lines, lines=True), read(lines + b"\n", lines=True)):
        assert [event.name for event in found] == ["e0", "e1", "e2", "e3", "e4"]
        assert [json.loads(event.data)["n"] for event in found] == list(range(5))
    assert len(read(b' [ {"data":{}} , {"data":{}} ] ')) == 2


def test_an_event_that_came_from_a_stream_can_be_passed_on_as_it_is() -> None:
    (event,) = read({"event": "deploy", "host": "web-1", "data": {"version": "1"}})
    (again,) = read({"event": event.name, "data": json.loads(event.data)})
    assert again == event


NESTED = json.loads("[" * MOST_DEPTH + "]" * MOST_DEPTH)


@pytest.mark.parametrize(
    ("body", "status", "wrong_key", "words"),
    [
        (b"", 400, None, "not JSON"),
        (b"{", 400, None, "not JSON"),
        (b'{"data":{}} {"data":{}}', 400, None, "something follows"),
        (b'[{"data":{}}', 400, None, "no end"),
        (b'[{"data":{}}] 1', 400, None, "something follows"),
        (b'{"data":{},}', 400, None, "not JSON"),
        (b"{'data':{}}", 400, None, "not JSON"),
        (b'{"data":{"a":"\n"}}', 400, None, "control character"),
        (b'{"data":{"a":NaN}}', 400, None, "NaN"),
        (b'{"data":{"a":-Infinity}}', 400, None, "-Infinity"),
        (b'{"data":{"a":01}}', 400, None, "not JSON"),
        (b'{"data":{"a":"\xff"}}', 400, None, "UTF-8"),
        (b'{"data":{"a":"\xed\xa0\x80"}}', 400, None, "UTF-8"),
        ('{"data":{}}'.encode("utf-16"), 400, None, "UTF-8"),
        (b'\xef\xbb\xbf{"data":{}}', 400, None, "not JSON"),
        (b'{"data":{"a":"\\ud800"}}', 422, None, "U+D800"),
        (b'{"data":{"\\udfff":1}}', 422, None, "U+DFFF"),
        (b'{"\\udfff":1}', 422, "\\udfff", "unknown key"),
        (b'{"data":{"a":1,"a":1}}', 422, None, "'a' is there twice"),
        (b'{"data":{},"data":{}}', 422, None, "'data' is there twice"),
        (b'{"data":{"a":18446744073709551616}}', 422, None, "2^53"),
        (b'{"data":{"a":9007199254740993}}', 422, None, "2^53"),
        (b'{"data":{"a":-9007199254740993}}', 422, None, "2^53"),
        (b'{"data":{"a":[18446744073709551615]}}', 422, None, "2^53"),
        (b'{"data":{"a":-9223372036854775809}}', 422, None, "2^53"),
        (b'{"data":{"a":' + b"9" * 100_000 + b"}}", 422, None, "100000 characters"),
        (b'{"data":{"a":1e309}}', 422, None, "1e309"),
        (b'{"data":{"a":-1e999999999}}', 422, None, "out of range"),
        (b"[" * 500_000 + b"]", 422, None, "32 deep"),
        ({"data": {"a": NESTED}}, 422, None, "32 deep"),
        (5, 422, None, "an event is an object"),
        ("data", 422, None, "an event is an object"),
        (None, 422, None, "an event is an object"),
        ({}, 422, "data", "data is missing"),
        ({"data": []}, 422, "data", "an object is wanted"),
        ({"data": "{}"}, 422, "data", "an object is wanted"),
        ({"data": None}, 422, "data", "an object is wanted"),
        ({"data": {}, "id": "1-1"}, 422, "id", "allowed: event, host, time, data"),
        ({"data": {}, "x" * 100_000: 1}, 422, "x" * 64, "unknown key"),
        ({"data": {}, "event": ""}, 422, "event", "a-z"),
        ({"data": {}, "event": "Deploy"}, 422, "event", "a-z"),
        ({"data": {}, "event": "a\nid: 9"}, 422, "event", "a-z"),
        ({"data": {}, "event": "a\r"}, 422, "event", "a-z"),
        ({"data": {}, "event": "a\0"}, 422, "event", "a-z"),
        ({"data": {}, "event": "a\u2028"}, 422, "event", "a-z"),
        ({"data": {}, "event": "e" * 65}, 422, "event", "64"),
        ({"data": {}, "event": ["deploy"]}, 422, "event", "a-z"),
        ({"data": {}, "event": True}, 422, "event", "a-z"),
        ({"data": {}, "event": "screen.lobby"}, 422, "event", "reserved"),
        ({"data": {}, "event": "screen."}, 422, "event", "reserved"),
        ({"data": {}, "event": "error"}, 422, "event", "reserved"),
        ({"data": {}, "host": ""}, 422, "host", "host name"),
        ({"data": {}, "host": "a b"}, 422, "host", "host name"),
        ({"data": {}, "host": "a\n"}, 422, "host", "host name"),
        ({"data": {}, "host": "a\u202eb"}, 422, "host", "host name"),
        ({"data": {}, "host": "a\u2028b"}, 422, "host", "host name"),
        ({"data": {}, "host": "a\u200bb"}, 422, "host", "host name"),
        ({"data": {}, "host": "\ufeffa"}, 422, "host", "host name"),
        ({"data": {}, "host": "h" * 254}, 422, "host", "253"),
        ({"data": {"host": 5}}, 422, "host", "host name"),
        ({"data": {"host": "a"}, "host": "b"}, 422, "host", "twice"),
        ({"data": {}, "time": -1}, 422, "time", "seconds"),
        ({"data": {}, "time": 1_795_330_299_500}, 422, "time", "milliseconds"),
        ({"data": {}, "time": "now"}, 422, "time", "seconds"),
        ({"data": {}, "time": True}, 422, "time", "seconds"),
        ({"data": {"time": {}}}, 422, "time", "seconds"),
        ({"data": {"time": 1}, "time": 2}, 422, "time", "twice"),
        ({"data": {"a": "x" * MOST_EVENT_BYTES}}, 413, "data", "65536"),
        ([], 422, None, "at least one"),
    ],
)
def test_what_is_refused_is_named(
    body: object, status: int, wrong_key: str | None, words: str
) -> None:
    error = refusal(body)
    assert error.status == status
    assert error.key == wrong_key
    assert words in error.detail
    assert len(error.detail) < 500


@pytest.mark.parametrize(
    "name", sorted({family.name for family in FAMILIES} | PROTOCOL_NAMES | {"open", "error"})
)
def test_names_that_mean_something_else_are_reserved(name: str) -> None:
    error = refusal({"event": name, "data": {}})
    assert (error.status, error.key) == (422, "event")
    assert read({"event": name + "s", "data": {}})


@pytest.mark.parametrize("lines", [False, True])
def test_the_place_in_a_batch_is_named(lines: bool) -> None:
    def batch(*wrong: bytes) -> bytes:
        parts = [b'{"data":{}}', b'{"data":{"n":1}}', *wrong, b'{"data":{}}']
        return b"\n".join(parts) if lines else b"[" + b",".join(parts) + b"]"

    assert len(read(batch(), lines=lines)) == 3
    for wrong in (b"{", b'{"data":{"a":1,"a":1}}', b"[]", b'{"data":{},"event":"cpu"}', b"NaN"):
        error = refusal(batch(wrong), lines=lines)
        assert error.index == 2
        assert error.detail.startswith("event 2: ")
    assert refusal(batch(b'{"data":{},"event":"cpu"}'), lines=lines).key == "event"


def test_a_batch_has_its_bounds() -> None:
    event: dict[str, Any] = {"data": {}}
    assert len(read([event] * MOST_EVENTS)) == MOST_EVENTS
    assert refusal([event] * (MOST_EVENTS + 1)).status == 413
    lines = b'{"data":{}}\n' * MOST_EVENTS
    assert len(read(lines, lines=True)) == MOST_EVENTS
    assert refusal(lines + b'{"data":{}}', lines=True).status == 413
    assert refusal(b"\n \n", lines=True).detail == "an empty batch: it has at least one event"
    room = MOST_EVENT_BYTES - len(read({"data": {"a": ""}})[0].data)
    assert len(read({"data": {"a": "x" * room}})[0].data) == MOST_EVENT_BYTES
    assert refusal({"data": {"a": "x" * (room + 1)}}).status == 413


# What is taken: anything.

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 53), 1 << 53)
    | st.integers(-(1 << 52), 1 << 52).map(lambda number: 2048 * number)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
FRAGMENTS = st.sampled_from(
    [
        *('{"data":', "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "d800", "\n", "\r", "\0"),
        *('"event":', '"host":"a"', '"time":1', '"data":{}', "NaN", "null", "1e999", "9" * 30),
        *("id: 1", "\u2028"),
    ]
)


def assert_one_event_on_the_wire(event: Event) -> None:
    """A reader of the standard's gets this event, with this id, and nothing else."""
    sent = Encoded.of(Event(event.host, event.name, event.data, EventId(7, 1))).wire
    reading = sse_reading.read(sent)
    assert reading.events == [sse_reading.Received(event.name or "message", event.data, "7-1")]
    assert reading.retries == []


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_any_object_comes_out_as_it_went_in(fields: dict[str, Any]) -> None:
    fields = {name: value for name, value in fields.items() if name not in ("host", "time")}
    for ascii_only in (True, False):
        body = json.dumps({"data": fields}, ensure_ascii=ascii_only).encode()
        (event,) = read(body)
        assert json.loads(event.data) == {"host": "box", "time": NOW, **fields}
        # A browser reads all numbers as doubles.
        as_read = json.loads(event.data, parse_int=float)
        assert as_read == {"host": "box", "time": NOW, **fields}
        assert_one_event_on_the_wire(event)


@given(
    st.fixed_dictionaries(
        {}, optional={"event": ANYTHING, "host": ANYTHING, "time": ANYTHING, "data": ANYTHING}
    )
    | ANYTHING,
    st.booleans(),
)
def test_whatever_is_sent_is_taken_whole_or_refused(body: Any, lines: bool) -> None:
    raw = json.dumps(body).encode()
    try:
        events = read(raw, lines=lines)
    except ClientError:
        refusal(raw, lines=lines)
        return
    for event in events:
        assert HOST.fullmatch(event.host)
        assert event.name is None or NAME.fullmatch(event.name)
        assert_one_event_on_the_wire(event)


@given(st.lists(FRAGMENTS, max_size=12).map("".join), st.booleans())
def test_pieces_of_json_are_taken_or_refused(text: str, lines: bool) -> None:
    try:
        events = read(text.encode(), lines=lines)
    except ClientError:
        refusal(text.encode(), lines=lines)
        return
    for event in events:
        assert_one_event_on_the_wire(event)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_taken_or_refused(body: bytes, lines: bool) -> None:
    try:
        read(body, lines=lines)
    except ClientError:
        refusal(body, lines=lines)


# Over HTTP.


def post(service: Service, body: object, **headers: str) -> httpx.Response:
    """POST to /events with the token, unless the headers say otherwise."""
    sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return service.request("POST", "/events", content=content, headers=sent)


def ids(response: httpx.Response) -> list[str]:
    """The ids of an answer that says that everything was logged."""
    assert response.status_code == 201, response.text
    assert "location" not in response.headers
    found = response.json()["ids"]
    assert [str(EventId.parse(one)) for one in found] == found
    assert found == sorted(set(found), key=key)
    return list(found)


def test_what_is_published_reaches_a_reader(service: Service, read: Callable[..., Reader]) -> None:
    reader = read(service, "?events=deploy,message")
    reader.wait_for(1, "hello")
    given_ids = ids(post(service, {"event": "deploy", "data": {"version": "1.2"}}))
    given_ids += ids(post(service, [{"data": {"n": 1}}, {"event": "deploy", "data": {"n": 2}}]))
    lines = b'{"data":{"n":3}}\n{"data":{"n":4},"host":"web-1","time":12}\n'
    given_ids += ids(post(service, lines, Content_Type="application/x-ndjson; charset=utf-8"))
    reader.wait_for_id(given_ids[-1])
    got = [event for event in reader.logged() if event.id in given_ids]
    assert [event.id for event in got] == given_ids
    assert [event.event for event in got] == ["deploy", "message", "deploy", "message", "message"]
    assert data(got[0])["version"] == "1.2"
    assert data(got[0])["host"] == "box"
    assert data(got[4]) == {"host": "web-1", "time": 12, "n": 4}
    row = next(row for row in service.logged() if row.id == given_ids[4])
    assert (row.host, row.name) == ("web-1", "")


def test_the_time_is_the_servers_where_none_is_given(service: Service) -> None:
    before = service.json("/alerts")["time"]
    (event_id,) = ids(post(service, {"event": "timed", "data": {}}))
    after = service.json("/alerts")["time"]
    (row,) = [row for row in service.logged("timed") if row.id == event_id]
    assert before <= row.data["time"] <= after


def test_a_batch_with_a_mistake_leaves_nothing(service: Service) -> None:
    batch = [{"event": "half", "data": {}}] * 3 + [{"event": "cpu", "data": {}}]
    document = assert_is_problem(post(service, batch), 422)
    assert document["index"] == 3
    assert document["key"] == "event"
    assert service.logged("half") == []


def test_a_large_batch_is_refused_with_its_reason_too(service: Service) -> None:
    batch = [{"event": "half", "data": {"a": "x" * 1000}}] * 100 + [{"data": 1}]
    document = assert_is_problem(post(service, batch), 422)
    assert document["index"] == 100
    assert service.logged("half") == []
    assert len(ids(post(service, batch[:-1]))) == 100


@pytest.mark.parametrize("given_type", ["", "application/x-www-form-urlencoded"])
def test_who_does_not_say_what_it_is_is_read_as_json(service: Service, given_type: str) -> None:
    assert ids(post(service, {"data": {}}, Content_Type=given_type))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "text/plain"),
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "application/json; charset=utf-16"),
        ("Content-Encoding", "gzip"),
    ],
)
def test_other_kinds_of_bodies_are_refused(service: Service, name: str, value: str) -> None:
    document = assert_is_problem(post(service, {"data": {}}, **{name: value}), 415)
    assert document["key"] == name


def test_a_query_is_refused(service: Service) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = service.request("POST", "/events?x=1", content=b'{"data":{}}', headers=headers)
    assert assert_is_problem(answer, 400)["key"] == "x"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_post_is_allowed(service: Service, method: str) -> None:
    answer = service.request(method, "/events")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}


# Who may.


@pytest.mark.parametrize(
    "given_token",
    ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer é"],
)
def test_publishing_needs_its_token(service: Service, given_token: str) -> None:
    raw = given_token.encode("latin-1")
    answer = httpx.post(f"{service.url}/events", content="{}", headers={b"Authorization": raw})
    assert_is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in answer.text


def test_other_sites_cannot_publish(service: Service) -> None:
    assert post(service, {"data": {}}, Origin="https://evil.example").status_code == 403


def test_without_a_publish_token_publishing_is_off_and_says_so(start_service: Start) -> None:
    service = start_service(PUBLISH_TOKEN=READ_TOKEN, READ_TOKEN=READ_TOKEN + "!")
    assert post(service, {"data": {}}, Authorization=f"Bearer {READ_TOKEN}!").status_code == 401
    # The token to publish is enough to publish, and no more than that.
    assert ids(post(service, {"data": {}}, Authorization=f"Bearer {READ_TOKEN}"))
    headers = {"Authorization": f"Bearer {READ_TOKEN}"}
    assert service.get("/history", headers=headers).status_code == 401
    service.stop()
    del service.settings["PUBLISH_TOKEN"]
    service.start()
    for token in (READ_TOKEN, READ_TOKEN + "!", "x"):
        answer = post(service, {"data": {}}, Authorization=f"Bearer {token}")
        assert "PUBLISH_TOKEN" in str(assert_is_problem(answer, 403)["detail"])


# Bodies without end.


CHUNK = b"%x\r\n%b\r\n" % (65536, b" " * 65536)


def raw(service: Service, *parts: bytes) -> socket.socket:
    """A connection on which a POST to /events was begun."""
    connection = service.dial()
    head = f"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    connection.sendall(head.encode() + b"Content-Type: application/x-ndjson\r\n")
    for part in parts:
        connection.sendall(part)
    return connection


def answer_of(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the rest of what the server says until it closes or has nothing more."""
    with connection:
        got = b""
        while b"\r\n\r\n" not in got or b"}" not in got:
            block = connection.recv(65536)
            if not block:
                break
            got += block
    return int(got.split(b" ", 2)[1]), got


def test_a_body_that_is_as_long_as_it_may_be(service: Service) -> None:
    line = b'{"event":"long","data":{}}'
    body = line + b" " * (MOST_BYTES - len(line))
    assert ids(post(service, body))
    document = assert_is_problem(post(service, body + b" "), 413)
    assert str(MOST_BYTES) in str(document["detail"])


def test_a_chunked_body_is_read_and_bounded(service: Service) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for number in range(count):
            yield b'{"event":"chunked","data":{"n":%d}}\n' % number
            yield b" " * 100_000

    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"}
    answer = service.request("POST", "/events", content=chunks(5), headers=headers)
    assert len(ids(answer)) == 5
    connection = raw(service, b"Transfer-Encoding: chunked\r\n\r\n", CHUNK * 17)
    assert answer_of(connection)[0] == 413


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [("/events", TOKEN, 413), ("/events", "wrong", 401), ("/history", TOKEN, 405)],
)
def test_a_body_without_end_is_answered_and_cut_off(
    service: Service, path: str, token: str, status: int
) -> None:
    with service.dial() as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        # As much as is read, and then as the kernel's buffers may hold: never all of it.
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(CHUNK * (200 << 20 >> 16))
        answered = connection.recv(65536)
    assert answered.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    "rest",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n10\r\n" + b'{"event":"broken","data":{}}\n0\r\n\r\n',
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
)
def test_malformed_chunks_are_refused(service: Service, rest: bytes) -> None:
    assert answer_of(raw(service, rest))[0] == 400
    assert service.logged("broken") == []


@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked"])
def test_half_a_body_is_not_logged(service: Service, framing: bytes) -> None:
    line = b'{"event":"cut-short","data":{}}\n'
    if b"chunked" in framing:
        framing += b"\r\n\r\n"
        line = b"%x\r\n%b\r\n" % (len(line), line)
    connection = raw(service, framing, line)
    connection.shutdown(socket.SHUT_WR)
    assert answer_of(connection)[0] == 400
    assert service.logged("cut-short") == []


def test_a_slow_body_is_given_up(start_service: Start) -> None:
    service = start_service(BODY_TIMEOUT=0.5)
    line = b'{"event":"slow","data":{}}\n'
    with raw(service, b"Content-Length: %d\r\n\r\n" % len(line), line[:5]) as connection:
        connection.settimeout(20)
        assert b" 408 " in connection.recv(65536)
    assert service.logged("slow") == []
    assert ids(post(service, {"data": {}}))


# Once.


def test_a_retry_is_answered_with_the_same_ids_and_logged_once(service: Service) -> None:
    body = [{"event": "retried", "data": {"n": n}} for n in range(3)]
    first = ids(post(service, body, Idempotency_Key="retry-1"))
    assert [ids(post(service, body, Idempotency_Key="retry-1")) for _ in range(3)] == [first] * 3
    assert service.logged_ids("retried") == first
    answer = post(service, body[:2], Idempotency_Key="retry-1")
    assert assert_is_problem(answer, 422)["key"] == "Idempotency-Key"
    assert service.logged_ids("retried") == first
    assert ids(post(service, body, Idempotency_Key="retry-2")) != first


@pytest.mark.parametrize("wrong", ["", "a b", "k" * 256, "é"])
def test_a_key_that_cannot_be_taken_is_refused(service: Service, wrong: str) -> None:
    headers = {
        b"Authorization": f"Bearer {TOKEN}".encode(),
        b"Idempotency-Key": wrong.encode("latin-1"),
    }
    answer = httpx.post(f"{service.url}/events", content=b'{"data":{}}', headers=headers)
    assert assert_is_problem(answer, 400)["key"] == "Idempotency-Key"


def test_a_mistake_does_not_use_up_the_key(service: Service) -> None:
    assert post(service, {"data": 1}, Idempotency_Key="mistake").status_code == 422
    assert ids(post(service, {"data": {}}, Idempotency_Key="mistake"))


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """A worker that answers nothing for the length of a `with`."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_retry_that_reaches_another_worker_or_a_restarted_service_is_logged_once(
    start_service: Start,
) -> None:
    service = start_service(workers=2, INTERVAL=3600).wait_until_ready()
    one, other = wait_for(
        lambda: service.worker_pids() if len(service.worker_pids()) == 2 else None, "two workers"
    )
    body = {"event": "retried", "data": {"n": 1}}
    with standing_still(one):
        first = ids(post(service, body, Idempotency_Key="k"))
    with standing_still(other):
        assert ids(post(service, body, Idempotency_Key="k")) == first
    service.stop(signal.SIGKILL)
    service.start()
    assert ids(post(service, body, Idempotency_Key="k")) == first
    assert post(service, {"data": {}}, Idempotency_Key="k").status_code == 422
    assert service.logged_ids("retried") == first


def test_a_log_that_cannot_be_written_is_told_with_a_time_to_come_back(service: Service) -> None:
    with closing(sqlite3.connect(service.log_file, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        answer = post(service, {"event": "late", "data": {}}, Idempotency_Key="late")
        database.execute("ROLLBACK")
    assert_is_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert service.logged("late") == []
    wait_for(
        lambda: (
            post(service, {"event": "late", "data": {}}, Idempotency_Key="late").status_code == 201
        ),
        "the log to be written again",
    )
    assert len(service.logged("late")) == 1


# Many at once.

CLIENTS = 20
EACH = 25  # batches of a client
BATCH = 100


class BareReader(threading.Thread):
    """Reads the flood and keeps the bytes; comes back with its last id if it is let go of.

    Twenty publishers have this process busy, too: what came is looked at when all is over.
    """

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.service = service
        self.text = b""
        self.last = b""  # the end of what has come
        self.leaving = False

    def run(self) -> None:
        while not self.leaving:
            with self.service.dial() as connection:
                # By HTTP/1.0, and so without chunks between the bytes.
                head = b"GET /stream?events=flood HTTP/1.0\r\n"
                if ids_of(self.text):
                    head += b"Last-Event-ID: %s\r\n" % ids_of(self.text)[-1].encode()
                connection.sendall(head + b"\r\n")
                received = [b""]
                while not self.leaving:
                    try:
                        piece = connection.recv(1 << 20)
                    except ConnectionResetError:
                        break  # it was too slow, and comes back
                    if not piece:
                        break
                    received.append(piece)
                    self.last = (self.last + piece)[-4096:]
                whole, end, _ = b"".join(received).rpartition(b"\n\n")
                self.text += whole + end

    def has(self, line: str) -> bool:
        """Whether a line is among the last that came."""
        return f"{line}\n".encode() in self.last


def ids_of(text: bytes) -> list[str]:
    return [found.decode() for found in re.findall(rb"^id: (\S+)$", text, re.MULTILINE)]


def test_twenty_publishers_and_three_readers_on_two_workers(start_service: Start) -> None:
    service = start_service(workers=2).wait_until_ready()
    readers = [BareReader(service) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        wait_for(partial(reader.has, "event: hello"), "the stream to begin")
    given_ids: list[str] = []
    failures: list[str] = []

    def publish(client: int) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(timeout=30, headers=headers) as http:
            for number in range(EACH):
                batch = [
                    {"event": "flood", "data": {"client": client, "n": number * BATCH + place}}
                    for place in range(BATCH)
                ]
                again = {"Idempotency-Key": uuid.uuid4().hex}
                while True:
                    try:
                        answer = http.post(f"{service.url}/events", json=batch, headers=again)
                    except httpx.TransportError:
                        continue  # a kept connection that ended meanwhile: the key makes it once
                    if answer.status_code == 201:
                        given_ids.extend(answer.json()["ids"])
                        break
                    if answer.status_code != 503:
                        failures.append(answer.text)
                        return

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    total = CLIENTS * EACH * BATCH
    in_log = service.logged_ids("flood")
    assert len(in_log) == len(set(in_log)) == total
    assert sorted(given_ids, key=key) == in_log
    # One more, which wakes the readers so that they see that they may leave.
    (end,) = ids(post(service, {"event": "flood", "data": {"client": CLIENTS, "n": 0}}))
    for reader in readers:
        wait_for(partial(reader.has, f"id: {end}"), "the readers to have it all")
        reader.leaving = True
    post(service, {"event": "flood", "data": {"client": CLIENTS, "n": 1}})
    for reader in readers:
        reader.join(30)
        found = ids_of(reader.text)
        assert found[: found.index(end)] == in_log
        assert b"event: gap" not in reader.text
    by_client: dict[int, list[int]] = {}
    for row in service.logged("flood"):
        by_client.setdefault(row.data["client"], []).append(row.data["n"])
    assert by_client.pop(CLIENTS) == [0, 1]
    assert len(by_client) == CLIENTS
    assert all(numbers == list(range(EACH * BATCH)) for numbers in by_client.values())


def test_a_large_batch_does_not_outrun_readers_that_are_greenlets(
    start_service: Start, read: Callable[..., Reader]
) -> None:
    service = start_service(PARKING="off")
    reader = read(service, "?events=large")
    reader.wait_for(1, "hello")
    batch = [{"event": "large", "data": {"n": n, "text": "x" * 950}} for n in range(1000)]
    given_ids = ids(post(service, batch))
    reader.wait_for_id(given_ids[-1])
    assert reader.logged_ids() == given_ids
    assert reader.connects == 1


def test_the_documents_name_the_bounds() -> None:
    text = (Path(ROOT) / "docs" / "api.md").read_text("utf-8")
    section = text.split("## POST /events\n")[1].split("\n## ")[0]
    for words in ("1 MiB", "64 KiB", "1,000", "`Idempotency-Key`", "deeper than 32", "`screen.`"):
        assert words in section
    for name in PROTOCOL_NAMES | {"open", "error"}:
        assert f"`{name}`" in section
