"""GET /stream over a real gunicorn: the contract, to the letter, in each way a stream is served.

What a test needs in the log it appends itself, as other processes may, under a host of its own.
"""

import http.client
import json
import re
import socket
import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import pytest

from dashboard.events.event import ID
from dashboard.web.query import POSITIONS
from tests.conftest import WAYS
from tests.support.service import Reader, Received, Service, data, key, wait_for

FAST = ("cpu", "memory", "load", "disk", "network")
Read = Callable[..., Reader]
Start = Callable[..., Service]


class Lines(Protocol):
    """Anything that is read line by line."""

    def readline(self) -> bytes: ...


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> dict[str, object]:
    return WAYS[request.param]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory, way: dict[str, object]) -> Iterator[Service]:
    """A service with short times, for the tests that wait for them."""
    settings = {"INTERVAL": 0.1, "HEARTBEAT": 0.4, "REPLAY": "1m"} | way
    service = Service(tmp_path_factory.mktemp("quick"), workers=1, **settings)
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture
def host(request: pytest.FixtureRequest) -> str:
    """A host of the test's own, so that what others append to a shared log is not seen."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:200]


# --- the response --------------------------------------------------------------------------------


def test_the_headers_are_the_contracts(service: Service) -> None:
    with stream_of(service) as response:
        assert response.status == 200
        headers = {name.lower(): value for name, value in response.getheaders()}
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert "content-length" not in headers
    assert "content-encoding" not in headers


def test_head_gets_the_headers_only(service: Service) -> None:
    with stream_of(service) as response:
        wanted = {name: value for name, value in response.getheaders() if name != "Date"}
    with service.dial() as connection:
        connection.sendall(b"HEAD /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, _, rest = read_to_the_end(connection).partition(b"\r\n\r\n")
    assert rest == b""
    status, *lines = head.decode().split("\r\n")
    assert status == "HTTP/1.1 200 OK"
    headers = dict(line.split(": ", 1) for line in lines if not line.startswith("Date:"))
    for name in ("Content-Type", "Cache-Control", "X-Accel-Buffering"):
        assert headers[name] == wanted[name]
    wait_for(lambda: service.total("vitals_streams") == 0, "the stream to be gone")


def test_head_is_held_to_the_same_query(service: Service) -> None:
    assert service.request("HEAD", "/stream?nonsense=1").status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(service: Service, method: str) -> None:
    response = service.request(method, "/stream")
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert {"GET", "HEAD"} <= set(response.headers["allow"].split(", "))


def test_http_1_1_is_chunked(service: Service, host: str) -> None:
    """Every block arrives whole in chunks of its own, and the connection can be read by hand."""
    with service.dial() as connection:
        connection.sendall(f"GET /stream?host={host} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        file = connection.makefile("rb")
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"
        headers = dict(read_headers(file))
        assert headers["transfer-encoding"] == "chunked"
        body = b""
        for number in range(3):
            while f'"n": {number}'.encode() not in body:
                if number == 0 and body and b"hello" in body:
                    service.append("news", host, n=0)
                size = int(file.readline(), 16)
                assert size > 0
                chunk = file.read(size)
                assert chunk.endswith(b"\n\n"), "a block is cut"
                assert file.read(2) == b"\r\n"
                body += chunk
            service.append("news", host, n=number + 1)


def test_http_1_0_is_plain_and_ends_with_the_connection(start_service: Start, host: str) -> None:
    service = start_service()
    with service.dial() as connection:
        connection.sendall(f"GET /stream?host={host} HTTP/1.0\r\n\r\n".encode())
        file = connection.makefile("rb")
        assert file.readline().split(b" ", 1)[1] == b"200 OK\r\n"
        headers = dict(read_headers(file))
        assert "transfer-encoding" not in headers
        assert headers["connection"] == "close"
        assert file.readline().startswith(b"retry: ")
        assert file.readline() == b"event: hello\n"
        read_until(file, b"\n")
        for number in range(3):
            event_id = service.append("news", host, n=number)
            assert file.readline() == f"id: {event_id}\n".encode()
            assert file.readline() == b"event: news\n"
            assert f'"n": {number}'.encode() in file.readline()
            assert file.readline() == b"\n"
        service.stop()
        assert file.read() == b""


# --- hello ---------------------------------------------------------------------------------------


def test_hello_comes_first_and_says_who_speaks(service: Service, read: Read) -> None:
    service.wait_until_ready()
    hello = read(service).wait_for(1)[0]
    assert hello.event == "hello"
    assert hello.id == ""
    said = data(hello)
    assert {"build", "host", "hosts", "time", "interval"} <= said.keys()
    assert isinstance(said["build"], str)
    assert said["build"]
    assert said["host"] == "box"
    assert "box" in said["hosts"]
    assert said["interval"] == 1
    assert abs(said["time"] - time.time()) < 60


def test_hello_names_the_hosts_of_the_log(service: Service, read: Read, host: str) -> None:
    service.append("news", host)

    def named() -> bool:
        return host in data(read(service).wait_for(1)[0])["hosts"]

    wait_for(named, "hello to name the host")


def test_retry_is_jittered(service: Service) -> None:
    retries = []
    for _ in range(25):
        with stream_of(service) as response:
            retries.append(int(response.readline().removeprefix(b"retry: ")))
    assert all(1000 <= retry <= 3000 for retry in retries), retries
    assert len(set(retries)) > 5, retries
    assert max(retries) - min(retries) > 500, retries


# --- from the latest on --------------------------------------------------------------------------


def test_a_new_stream_gets_the_latest_of_all_families_then_lives(
    service: Service, read: Read
) -> None:
    service.wait_until_ready()
    newest = [event.name for event in service.logged(host="box")]
    reader = read(service, "?host=box")
    reader.wait_for(3, "cpu")
    assert {event.event for event in reader.events[1:]} >= {*FAST, *newest}
    ids = [key(event_id) for event_id in reader.logged_ids()]
    assert ids == sorted(set(ids))
    for event in reader.events[1:]:
        said = data(event)
        assert said["host"] == "box"
        assert isinstance(said["time"], float)


def test_live_samples_are_each_logged_sample_once(quick: Service, read: Read) -> None:
    start = quick.newest_id()
    reader = read(quick, last_event_id=start)
    reader.wait_for(10, "cpu")
    assert_whole(reader, quick, start)


def test_the_latest_come_in_id_order_and_only_they(service: Service, read: Read, host: str) -> None:
    for number in range(3):
        for name in ("one", "two", None):
            service.append(name, host, n=number)
        service.append("one", f"{host}-2", n=number)
    last_but_one = service.append("two", host, n=3)
    watching = read(service, f"?host={host}")
    last = service.append("zero", host, n=3)
    watching.wait_for_id(last)  # now the worker has them all
    reader = read(service, f"?host={host},{host}-2")
    reader.wait_for_id(last)
    got = [(e.event, data(e)["host"].removeprefix(host), data(e)["n"]) for e in reader.logged()]
    assert got == [
        ("one", "", 2),
        ("message", "", 2),
        ("one", "-2", 2),
        ("two", "", 3),
        ("zero", "", 3),
    ]
    assert reader.logged_ids()[-2:] == [last_but_one, last]
    live = service.append("one", host, n=4)
    reader.wait_for_id(live)
    assert reader.logged_ids()[-2:] == [last, live]


def test_ids_have_the_contracts_form_and_are_times(service: Service, host: str) -> None:
    event_id = service.append("news", host)
    assert re.fullmatch(r"\d{13}-\d+", event_id)
    assert abs(key(event_id)[0] / 1000 - time.time()) < 60
    for row in service.logged("cpu", host="box"):
        assert abs(key(row.id)[0] / 1000 - row.data["time"]) < 10


def test_samples_fall_on_the_multiples_of_the_interval(service: Service) -> None:
    """A machine that runs other tests may be late, but a drift would spread them evenly."""
    wait_for(lambda: len(service.logged("cpu")) > 6, "some samples")
    ids = [key(event_id)[0] for event_id in service.logged_ids("cpu")]
    late = [ms % 1000 for ms in ids]
    print("milliseconds from the second's multiple:", late)
    assert statistics.median(late) < 300, late
    assert min(late) < 50, late
    assert all(round((b - a) / 1000) >= 1 for a, b in pairwise(ids[1:])), "a tick twice"


# --- resuming ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_stream_resumes_after_an_id(service: Service, read: Read, host: str, by: str) -> None:
    ids = [service.append("news", host, n=number) for number in range(10)]
    if by == "header":
        reader = read(service, f"?host={host}", last_event_id=ids[3])
    else:
        reader = read(service, f"?host={host}&last_event_id={ids[3]}")
    reader.wait_for_id(ids[-1])
    ids += [service.append("news", host, n=number) for number in range(10, 15)]
    reader.wait_for_id(ids[-1])
    assert reader.logged_ids() == ids[4:]
    assert [event.event for event in reader.events] == ["hello"] + ["news"] * 11
    assert [data(event)["n"] for event in reader.logged()] == list(range(4, 15))


def test_the_header_goes_before_the_query(service: Service, read: Read, host: str) -> None:
    """A browser that comes back sends both, and its header is the newer one."""
    ids = [service.append("news", host, n=number) for number in range(6)]
    reader = read(service, f"?host={host}&last_event_id={ids[0]}", last_event_id=ids[3])
    reader.wait_for_id(ids[-1])
    assert reader.logged_ids() == ids[4:]


def test_an_id_between_two_events_is_a_position_too(
    service: Service, read: Read, host: str
) -> None:
    before = service.append("news", host)
    wait_for(lambda: time.time() * 1000 > key(before)[0] + 5, "some milliseconds")
    ids = [service.append("news", host), service.append("news", host)]
    between = f"{key(before)[0] + 2}-77"
    reader = read(service, f"?host={host}", last_event_id=between)
    reader.wait_for_id(ids[-1])
    assert reader.logged_ids() == ids


def test_a_reader_who_has_everything_is_told_nothing_twice(
    service: Service, read: Read, host: str
) -> None:
    last = service.append("news", host, n=1)
    reader = read(service, f"?host={host}", last_event_id=last)
    reader.wait_for(1, "hello")
    live = service.append("news", host, n=2)
    reader.wait_for_id(live)
    assert reader.logged_ids() == [live]
    assert reader.named("gap") == []


def test_a_position_that_the_hub_has_not_read_yet_is_no_gap(
    start_service: Start, read: Read, host: str
) -> None:
    """It came from another worker, or from /history: the log has it, though no wake-up has come."""
    service = start_service(INTERVAL=4).wait_until_ready()
    for path in service.run_directory.glob("*.wake"):
        path.unlink()
    position = service.append("news", host, n=1)
    reader = read(service, f"?host={host}", last_event_id=position)
    live = service.append("news", host, n=2)
    reader.wait_for_id(live)
    assert reader.named("gap") == []
    assert reader.logged_ids() == [live]


def test_a_long_absence_is_caught_up_in_whole(start_service: Start, read: Read, host: str) -> None:
    """More than the hub holds in memory (4 MB) and more than one batch, while more comes in."""
    service = start_service()
    start = service.append("start", host)
    filling = "x" * 2500
    batch: list[tuple[str | None, str, dict[str, Any]]]
    for number in range(6):
        batch = [("bulk", host, {"n": number * 500 + i, "filling": filling}) for i in range(500)]
        service.append_all(batch)
    reader = read(service, f"?host={host}", last_event_id=start)
    for number in range(20):
        last = service.append("bulk", host, n=3000 + number)
    reader.wait_for_id(last)
    assert [data(event)["n"] for event in reader.logged()] == list(range(3020))
    assert reader.logged_ids() == service.logged_ids("bulk", host=host)


# --- gaps ----------------------------------------------------------------------------------------


def assert_gap_then_latest_then_live(
    service: Service, reader: Reader, host: str, position: str
) -> Received:
    """The stream says `gap`, goes on with the latest, and then lives."""
    latest = {row.name: row.id for row in service.logged(host=host)}
    reader.wait_for(2 + len(latest))
    hello, gap, *rest = reader.events[: 2 + len(latest)]
    assert hello.event == "hello"
    assert gap.event == "gap"
    assert gap.id == ""
    said = data(gap)
    assert abs(said["to"] - time.time()) < 60
    if ID.fullmatch(position):
        # An id that is ahead of the clock was appended now, at the latest.
        at = key(position)[0] / 1000
        assert said["from"] == at if at <= said["to"] else abs(said["from"] - said["to"]) < 60
        assert said["seconds"] == pytest.approx(max(0, said["to"] - said["from"]), abs=0.01)
    else:
        assert (said["from"], said["seconds"]) == (None, None)
    assert [event.id for event in rest] == sorted(latest.values(), key=key)
    live = service.append("after", host)
    reader.wait_for_id(live)
    assert reader.logged_ids()[-1] == live
    assert len(reader.named("gap")) == 1
    return gap


def test_an_absence_longer_than_replay_gets_a_gap(
    make_service: Start, read: Read, host: str
) -> None:
    service = make_service(REPLAY=60)
    service.clock_offset = -90
    old = [service.append("news", host, n=number) for number in range(4)]
    service.clock_offset = 0
    service.append("more", host)
    service.start()
    reader = read(service, f"?host={host}", last_event_id=old[2])
    gap = assert_gap_then_latest_then_live(service, reader, host, old[2])
    assert 80 < data(gap)["seconds"] < 600
    # The same log resumes what is younger.
    young = service.append("news", host, n=4)
    last = service.append("news", host, n=5)
    reader = read(service, f"?host={host}", last_event_id=young)
    reader.wait_for_id(last)
    assert [event.event for event in reader.events] == ["hello", "news"]


def test_trimmed_events_leave_a_gap(make_service: Start, read: Read, host: str) -> None:
    service = make_service(REPLAY="1h", RETENTION=30)
    service.clock_offset = -600
    old = [service.append("news", host, n=number) for number in range(4)]
    service.clock_offset = 0
    service.append("more", host)
    service.start()
    wait_for(lambda: old[0] not in service.logged_ids(), "the log to be trimmed")
    reader = read(service, f"?host={host}", last_event_id=old[2])
    assert_gap_then_latest_then_live(service, reader, host, old[2])


def test_a_position_before_the_logs_time_gets_a_gap(
    start_service: Start, read: Read, host: str
) -> None:
    """Young enough for a replay, but this log began later: what lay between is not known."""
    service = start_service(REPLAY="1h")
    service.append("news", host)
    position = f"{key(service.newest_id())[0] - 120_000}-0"
    reader = read(service, f"?host={host}", last_event_id=position)
    gap = assert_gap_then_latest_then_live(service, reader, host, position)
    assert 110 < data(gap)["seconds"] < 600


def test_a_deleted_log_gets_a_gap(start_service: Start, read: Read, host: str) -> None:
    service = start_service()
    service.append("news", host, n=1)
    position = service.append("news", host, n=2)
    service.stop()
    service.delete_log()
    service.start()
    service.append("news", host, n=3)
    reader = read(service, f"?host={host}", last_event_id=position)
    assert_gap_then_latest_then_live(service, reader, host, position)


def test_a_position_of_the_future_gets_a_gap(service: Service, read: Read, host: str) -> None:
    service.append("news", host)
    position = f"{key(service.newest_id())[0] + 3_600_000}-0"
    reader = read(service, f"?host={host}", last_event_id=position)
    gap = assert_gap_then_latest_then_live(service, reader, host, position)
    assert data(gap)["seconds"] == 0


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1", "-1", "1-", "-", "1-2-3", "1.5-1", "+1-1", "0x1-1", "1-1 2", "1" * 16 + "-1"],
    ids=range(12),  # the host is named after the test
)
@pytest.mark.parametrize("by", ["Last-Event-ID", *POSITIONS], ids=range(4))
def test_an_id_that_is_none_gets_a_gap(
    service: Service, read: Read, host: str, by: str, text: str
) -> None:
    """EventSource gives up for good at any status but 200, so an id of another server is no 400."""
    service.append("news", host)
    if by == "Last-Event-ID":
        reader = read(service, f"?host={host}", last_event_id=text)
    else:
        reader = read(service, f"?host={host}&{by}={quote(text)}")
    assert_gap_then_latest_then_live(service, reader, host, text)


def test_the_newest_of_several_ids_counts(service: Service, read: Read, host: str) -> None:
    """A polyfill appends its own to the one that the page has written into the URL."""
    ids = [service.append("news", host, n=number) for number in range(5)]
    query = f"?host={host}&last_event_id={ids[0]}"
    for more, header, first in (
        ("", None, 1),
        (f"&lastEventId={ids[1]}", None, 2),
        (f"&lastEventID={ids[1]}", "", 2),
        (f"&lastEventId={ids[1]}", ids[2], 3),
        (f"&lastEventId={ids[1]}", "none-of-ours", 0),
    ):
        reader = read(service, query + more, last_event_id=header)
        wait_for(lambda: ids[-1] in reader.logged_ids(), "the newest")  # noqa: B023
        came = reader.logged_ids()
        assert came == (ids[first:] if first else ids[-1:]), (more, header)
        reader.close()


@pytest.mark.parametrize(
    "query",
    ["_=1795330299", "t=1", "r=0.5", "utm_source=a&utm_campaign=b", "fbclid=x", "gclid=x&_=1&_=2"],
)
def test_keys_that_others_append_are_passed_over(service: Service, query: str) -> None:
    for path in (f"/stream?events=cpu&{query}", f"/history?{query}", f"/alerts?{query}"):
        assert service.request("HEAD", path).status_code == 200, path


# --- what is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("event=cpu", "event"),
        ("nonsense=1", "nonsense"),
        ("events=cpu&nonsense", "nonsense"),
        ("last-event-id=1-1", "last-event-id"),
        ("events=", "events"),
        ("events=CPU", "events"),
        ("events=cpu,", "events"),
        ("events=cpu,,load", "events"),
        ("events=cpu%0aid:1", "events"),
        ("events=1cpu", "events"),
        ("events=" + "a" * 65, "events"),
        ("events=cpu&events=load", "events"),
        ("events=" + ",".join(f"e{n}" for n in range(101)), "events"),
        ("host=", "host"),
        ("host=a%20b", "host"),
        ("host=a,%3Cscript%3E", "host"),
        ("host=-a", "host"),
        ("host=" + "a" * 254, "host"),
        ("host=*-", "host"),
        ("host=a/*", "host"),
        ("host=" + ",".join(f"a{n}*" for n in range(101)), "host"),
        ("fields=", "fields"),
        ("fields=cpu", "fields"),
        ("fields=cpu.", "fields"),
        ("fields=.percent", "fields"),
        ("fields=CPU.percent", "fields"),
        ("fields=cpu.percent,", "fields"),
        ("fields=cpu.a%0ab", "fields"),
        ("fields=cpu." + "a" * 257, "fields"),
        ("fields=cpu.a&fields=cpu.b", "fields"),
        ("fields=" + ",".join(f"cpu.f{n}" for n in range(51)), "fields"),
        ("batch=", "batch"),
        ("batch=2", "batch"),
        ("batch=true", "batch"),
        ("batch=1&batch=1", "batch"),
        ("every=", "every"),
        ("every=0", "every"),
        ("every=-1", "every"),
        ("every=nan", "every"),
        ("every=inf", "every"),
        ("every=1e3", "every"),
        ("every=0.01", "every"),
        ("every=3601", "every"),
        ("every=99999999999999999999", "every"),
        ("every=five", "every"),
        ("every=%D9%A1", "every"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    service: Service, query: str, named: str
) -> None:
    url = f"{service.url}/stream?{query}"
    with httpx.stream("GET", url, timeout=20, verify=False) as response:
        assert response.status_code != 200, "it is taken"
        response.read()
    assert_refused(response.status_code, response.headers["content-type"], response.json(), named)


def test_events_are_filtered_by_name(service: Service, read: Read, host: str) -> None:
    reader = read(service, f"?host={host}&events=one,two.x,never")
    reader.wait_for(1, "hello")
    for number in range(3):
        for name in ("one", "two.x", "two", "three", None):
            last = service.append(name, host, n=number)
    last = service.append("one", host, n=3)
    reader.wait_for_id(last)
    got = [(event.event, data(event)["n"]) for event in reader.logged()]
    assert got == [("one", 0), ("two.x", 0), ("one", 1), ("two.x", 1), ("one", 2), ("two.x", 2),
                   ("one", 3)]  # fmt: skip


def test_message_is_what_has_no_name(service: Service, read: Read, host: str) -> None:
    """As in EventSource; on the wire such an event has no `event` field."""
    reader = read(service, f"?host={host}&events=message")
    reader.wait_for(1, "hello")
    for number in range(3):
        service.append("named", host, n=number)
        last = service.append(None, host, n=number)
    reader.wait_for_id(last)
    assert [(e.event, data(e)["n"]) for e in reader.logged()] == [("message", n) for n in range(3)]
    with service.dial() as connection:
        path = f"/stream?host={host}&events=message"
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        file = connection.makefile("rb")
        read_until(file, b"event: hello\n")
        read_until(file, b"\n")
        assert file.readline() == f"id: {last}\n".encode()
        assert file.readline().startswith(b"data: ")


def test_events_are_filtered_by_host(service: Service, read: Read, host: str) -> None:
    reader = read(service, f"?host={host}-a,{host}-b")
    reader.wait_for(1, "hello")
    for number in range(3):
        for suffix in ("-c", "-a", "-b", ""):
            last = service.append("news", host + suffix, n=number)
    last = service.append("news", f"{host}-a", n=3)
    reader.wait_for_id(last)
    got = [data(event)["host"].removeprefix(host) for event in reader.logged()]
    assert got == ["-a", "-b"] * 3 + ["-a"]


def test_filters_hold_for_what_is_replayed(service: Service, read: Read, host: str) -> None:
    start = service.append("one", host)
    for number in range(3):
        for name in ("one", "two"):
            service.append(name, host, n=number)
            last = service.append(name, f"{host}-2", n=number)
    reader = read(service, f"?host={host}-2&events=two", last_event_id=start)
    reader.wait_for_id(last)
    got = [(event.event, data(event)["host"], data(event)["n"]) for event in reader.logged()]
    assert got == [("two", f"{host}-2", number) for number in range(3)]


def test_hosts_may_be_patterns_and_events_thinned_live_and_replayed(
    service: Service, read: Read, host: str
) -> None:
    query = f"?host={host}-*,{host}.x&events=one,two&fields=one.n,one.deep.a"
    start = service.append("one", host)
    first = read(service, query)
    first.wait_for(1, "hello")
    for number in range(3):
        for name in ("one", "two"):
            for suffix in ("-1", ".x", ""):
                more = {"n": number, "more": [1], "deep": {"a": 1, "b": 2}}
                last = service.append(name, host + suffix, **more)
    last = service.append("two", f"{host}-1")
    second = read(service, query, last_event_id=start)
    third = read(service, f"{query}&every=0.1", last_event_id=start)
    for reader in (first, second, third):
        reader.wait_for_id(last)
        for event in reader.logged():
            name, figures = event.event, data(event)
            assert figures["host"] in (f"{host}-1", f"{host}.x")
            if name == "one":
                assert figures.keys() == {"host", "time", "n", "deep"}
                assert figures["deep"] == {"a": 1}
            elif event.id != last:
                assert figures.keys() == {"host", "time", "n", "more", "deep"}
    assert first.logged_ids() == second.logged_ids()
    assert len(first.logged_ids()) == 13
    newest = read(service, query)
    newest.wait_for_id(last)
    assert [data(event).keys() for event in newest.named("one")] == [
        {"host", "time", "n", "deep"}
    ] * 2


def test_what_is_thinned_comes_in_gzip_as_well(service: Service, host: str) -> None:
    service.append("one", host, n=1, more=2)
    path = f"/stream?host={host}&fields=one.n"
    texts = []
    for accepted in ("gzip", "identity"):
        with service.dial() as connection:
            head = f"GET {path} HTTP/1.0\r\nAccept-Encoding: {accepted}\r\n\r\n"
            connection.sendall(head.encode())
            unzip = zlib.decompressobj(31).decompress if accepted == "gzip" else bytes
            file = connection.makefile("rb", buffering=0)
            read_until(file, b"\r\n")
            text = b""
            while b"event: one\n" not in text or not text.endswith(b"\n\n"):
                block = file.read(65536)
                assert block
                text += unzip(block)
            texts.append(text[text.index(b"event: one\n") :])
    assert texts[0] == texts[1]
    assert b'"n": 1' in texts[0] or b'"n":1' in texts[0]
    assert b"more" not in texts[0]


def items_of(batch: Received) -> list[dict[str, Any]]:
    """The events in a batch."""
    items = json.loads(batch.data)
    assert isinstance(items, list)
    return items


def test_what_goes_out_together_may_come_as_one_event(
    service: Service, read: Read, host: str
) -> None:
    query = f"?host={host}-*&events=one,two&fields=one.n&batch=1"
    start = service.append("two", f"{host}-0")
    live = read(service, query)
    live.wait_for(1, "batch")
    for number in range(3):
        for suffix in ("-1", "-2", ""):
            last = service.append("one", host + suffix, n=number, more="x")
    last = service.append("two", f"{host}-1", n=9)
    resumed = read(service, query, last_event_id=start)
    periods = read(service, f"{query}&every=0.1", last_event_id=start)
    newest = read(service, query)
    for reader in (live, resumed, periods, newest):
        reader.wait_for_id(last)
        assert {event.event for event in reader.logged()} == {"batch"}
    for reader in (live, resumed):
        items = [item for event in reader.logged() for item in items_of(event)]
        one = [item for item in items if item["event"] == "one"]
        assert [item["data"]["n"] for item in one] == [0, 0, 1, 1, 2, 2]
        assert all(item["data"].keys() == {"host", "time", "n"} for item in one)
        assert all(item.keys() == {"id", "event", "data"} for item in items)
        ids = [key(item["id"]) for item in items]
        assert ids == sorted(set(ids))
        assert [event.id for event in reader.logged()] == [
            items_of(event)[-1]["id"] for event in reader.logged()
        ]
    of_newest = [item for event in newest.logged() for item in items_of(event)]
    assert {(item["event"], item["data"]["host"]): item["data"]["n"] for item in of_newest[1:]} == {
        ("one", f"{host}-1"): 2,
        ("one", f"{host}-2"): 2,
        ("two", f"{host}-1"): 9,
    }
    # Behind any batch nothing comes again, and nothing is left out.
    everything = [item["id"] for event in resumed.logged() for item in items_of(event)]
    between = live.logged()[1]
    rest = read(service, query, last_event_id=between.id)
    later = service.append("one", f"{host}-1", n=10)
    rest.wait_for_id(later)
    told = [item["id"] for event in rest.logged() for item in items_of(event)]
    assert told == [*everything[everything.index(between.id) + 1 :], later]


def test_a_long_query_is_taken(service: Service, read: Read, host: str) -> None:
    """As long as a request's line may be, by whichever way it is answered."""
    hosts = ",".join(f"{host}-{'x' * 40}{n}" for n in range(60))
    fields = ",".join(f"news.{'y' * 40}{n}" for n in range(49))
    query = f"?host={hosts},{host}&fields={fields},news.n"
    assert 6000 < len(query) < 8100
    reader = read(service, query)
    reader.wait_for(1, "hello")
    service.append("news", host, n=1, more=2)
    (event,) = reader.wait_for(1, "news")
    assert data(event).keys() == {"host", "time", "n"}


