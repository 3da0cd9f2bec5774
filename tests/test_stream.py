"""GET /stream over a real gunicorn: the contract, to the letter."""

import time
from collections.abc import Callable

from tests.service import Reader, Service, data, key, wait_for

FAST = ("cpu", "memory", "load", "disk", "network")


def test_a_new_stream_gets_hello_then_the_latest_then_lives(
    service: Service, read: Callable[..., Reader]
) -> None:
    wait_for(lambda: service.metric("vitals_family_age_seconds"), "the first samples")
    reader = read(service)
    reader.wait_for(3, "cpu")
    hello = reader.events[0]
    assert hello.event == "hello"
    assert hello.id == ""
    assert hello.retry is not None
    assert 1000 <= hello.retry <= 3000
    assert {"build", "host", "hosts", "time", "interval"} <= data(hello).keys()
    assert data(hello)["host"] == "box"
    assert "box" in data(hello)["hosts"]
    assert abs(data(hello)["time"] - time.time()) < 60
    ids = [key(event_id) for event_id in reader.logged_ids()]
    assert ids == sorted(set(ids))
    assert {event.event for event in reader.events[1:]} >= {*FAST, "filesystem", "processes"}
