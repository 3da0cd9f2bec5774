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
    assert Sensors(ps=machine.ps, sysfs=machine.sysfs).read() == {
        "temperatures": [
            {"label": "coretemp Package id 0", "celsius": 54.5, "high": 84.0, "critical": 100.0},
            {"label": "coretemp Core 0", "celsius": 53.0, "high": 84.0, "critical": 100.0},
        ],
        "fans": [{"label": "nct6775", "rpm": 912}],
        "battery": {"percent": 81.2, "plugged": False, "seconds_left": 7200},
        "batteries": [{"label": "BAT0", "percent": 81.2}],
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


def test_a_battery_of_a_mouse_is_none_of_the_machines(machine: Machine) -> None:
    (machine.sysfs / "class/power_supply/BAT0").rename(machine.sysfs / "unplugged")
    machine.attributes(
        "class/power_supply/hidpp_battery_0", type="Battery", scope="Device", capacity="5"
    )
    reading = Sensors(ps=machine.ps, sysfs=machine.sysfs).read()
    assert reading is not None
    assert (reading["battery"], reading["batteries"]) == (None, [])


def test_each_battery_and_all_together(machine: Machine) -> None:
    folder = "class/power_supply/"
    second = {"type": "Battery", "present": "1", "status": "Unknown"}
    machine.attributes(folder + "BAT1", **second, energy_now="10000000", energy_full="10000000")
    machine.attributes(folder + "BAT2", **{**second, "present": "0"})
    machine.attributes(folder + "BAT3", type="Battery", status="rubbish", capacity=b"\xff")
    reading = Sensors(ps=machine.ps, sysfs=machine.sysfs).read()
    assert reading is not None
    assert reading["batteries"] == [
        {"label": "BAT0", "percent": 81.2},
        {"label": "BAT1", "percent": 100.0},
    ]
    # 42.5 of 50 Wh, at 16.25 W.
    assert reading["battery"] == {"percent": 85.0, "plugged": False, "seconds_left": 9415}
    machine.attributes(folder + "AC", online="1")
    plugged = Sensors(ps=machine.ps, sysfs=machine.sysfs).read()
    assert plugged is not None
    assert plugged["battery"] == {"percent": 85.0, "plugged": True, "seconds_left": None}


@pytest.mark.parametrize(
    ("states", "plugged"),
    [
        (["Charging", "Full"], True),
        (["Full", "Discharging"], False),
        (["Unknown"], None),
        (["Not charging"], True),
    ],
)
def test_without_a_mains_supply_the_batteries_say_whether_they_charge(
    machine: Machine, states: list[str], plugged: bool | None
) -> None:
    (machine.sysfs / "class/power_supply/AC").rename(machine.sysfs / "none")
    for number, status in enumerate(states):
        folder = f"class/power_supply/BAT{number}"
        machine.attributes(folder, type="Battery", status=status, capacity="50")
    reading = Sensors(ps=machine.ps, sysfs=machine.sysfs).read()
    assert reading is not None
    assert reading["battery"]["plugged"] is plugged


def test_a_bad_fan_takes_only_itself(machine: Machine) -> None:
    fans: dict[str, str | bytes] = {"fan1_input": "900", "fan2_input": "no number"}
    fans |= {"fan3_input": "700", "fan3_label": b"r\xe9ar", "fan4_input": "1" * 5000}
    machine.attributes("class/hwmon/hwmon1", name="nct", **fans)
    (machine.sysfs / "class/hwmon/hwmon1/fan5_input").mkdir()
    machine.attributes("class/hwmon/hwmon2", fan1_input="500")
    reading = Sensors(ps=machine.ps, sysfs=machine.sysfs).read()
    assert reading is not None
    assert reading["fans"] == [
        {"label": "nct6775", "rpm": 912},
        {"label": "nct", "rpm": 900},
        {"label": r"nct r\xe9ar", "rpm": 700},
        {"label": "hwmon2", "rpm": 500},
    ]


def test_a_label_that_is_no_text() -> None:
    readings = {"chip\udce9": [("a\nb", 40.0, None, None)]}
    reading = Sensors(ps=machine_with(temperatures=readings)).read()
    assert reading is not None
    assert reading["temperatures"][0]["label"] == r"chip\xe9 a\nb"


def test_a_machine_without() -> None:
    sensors = Sensors(ps=machine_with())
    assert sensors.read() is None
    assert sensors.absent_reason == "this machine shows no temperatures, fans or battery"


def test_elsewhere_the_questions_may_be_missing() -> None:
    sensors = Sensors(ps=SimpleNamespace(sensors_battery=lambda: None))
    assert sensors.read() is None