# --- silence -------------------------------------------------------------------------------------


def test_silence_is_broken_by_heartbeats(quick: Service, read: Read) -> None:
    reader = read(quick, "?events=never")
    beats = reader.wait_for(4, "heartbeat")
    assert [event.event for event in reader.events[:5]] == ["hello"] + ["heartbeat"] * 4
    for beat in beats:
        assert beat.id == ""
        assert data(beat).keys() == {"time"}
    times = [data(reader.events[0])["time"], *(data(beat)["time"] for beat in beats)]
    distances = [after - before for before, after in pairwise(times)]
    # The feed may have been silent for a while before this stream joined it; then they are steady.
    assert distances[0] >= 0
    assert all(distance > 0.39 for distance in distances[1:]), distances
    assert statistics.median(distances) < 4, distances


def test_a_heartbeat_comes_only_into_silence(service: Service, read: Read) -> None:
    reader = read(service, "?events=cpu")
    reader.wait_for(3, "cpu")
    assert reader.named("heartbeat") == []


def test_an_event_puts_the_heartbeat_off(quick: Service, read: Read, host: str) -> None:
    """By the server's own times: no heartbeat sooner than HEARTBEAT after an event."""
    reader = read(quick, f"?host={host}")
    reader.wait_for(1, "heartbeat")
    for number in range(4):
        quick.append("news", host, n=number)
        reader.wait_for(number + 1, "news")
        count = len(reader.named("heartbeat"))
        reader.wait_for(count + 1, "heartbeat")
    for before, after in pairwise(reader.events):
        if before.event == "news" and after.event == "heartbeat":
            assert data(after)["time"] - key(before.id)[0] / 1000 > 0.39


