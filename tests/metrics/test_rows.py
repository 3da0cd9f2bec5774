"""The catalogue's rows of the families: what they name is there."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from dashboard.metrics import FAMILIES, Family
from dashboard.metrics.catalogue.model import ChartPanel, PairsPanel, Panel, TablePanel
from dashboard.metrics.rows import built_in_rows
from tests.support.service import ROOT

ROWS = built_in_rows(FAMILIES, 2.0)
FIGURES = {figure.name for figure in ROWS.figures}


def fields_of(text: str | None) -> Iterator[str]:
    """The fields in a template."""
    return (field.partition(":")[0] for field in re.findall(r"{(.+?)}", text or ""))


def shown(panel: Panel) -> Iterator[str]:
    """The fields of an event that a panel names, as `Field.name` writes them but for `[]`."""
    if isinstance(panel, ChartPanel):
        yield from (line.field for line in (*panel.lines, *panel.stack))
        yield from (name for name in (panel.watch, panel.strip, panel.whole) if name)
    elif isinstance(panel, PairsPanel):
        yield from (pair.field for pair in panel.pairs)
    elif isinstance(panel, TablePanel):
        yield from fields_of(panel.summary)
        for rows, columns in (
            (panel.rows, panel.columns),
            *((m.rows, m.columns) for m in panel.more),
        ):
            named = [each.field for each in columns if each and each.field != "@key"]
            yield from (f"{rows}.{field}" for field in named)
        for field in (panel.order, panel.share, panel.mark and panel.mark.field):
            if field:
                yield f"{panel.rows}.{field}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_panels_and_tiles_name_fields_that_the_family_has(family: type[Family]) -> None:
    there = {field.name.replace("[]", "").replace("{}", "") for field in family.fields}
    assert any(panel.event == family.name for panel in ROWS.panels)
    for panel in (each for each in ROWS.panels if each.event == family.name):
        assert set(shown(panel)) <= there, panel.name
    for tile in (each for each in ROWS.tiles if each.event == family.name):
        above = f"{tile.pick.rows}." if tile.pick else ""
        named = [tile.field, *fields_of(tile.detail)]
        named += [tile.pick.by, tile.pick.label] if tile.pick else []
        assert {above + field for field in named} <= there, tile.name


def test_every_key_of_the_built_in_panels_is_read() -> None:
    def check(written: Any, known: Any) -> None:
        if isinstance(written, dict):
            assert written.keys() <= known.keys()
            for key, value in written.items():
                check(value, known[key])
        elif isinstance(written, list):
            for each, same in zip(written, known, strict=True):
                check(each, same)

    path = ROOT / "dashboard" / "metrics" / "catalogue" / "panels.json"
    check(msgspec.json.decode(path.read_bytes()), msgspec.to_builtins(ROWS))


def test_names_are_given_once_and_numbers_alone_are_figures() -> None:
    for names in ([p.name for p in ROWS.panels], [t.name for t in ROWS.tiles]):
        assert len(names) == len(set(names))
    assert len(FIGURES) == len(ROWS.figures)
    assert {"cpu.percent", "cpu.cores.*", "filesystem.mounts.*.percent"} <= FIGURES
    assert not {"filesystem.mounts.*.mountpoint", "system.os", "sensors.battery.plugged"} & FIGURES


def test_a_row_has_unit_range_and_seconds_between_values() -> None:
    rows = {figure.name: figure for figure in ROWS.figures}
    cpu, temperature = rows["cpu.percent"], rows["sensors.temperatures.*.celsius"]
    assert (cpu.title, cpu.unit, cpu.min, cpu.max, cpu.every) == ("CPU", "%", 0, 100, 2)
    assert (temperature.unit, temperature.min, temperature.every) == ("°C", None, 6)
    assert rows["processes.top.*.cpu_percent"].max is None
    assert rows["system.uptime_seconds"].unit == "duration"
    assert (rows["load.load1"].unit, rows["load.load1"].decimals) == ("", 2)
