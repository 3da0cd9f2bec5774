"""Events of all other names, for whoever wants to know what else happens."""

import json

import pytest

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter, has_text
from dashboard.events.scope import Scope

TOLD = frozenset({"cpu", "alert", "screen"})
WANTED = Filter(names=frozenset({"memory"}), others=TOLD)


def event(name: str | None, **data: object) -> Event:
    text = json.dumps({"host": "box", "time": 1.0} | data, separators=(",", ":"))
    return Event(name=name, host="box", data=text, id=EventId(1000, 0))


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("memory", {"percent": 1}, True),  # named: with a text or without
        ("deploy", {"version": "v1.2"}, True),
        ("queue", {"length": 41}, False),
        ("queue", {"names": ["a"], "of": {"label": "x"}}, False),
        ("cpu", {"model": "x"}, False),
        ("screen.lobby", {"address": "/"}, False),
        ("alert", {"message": "x"}, False),
        (None, {"text": "x"}, True),
    ],
)
def test_others_are_those_with_a_text_that_are_not_told_elsewhere(
    name: str | None, data: dict[str, object], wanted: bool
) -> None:
    one = event(name, **data)
    assert WANTED.wants(one) is wanted
    encoded = Encoded(one)
    assert WANTED.pick([encoded]) == ([encoded] if wanted else [])


def test_others_come_as_batches_and_named_ones_as_they_are() -> None:
    memory, deploy = Encoded(event("memory", percent=1)), Encoded(event("deploy", version="v1"))
    wire = WANTED.wire([memory, deploy])
    assert wire.startswith(memory.wire)
    rest = wire.removeprefix(memory.wire).decode()
    assert "event: batch\n" in rest
    (line,) = (line for line in rest.splitlines() if line.startswith("data: "))
    (item,) = json.loads(line.removeprefix("data: "))
    assert item["event"] == "deploy"
    assert item["data"]["version"] == "v1"


def test_a_scope_and_the_log_hold_for_others_too() -> None:
    narrow = WANTED.restricted_to(Scope(events=("memory", "build*"), hosts=None))
    assert not narrow.wants(event("deploy", version="v1"))
    assert narrow.wants(event("build.done", state="ok"))
    assert WANTED.logged_names is None, "whatever they are called"


@pytest.mark.parametrize("data", ["", "[]", "3", '"x"', '{"host":"box"}', "{", '{"a":' * 5000])
def test_what_is_no_object_has_no_text(data: str) -> None:
    assert not has_text(data)