# --- every ---------------------------------------------------------------------------------------


def assert_conflated(got: list[str], log: list[str], every: float) -> None:
    """At most one in each period of `every` seconds, and it is the last of its period."""
    times = {event_id: key(event_id)[0] / 1000 for event_id in log}
    keys = [key(event_id) for event_id in got]
    assert keys == sorted(set(keys))
    assert set(got) <= set(log)
    span = times[got[-1]] - times[got[0]]
    assert len(got) <= span // every + 2, (got, every)
    # What was left out between two belongs to the second one's period.
    first_left_out = [log[log.index(before) + 1] for before in got[:-1]]
    periods = [times[after] - times[of] for of, after in zip(first_left_out, got[1:], strict=True)]
    # The median: on a busy machine a period may end late.
    assert statistics.median(periods) <= every + 0.002, periods


def test_every_sends_the_newest_of_each_period(quick: Service, read: Read) -> None:
    start = quick.newest_id()
    reader = read(quick, "?every=1&events=cpu,load")
    reader.wait_for(5, "cpu")
    events = list(reader.events)
    log = [row for row in quick.logged("cpu", "load") if key(row.id) > key(start)]
    for name in ("cpu", "load"):
        # The first is the latest of before.
        got = [event.id for event in events if event.event == name][1:]
        assert_conflated(got, [row.id for row in log if row.name == name], 1)
    # Ten samples a second were made, and about one was sent.
    sent = len([event for event in events if event.event == "cpu"])
    assert sent * 3 < len([row for row in log if row.name == "cpu"])
    assert reader.logged_ids() == sorted(set(reader.logged_ids()), key=key)


