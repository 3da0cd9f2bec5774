"""Temperatures, fans and batteries, as far as the machine has them.

Drivers put placeholders where a chip doesn't say (−128, 65261.85 or 0 °C), so a temperature or a
limit that no running machine can have counts as not given. Each is asked by itself: a driver that
fails loses only its own.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from dashboard.metrics import power, procfs
from dashboard.metrics.family import Family, Field
from dashboard.metrics.values import printable


class Sensors(Family):
    """Values of the hardware monitors at this moment."""

    name = "sensors"
    cadence = 5.0
    fields = (
        Field("temperatures[].label", "", "the chip, and its label if any"),
        Field("temperatures[].celsius", "°C", "now", title="Temperature"),
        Field("temperatures[].high", "°C", "where warm begins; null if not given"),
        Field("temperatures[].critical", "°C", "where damage begins; null if not given"),
        Field("fans[].label", "", "the chip, and the fan's label if any"),
        Field("fans[].rpm", "1/min", "turns per minute; 0 while it stands", title="Fan"),
        Field(
            "battery.percent",
            "%",
            "charge of all batteries of the machine; `battery` is null without one",
            title="Battery",
        ),
        Field("battery.plugged", "true/false", "on mains power; null if not known"),
        Field(
            "battery.seconds_left", "s", "until all are empty; null on mains power or if not known"
        ),
        Field("batteries[].label", "", "the battery's name"),
        Field("batteries[].percent", "%", "its charge"),
    )

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None where nothing is monitored. A chip may take a second."""
        battery, batteries = _answer(self._battery) or (None, [])
        data = {
            "temperatures": _answer(self._temperatures) or [],
            "fans": _answer(self._fans) or [],
            "battery": battery,
            "batteries": batteries,
        }
        found = any(data.values())
        self.absent_reason = (
            None if found else "this machine shows no temperatures, fans or battery"
        )
        return data if found else None

    def _temperatures(self) -> list[dict[str, Any]]:
        name = _Labels()
        return [
            {
                "label": name(chip, label),
                "celsius": celsius,
                "high": _degrees(high, 1, 200),
                "critical": _degrees(critical, 1, 200),
            }
            for chip, readings in self._ps.sensors_temperatures().items()
            for label, current, high, critical in readings
            if (celsius := _degrees(current, -60, 200)) is not None
        ]

    def _fans(self) -> list[dict[str, Any]]:
        name = _Labels()
        return [
            {"label": name(chip, label), "rpm": int(rpm)}
            for chip, label, rpm in self._found_fans()
            if 0 <= rpm < 100_000
        ]

    def _found_fans(self) -> Iterator[tuple[str, str, float]]:
        if self._proc is None:
            for chip, readings in self._ps.sensors_fans().items():
                yield from ((chip, label, rpm) for label, rpm in readings)
            return
        hwmon = self._sysfs / "class" / "hwmon"
        found = [*hwmon.glob("hwmon*/fan*_input"), *hwmon.glob("hwmon*/device/fan*_input")]
        for file in sorted(found):
            rpm = procfs.read_number(str(file))
            if rpm is not None:
                chip = procfs.read_text(str(file.parent / "name")) or file.parent.name
                label = procfs.read_text(str(file).removesuffix("_input") + "_label")
                yield chip, label or "", rpm

    def _battery(self) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        if self._proc is not None:
            return power.read(self._sysfs)
        battery = self._ps.sensors_battery()
        if battery is None or not math.isfinite(battery.percent):
            return None, []
        seconds = battery.secsleft
        charge = round(min(100.0, max(0.0, battery.percent)), 1)
        whole = {
            "percent": charge,
            "plugged": battery.power_plugged,
            # psutil's constants for "unknown" and "unlimited" are negative.
            "seconds_left": int(seconds) if seconds is not None and seconds >= 0 else None,
        }
        return whole, [{"label": "battery", "percent": charge}]


class _Labels:
    """Labels, numbered where they are equal: two drives of a kind are one chip to psutil."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def __call__(self, chip: str, label: str) -> str:
        name = printable(f"{chip} {label}".strip())
        self._given[name] += 1
        return name if self._given[name] == 1 else f"{name} {self._given[name]}"


def _degrees(value: float | None, lowest: float, highest: float) -> float | None:
    # NaN fails every comparison.
    return round(value, 1) if value is not None and lowest <= value <= highest else None


def _answer(ask: Callable[[], Any]) -> Any:
    """Return the answer; None where this system has no such question, or a driver fails."""
    try:
        return ask()
    except (AttributeError, NotImplementedError, OSError, RuntimeError, ValueError, TypeError):
        return None
