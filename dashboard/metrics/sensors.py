"""Temperatures, fans and the battery, as far as the machine has them.

Drivers put placeholders where a chip doesn't say (−128, 65261.85 or 0 °C), so a temperature or a
limit that no running machine can have counts as not given. The three parts are asked one by one:
a driver that fails loses only its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import psutil

from dashboard.metrics.family import Field


class Sensors:
    """What the hardware monitors read at this moment."""

    name: ClassVar[str] = "sensors"
    cadence: ClassVar[float] = 5
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "temperatures[].label",
            "",
            "the chip, and its label if any",
            "psutil.sensors_temperatures",
        ),
        Field("temperatures[].celsius", "°C", "now", "hwmon tempN_input, else thermal zones"),
        Field(
            "temperatures[].high", "°C", "where warm begins; null if not given", "hwmon tempN_max"
        ),
        Field(
            "temperatures[].critical",
            "°C",
            "where damage begins; null if not given",
            "hwmon tempN_crit",
        ),
        Field("fans[].label", "", "the chip, and the fan's label if any", "psutil.sensors_fans"),
        Field("fans[].rpm", "1/min", "turns per minute; 0 while it stands", "hwmon fanN_input"),
        Field(
            "battery.percent",
            "%",
            "charge; `battery` is null without one",
            "psutil.sensors_battery",
        ),
        Field(
            "battery.plugged",
            "true/false",
            "on mains power; null if not known",
            "psutil.sensors_battery",
        ),
        Field(
            "battery.seconds_left",
            "s",
            "until it is empty; null on mains power or if not known",
            "psutil.sensors_battery",
        ),
    )

    def __init__(self, *, ps: Any = psutil) -> None:
        self.absent_reason: str | None = None
        self._ps = ps

    def read(self) -> dict[str, Any] | None:
        """The family's fields; None where nothing is monitored. A slow chip may take a second."""
        data = {
            "temperatures": _answer(self._temperatures) or [],
            "fans": _answer(self._fans) or [],
            "battery": _answer(self._battery),
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
            for chip, readings in self._ps.sensors_fans().items()
            for label, rpm in readings
            if 0 <= rpm < 100_000
        ]

    def _battery(self) -> dict[str, Any] | None:
        battery = self._ps.sensors_battery()
        if battery is None or not math.isfinite(battery.percent):
            return None
        seconds = battery.secsleft
        return {
            "percent": round(min(100.0, max(0.0, battery.percent)), 1),
            "plugged": battery.power_plugged,
            # psutil's constants for "unknown" and "unlimited" are negative.
            "seconds_left": int(seconds) if seconds is not None and seconds >= 0 else None,
        }


class _Labels:
    """Makes labels, numbering equal ones: two drives of a kind are one chip to psutil."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def __call__(self, chip: str, label: str) -> str:
        name = f"{chip} {label}".strip()
        self._given[name] += 1
        return name if self._given[name] == 1 else f"{name} {self._given[name]}"


def _degrees(value: float | None, lowest: float, highest: float) -> float | None:
    # NaN fails every comparison.
    return round(value, 1) if value is not None and lowest <= value <= highest else None


def _answer(ask: Callable[[], Any]) -> Any:
    """What `ask` says; None where this system has no such question, or a driver fails."""
    try:
        return ask()
    except (AttributeError, NotImplementedError, OSError, RuntimeError, ValueError, TypeError):
        return None