def test_every_keeps_hosts_and_names_apart(quick: Service, read: Read, host: str) -> None:
    reader = read(quick, f"?every=1&host={host},{host}-2")
    reader.wait_for(1, "hello")
    for number in range(30):
        for name in ("one", "two", None):
            quick.append(name, host, n=number)
            last = quick.append(name, f"{host}-2", n=number)
        time.sleep(0.05)
    reader.wait_for_id(last)
    wait_for(lambda: last in reader.logged_ids(), "the end of the period")
    series: dict[tuple[str, str], list[str]] = {}
    for event in reader.logged():
        series.setdefault((event.event, data(event)["host"]), []).append(event.id)
    assert len(series) == 6
    for (name, its_host), got in series.items():
        log = quick.logged_ids("" if name == "message" else name, host=its_host)
        assert_conflated(got, log, 1)
        assert got[-1] == log[-1]
        assert len(got) < 15
    assert reader.logged_ids() == sorted(set(reader.logged_ids()), key=key)


def test_every_holds_for_what_is_replayed(quick: Service, read: Read) -> None:
    wait_for(lambda: len(quick.logged("cpu")) > 40, "something to replay")
    log = quick.logged_ids("cpu")
    reader = read(quick, "?every=1&events=cpu", last_event_id=log[-35])
    replayed = reader.wait_for(4, "cpu")
    more = reader.wait_for(len(replayed) + 3, "cpu")
    log = [event_id for event_id in quick.logged_ids("cpu") if key(event_id) > key(log[-35])]
    got = [event.id for event in more]
    # The replay and the live feed each have a period that the other one begins or ends in.
    keys = [key(event_id) for event_id in got]
    assert keys == sorted(set(keys))
    assert set(got) <= set(log)
    span = (keys[-1][0] - key(log[0])[0]) / 1000
    assert len(got) <= span + 3
    left_out = [log[log.index(before) + 1] for before in got[:-1]]
    periods = [(key(b)[0] - key(a)[0]) / 1000 for a, b in zip(left_out, got[1:], strict=True)]
    # The first may be an eighth longer, and on a busy machine others may end late.
    assert statistics.median(periods) <= 1.13, periods


