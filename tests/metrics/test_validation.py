"""What an agent may send: figures of the form that their families declare, and its own alerts."""

import json
from typing import Any

import pytest

from dashboard.errors import ClientError
from dashboard.events.event import Event
from dashboard.metrics import FAMILIES, Family
from dashboard.metrics.validation import validate_metrics
from dashboard.publications import read_events

ALERT = {"alert": "disk-full:/", "state": "raised"}


def read(*events: dict[str, Any]) -> list[Event]:
    body = json.dumps(events).encode()
    return read_events(body, lines=False, host="web-1", now=5.0, is_agent=True)


def example(family: type[Family]) -> dict[str, Any]:
    """Figures of a family, every field of it there."""
    data: dict[str, Any] = {}
    for field in family.fields:
        place: Any = data
        *above, last = field.name.split(".")
        for part in above:
            name = part.rstrip("[]{}")
            if part.endswith("[]"):
                place = place.setdefault(name, [{}])[0]
            elif part.endswith("{}"):
                place = place.setdefault(name, {"sda": {}})["sda"]
            else:
                place = place.setdefault(name, {})
        text = field.unit in ("", "path")
        value: Any = True if field.unit == "true/false" else "a" if text else 1.5
        place[last.removesuffix("[]")] = [value, None] if last.endswith("[]") else value
    return data


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_a_family_declares_is_taken(family: type[Family]) -> None:
    data = example(family)
    validate_metrics(family.name, data)
    validate_metrics(family.name, dict.fromkeys(data))
    validate_metrics(family.name, {})
    validate_metrics(family.name, data | {"new_in_the_next_version": {"a": []}})
    for key, value in data.items():
        wrong = [5] if isinstance(value, dict | str) else "a"
        with pytest.raises(ClientError) as caught:
            validate_metrics(family.name, data | {key: wrong})
        assert f"data: {family.name}.{key}: wanted is " in caught.value.detail
        assert (caught.value.status, caught.value.key) == (422, "data")


@pytest.mark.parametrize(
    ("family", "data", "words"),
    [
        ("cpu", {"percent": True}, "cpu.percent: wanted is a number, or null"),
        ("cpu", {"cores": [1, "2"]}, "cpu.cores[1]: wanted is a number"),
        ("disk", {"devices": {"sda": 5}}, "disk.devices.sda: wanted is an object"),
        ("disk", {"devices": {"s": {"busy_percent": []}}}, "disk.devices.s.busy_percent: wanted"),
        ("filesystem", {"mounts": [{"mountpoint": ["/"]}]}, "filesystem.mounts[0].mountpoint"),
        ("filesystem", {"mounts": ["/"]}, "filesystem.mounts[0]: wanted is an object"),
        ("sensors", {"battery": {"plugged": 1}}, "sensors.battery.plugged: wanted is true or"),
        ("system", {"tags": "web"}, "system.tags: wanted is a list"),
    ],
)
def test_what_a_family_does_not_declare_is_named(
    family: str, data: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=f"event 1: data: {family}") as caught:
        read({"event": "load", "data": {}}, {"event": family, "data": data})
    assert words in caught.value.detail
    assert (caught.value.status, caught.value.key, caught.value.index) == (422, "data", 1)


def test_an_agents_events_are_of_its_machine_and_keep_their_time() -> None:
    events = read(
        {"event": "cpu", "data": {"host": "web-1", "time": 3.25, "percent": 5}},
        {"event": "alert", "data": ALERT},
        {"event": "node", "data": {"up": 1}},  # as its settings have it scrape
    )
    assert [(event.host, event.name) for event in events] == [
        ("web-1", "cpu"),
        ("web-1", "alert"),
        ("web-1", "node"),
    ]
    assert json.loads(events[0].data) == {"host": "web-1", "time": 3.25, "percent": 5}
    assert json.loads(events[1].data)["time"] == 5


@pytest.mark.parametrize(
    ("event", "key", "words"),
    [
        ({"data": {}}, "event", "event=None: an agent sends none"),
        ({"event": "notice", "data": {}}, "event", "event='notice': an agent sends none"),
        ({"event": "hello", "data": {}}, "event", "reserved"),
        ({"event": ["cpu"], "data": {}}, "event", "wanted is a name"),
        ({"event": "node", "host": "web-2", "data": {}}, "host", "the agent of web-1"),
        ({"event": "cpu", "host": "web-2", "data": {}}, "host", "the agent of web-1"),
        ({"event": "cpu", "data": {"host": "WEB-1"}}, "host", "the agent of web-1"),
        ({"event": "cpu", "data": {}, "time": "now"}, "time", "seconds since 1970"),
        ({"event": "cpu", "data": []}, "data", "an object is wanted"),
        ({"event": "cpu", "data": {}, "id": 1}, "id", "unknown key"),
        ({"event": "alert", "data": {}}, "data", "no alert"),
        ({"event": "alert", "data": ALERT | {"level": "loud"}}, "data", "no alert"),
    ],
)
def test_what_is_not_an_agents_is_refused(event: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ClientError) as caught:
        read(event)
    assert (caught.value.status, caught.value.key, caught.value.index) == (422, key, 0)
    assert words in caught.value.detail
