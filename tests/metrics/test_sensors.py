"""Temperatures, fans and the battery, as psutil may answer."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.metrics.sensors import Sensors

from .conftest import Machine


def machine_with(**answers: Any) -> Any:
    """psutil on a machine with these sensors; an exception is raised where it would be given."""

    def asker(answer: Any) -> Any:
        def ask() -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask

    none: dict[str, Any] = {"temperatures": {}, "fans": {}, "battery": None}
    return SimpleNamespace(
        **{f"sensors_{part}": asker(answer) for part, answer in (none | answers).items()}
    )


def test_all_three(machine: Machine) -> None:
    assert Sensors(ps=machine.ps).read() == {
        "temperatures": [
            {"label": "coretemp Package id 0", "celsius": 54.5, "high": 84.0, "critical": 100.0},
            {"label": "coretemp Core 0", "celsius": 53.0, "high": 84.0, "critical": 100.0},
        ],
        "fans": [{"label": "nct6775", "rpm": 912}],
        "battery": {"percent": 81.2, "plugged": False, "seconds_left": 7200},
    }


@pytest.mark.parametrize("celsius", [-128.0, 65261.85, math.nan, math.inf, None])
def test_no_machine_is_that_hot(celsius: float | None) -> None:
    readings = {"chip": [("a", celsius, None, None), ("b", 40.0, None, None)]}
    reading = Sensors(ps=machine_with(temperatures=readings)).read()
    assert reading is not None
    assert [each["label"] for each in reading["temperatures"]] == ["chip b"]


@pytest.mark.parametrize("limit", [0.0, 0.105, -273.15, 65261.85, math.nan, math.inf, None])
def test_no_limit_is_like_that(limit: float | None) -> None:
    readings = {"nvme": [("Composite", 38.85, limit, limit)]}
    reading = Sensors(ps=machine_with(temperatures=readings)).read()
    assert reading is not None
    assert reading["temperatures"] == [
        {
            "label": "nvme Composite",
            "celsius": pytest.approx(38.85, abs=0.06),
            "high": None,
            "critical": None,
        }
    ]


def test_equal_labels_are_told_apart() -> None:
    drives = {"nvme": [("Composite", 40.0, None, None), ("Composite", 50.0, None, None)]}
    fans = {"nct": [("", 900), ("", 0), ("rear", 5)]}
    reading = Sensors(ps=machine_with(temperatures=drives, fans=fans)).read()
    assert reading is not None
    labels = [each["label"] for each in reading["temperatures"] + reading["fans"]]
    assert labels == ["nvme Composite", "nvme Composite 2", "nct", "nct 2", "nct rear"]


@pytest.mark.parametrize(
    ("seconds", "left"), [(-1, None), (-2, None), (0, 0), (90.5, 90), (None, None)]
)
def test_how_long_the_battery_lasts(seconds: float | None, left: int | None) -> None:
    battery = SimpleNamespace(percent=100.4, secsleft=seconds, power_plugged=None)
    reading = Sensors(ps=machine_with(battery=battery)).read()
    assert reading is not None
    assert reading["battery"] == {"percent": 100.0, "plugged": None, "seconds_left": left}


@pytest.mark.parametrize("error", [FileNotFoundError(2, "power_supply"), ValueError("rubbish")])
def test_a_failing_driver_loses_only_its_own(error: Exception) -> None:
    ps = machine_with(fans=error, battery=error, temperatures={"acpitz": [("", 40.0, None, None)]})
    reading = Sensors(ps=ps).read()
    assert reading is not None
    assert reading["temperatures"][0]["label"] == "acpitz"
    assert (reading["fans"], reading["battery"]) == ([], None)


def test_a_machine_without() -> None:
    sensors = Sensors(ps=machine_with())
    assert sensors.read() is None
    assert sensors.absent_reason == "this machine shows no temperatures, fans or battery"


def test_elsewhere_the_questions_may_be_missing() -> None:
    sensors = Sensors(ps=SimpleNamespace(sensors_battery=lambda: None))
    assert sensors.read() is None