# --- capacity ------------------------------------------------------------------------------------


def test_a_full_worker_says_busy_and_closes(start_service: Start, read: Read) -> None:
    service = start_service(MAX_STREAMS=2, RETRY=1000)
    held = [read(service), read(service)]
    for reader in held:
        reader.wait_for(2, "cpu")
    retries = []
    for _ in range(12):
        with stream_of(service) as response:
            assert response.status == 200
            assert response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
            block = response.read().decode()  # to its end: it is closed
        match = re.fullmatch(r"retry: (\d+)\nevent: busy\ndata: (\{.*\})\n\n", block)
        assert match is not None, block
        retries.append(int(match[1]))
    assert min(retries) > 1500, "no longer pause than a stream is told"
    assert len(set(retries)) > 3, "all come back at once"
    assert service.get("/healthz").status_code == 200
    assert service.get("/").status_code == 200
    assert service.total("vitals_streams") == 2
    assert service.total("vitals_streams_dropped_total", reason="busy") == 12
    held[0].close()

    def admitted() -> bool:
        with stream_of(service) as response:
            response.readline()
            return response.readline() == b"event: hello\n"

    wait_for(admitted, "room for another stream")
    assert held[1].connects == 1


# --- reading by hand -----------------------------------------------------------------------------


def assert_refused(status: int, content_type: str, document: dict[str, Any], named: str) -> None:
    assert status == 400
    assert content_type == "application/problem+json"
    assert document["status"] == 400
    assert document["key"] == named
    assert named in document["detail"]


def assert_whole(reader: Reader, service: Service, start: str) -> None:
    """The reader has every event of the log since `start`, once and in order."""
    got = reader.logged_ids()
    log = [event_id for event_id in service.logged_ids() if key(event_id) > key(start)]
    assert got == log[: len(got)]


@contextmanager
def stream_of(service: Service, path: str = "/stream") -> Iterator[http.client.HTTPResponse]:
    """A stream by http.client, which decodes chunks and nothing else."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    with closing(connection):
        connection.request("GET", path)
        yield connection.getresponse()


def read_until(file: Lines, line: bytes) -> None:
    """Read to the end of a line."""
    while (found := file.readline()) != line:
        assert found, f"the stream ended before {line!r}"


def read_headers(file: Lines) -> Iterator[tuple[str, str]]:
    """The headers, names in small letters, to the empty line."""
    while (line := file.readline().decode()) != "\r\n":
        name, _, value = line.strip().partition(": ")
        yield name.lower(), value


def read_to_the_end(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)
