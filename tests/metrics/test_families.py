"""All families together: what they promise, what they give, what the page says of them."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.metrics import FAMILIES, Family, Field

from .conftest import Machine

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def test_the_families_are_those_of_the_modules() -> None:
    names = [family.name for family in FAMILIES]
    assert names == sorted(set(names))
    assert {"cpu", "memory", "load", "disk", "filesystem"} <= set(names)
    assert {"network", "pressure", "processes", "sensors", "system"} <= set(names)


def paths(value: Any, maps: set[str], path: str = "") -> Iterator[str]:
    """The field names that a reading has, as `Field.name` writes them."""
    if isinstance(value, dict):
        if path in maps:
            for item in value.values():
                yield from paths(item, maps, path + "{}")
        else:
            for key, item in value.items():
                yield from paths(item, maps, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, maps, path + "[]")
    else:
        yield path


def maps_of(fields: tuple[Field, ...]) -> set[str]:
    return {field.name.partition("{}")[0] for field in fields if "{}" in field.name}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_fields_are_what_a_reading_has(machine: Machine, family: type[Family]) -> None:
    reader = machine.readers()[family.name]
    machine.a_second_passes()
    reading = reader.read()
    assert reader.absent_reason is None
    names = [field.name for field in family.fields]
    assert len(names) == len(set(names))
    assert set(paths(reading, maps_of(family.fields))) == set(names)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_reader_comes_into_being_even_where_nothing_can_be_read(
    machine: Machine, family: type[Family]
) -> None:
    def broken(*arguments: Any, **keywords: Any) -> Any:
        raise PermissionError(13, "no")

    machine.remove("")
    for question in ("cpu_times", "disk_io_counters", "net_io_counters", "process_iter"):
        setattr(machine.ps, question, broken)
    assert machine.readers()[family.name].absent_reason is None


def test_everything_a_machine_has_is_measured(machine: Machine) -> None:
    """On the frozen server no metric may be missing, but of what is new."""
    machine.limited()
    readers = machine.readers()
    machine.a_second_passes()
    for family in FAMILIES:
        # What others may refuse to tell says so in its meaning.
        may_be_null = {
            field.name
            for field in family.fields
            if re.search("null (where it can't be asked|without a quota)", field.meaning)
        }
        reading = readers[family.name].read() | {"top": []}
        kept = {key: value for key, value in reading.items() if key not in may_be_null}
        assert "null" not in json.dumps(kept), family.name


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_reading_is_small_and_plain_json(machine: Machine, family: type[Family]) -> None:
    reader = machine.readers()[family.name]
    machine.a_second_passes()
    text = json.dumps(reader.read(), allow_nan=False, separators=(",", ":"))
    text.encode()
    assert len(text) < 2000
    assert not re.search(r"\.\d{3}", text), "more decimals than mean anything"


def table(heading: str) -> dict[str, tuple[str, ...]]:
    """The rows of the table under a heading of docs/events.md, by their first cell."""
    page = PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^#+ ", page, flags=re.MULTILINE)
    (section,) = [text for text in sections if text.startswith(f"`{heading}`")]
    rows = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            assert cells[0] not in rows
            rows[cells[0].strip("`")] = tuple(cells[1:])
    return rows


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_page_says_what_the_code_says(family: type[Family]) -> None:
    wanted = {field.name: (field.unit, field.meaning) for field in family.fields}
    lines = [f"| `{name}` | {' | '.join(cells)} | … |" for name, cells in wanted.items()]
    rows = table(family.name)
    assert {name: cells[:2] for name, cells in rows.items()} == wanted, "\n".join(lines)
    for name, (_, meaning, source) in rows.items():
        assert meaning, name
        assert source, name


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            "hello",
            {
                *("build", "host", "hosts", "time", "interval", "intervals", "heartbeat"),
                *("cadences", "slow", "source_cadences"),
            },
        ),
        ("gap", {"from", "to", "seconds"}),
        ("heartbeat", {"time"}),
        ("busy", {"time", "streams", "limit"}),
    ],
)
def test_the_page_has_the_events_of_the_protocol(event: str, fields: set[str]) -> None:
    assert set(table(event)) == fields


def test_the_page_has_no_family_that_the_code_lacks() -> None:
    page = PAGE.read_text(encoding="utf-8")
    headings = set(re.findall(r"^#+ `([a-z]+)`", page, flags=re.MULTILINE))
    others = {"hello", "gap", "batch", "heartbeat", "busy", "progress", "log", "notice", "alert"}
    others |= {"rules", "silence"}
    assert headings == {family.name for family in FAMILIES} | others


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_this_machine(family: type[Family]) -> None:
    reader = family()
    assert reader.absent_reason is None
    time.sleep(0.05)
    reading = reader.read()
    if reading is None:  # and most say why
        assert family.name not in {"cpu", "memory", "load", "processes", "system"}
        return
    assert reader.absent_reason is None
    documented = {field.name for field in family.fields}
    found = set(paths(reading, maps_of(family.fields)))
    # A machine may lack a battery or a fan; nothing may be there that isn't documented.
    assert found <= documented | {"battery"}
    assert all(math.isfinite(number) for number in numbers(reading))
    if family.name != "sensors":
        assert all(number >= 0 for number in numbers(reading))
    for field in family.fields:
        if field.unit == "%" and isinstance(share := reading.get(field.name), float):
            assert 0 <= share <= 100


def test_this_machine_has_figures_in_the_first_reading() -> None:
    readers = {family.name: family() for family in FAMILIES}
    time.sleep(0.05)
    cpu = readers["cpu"].read()
    assert cpu is not None
    assert cpu["percent"] is not None
    processes = readers["processes"].read()
    assert processes is not None
    assert any(process["cpu_percent"] is not None for process in processes["top"])
    assert {process["pid"] for process in processes["top"]} <= set(range(1, 2**22 + 1))
    memory = readers["memory"].read()
    assert memory is not None
    assert 0 < memory["used"] < memory["total"]
