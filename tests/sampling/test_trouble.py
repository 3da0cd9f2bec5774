"""Reasons of families that fail: logged once, and known to every worker."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from dashboard.sampling.trouble import (
    REPEAT_SECONDS,
    FamilyTroubles,
    failing_file,
    read_failing,
    write_failing,
)

from .test_sampler import Gate, Rig, family, rig, wait_until

__all__ = ["rig"]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "no figures" in r.getMessage()]


def test_a_reason_with_other_numbers_is_one_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "dashboard")
    now = 0.0
    troubles = FamilyTroubles(clock=lambda: now)
    for number in range(20):
        troubles.note("disk", f"line {number} of 0x{number:x}: 1.{number}", is_failure=True)
        troubles.note("disk", None, is_failure=False)
    assert logged(caplog) == ["no figures for disk: line 0 of 0x0: 1.0"]
    troubles.note("disk", "another", is_failure=True)
    assert len(logged(caplog)) == 2
    now = REPEAT_SECONDS
    troubles.note("disk", "line 5 of 0x5: 1.5", is_failure=True)
    assert len(logged(caplog)) == 3


def test_reasons_without_end_are_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "dashboard")
    troubles = FamilyTroubles()
    for number in range(200):
        troubles.note("disk", "x" * number + "\udce9" * 10_000, is_failure=True)
    assert 1 < len(logged(caplog)) < 20
    assert max(map(len, logged(caplog))) < 500


def test_what_fails_now_is_told_on_each_change() -> None:
    told: list[dict[str, str]] = []
    troubles = FamilyTroubles(lambda failing: told.append(dict(failing)))
    for reason, is_failure in (("a 1", True), ("a 2", True), ("b", True), (None, False)):
        troubles.note("disk", reason, is_failure=is_failure)
        troubles.note("sensors", "none here", is_failure=False)
    assert told == [{"disk": "a 1"}, {"disk": "b"}, {}]


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, "\udce9"])
def test_a_file_that_is_none_says_nothing(tmp_path: Path, content: str) -> None:
    file = failing_file(tmp_path, "box")
    assert read_failing(file) == {}
    file.write_text(content, "utf-8", "surrogateescape")
    assert read_failing(file) == {}
    write_failing(file, {"disk": "gone"})
    assert read_failing(file) == {"disk": "gone"}


def test_a_file_that_cannot_be_written_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_failing(failing_file(tmp_path / "missing", "box"), {})
    assert "can't be written" in caplog.text


def endless() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    figures["more"] = figures
    return figures


@pytest.mark.parametrize(
    "figures",
    [
        pytest.param({"name": "caf\udce9"}, id="surrogates"),
        pytest.param({"load1": 2**64}, id="a number that no reader holds"),
        pytest.param({"name": "x" * (1 << 20)}, id="large"),
        pytest.param({"thing": object()}, id="no JSON"),
        pytest.param([], id="no object"),
        pytest.param(endless(), id="endless"),
        pytest.param({"load1": "much"}, id="another type than its field's"),
    ],
)
def test_what_a_family_makes_of_itself_costs_that_family_only(
    rig: Rig, figures: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dashboard")
    rig.start(
        family("cpu", figures=lambda self: {"percent": 1.0}),
        family("load", figures=lambda self: figures),
        family("memory", figures=lambda self: {"total": 1}),
    )
    rig.wait_for(4, "memory")
    assert len(rig.wait_for(4, "cpu")) >= 4
    assert rig.events("load") == []
    assert len([each for each in logged(caplog) if "load" in each]) == 1


def test_a_family_of_which_a_part_is_missing_has_events_and_is_named(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dashboard")
    told: dict[str, str] = {}
    part = {"absent_reason": "no answer from 1 mounts: /nas"}
    rig.start(family("disk", **part), on_failing=told.update)
    rig.wait_for(3, "disk")
    assert told == {"disk": "no answer from 1 mounts: /nas"}
    assert logged(caplog) == []
    assert "not all figures for disk: no answer from 1 mounts: /nas" in caplog.text


def test_a_fast_family_that_hangs_leaves_the_others_of_its_thread(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.sampling.sampler._DEADLINE", 0.1)
    gate = Gate()
    rig.start(
        family("cpu"),
        family("network", figures=lambda self: gate.figures(self)),
        family("load"),
    )
    rig.wait_for(2, "network")
    gate.open.clear()
    wait_until(lambda: gate.inside == 1)
    count = len(rig.events("cpu")), len(rig.events("load")), len(rig.events("network"))
    rig.wait_for(count[0] + 5, "cpu")
    rig.wait_for(count[1] + 5, "load")
    assert gate.most_inside == 1
    gate.open.set()
    rig.wait_for(count[2] + 3, "network")
    assert gate.most_inside == 1
    # The thread that hung does not go on to families that another thread reads by now.
    rig.wait_for(len(rig.events("load")) + 3, "load")
    reads = [json.loads(event.data)["reads"] for event in rig.events("load")]
    assert reads == list(range(1, len(reads) + 1))
