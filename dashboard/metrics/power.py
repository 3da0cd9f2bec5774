"""Batteries of the machine, from /sys/class/power_supply.

The attributes are those of Documentation/ABI/testing/sysfs-class-power, in µW, µWh, µA and µAh.
A mouse, a pen or a headset says of its battery `scope` Device; it is none of the machine's.
"""

from pathlib import Path
from typing import Any, NamedTuple

from dashboard.metrics import procfs
from dashboard.metrics.values import printable


class Battery(NamedTuple):
    """One battery; energy in whatever unit it counts in (µWh or µAh), or None."""

    label: str
    percent: float
    now: float | None
    full: float | None
    rate: float | None
    """Energy per hour that it gives or takes."""
    status: str


def read(sysfs: Path) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return the fields `battery`, for all of them together, and `batteries`."""
    batteries: list[Battery] = []
    mains: list[bool] = []
    for supply in sorted((sysfs / "class" / "power_supply").glob("*")):
        kind = procfs.read_text(str(supply / "type"))
        if procfs.read_text(str(supply / "scope")) == "Device":
            continue
        if kind == "Battery":
            battery = _battery(supply)
            batteries += [battery] if battery is not None else []
        elif kind in {"Mains", "USB"}:
            online = procfs.read_number(str(supply / "online"))
            mains += [online > 0] if online is not None else []
    if not batteries:
        return None, []
    items = [{"label": each.label, "percent": each.percent} for each in batteries]
    plugged = _is_plugged(batteries, mains)
    left = None if plugged else _seconds_left(batteries)
    return {"percent": _percent(batteries), "plugged": plugged, "seconds_left": left}, items


def _battery(supply: Path) -> Battery | None:
    """Return a battery, or None for an empty bay or one that doesn't say how full it is."""

    def number(*names: str) -> float | None:
        found = (procfs.read_number(str(supply / name)) for name in names)
        return next((abs(each) for each in found if each is not None), None)

    if number("present") == 0:
        return None
    now, full = number("energy_now", "charge_now"), number("energy_full", "charge_full")
    percent = number("capacity")
    if now is not None and full:
        percent = 100 * now / full
    if percent is None:
        return None
    return Battery(
        printable(supply.name),
        round(min(100.0, percent), 1),
        now,
        full,
        number("power_now", "current_now"),
        procfs.read_text(str(supply / "status")) or "",
    )


def _percent(batteries: list[Battery]) -> float:
    """Return the charge of all together: by energy where each says its own, else the mean."""
    now = [each.now for each in batteries if each.now is not None]
    full = [each.full for each in batteries if each.full]
    if len(now) == len(full) == len(batteries):
        return round(min(100.0, 100 * sum(now) / sum(full)), 1)
    return round(sum(each.percent for each in batteries) / len(batteries), 1)


def _is_plugged(batteries: list[Battery], mains: list[bool]) -> bool | None:
    if mains:
        return any(mains)
    states = {each.status for each in batteries}
    if "Discharging" in states:
        return False
    return True if states & {"Charging", "Full", "Not charging"} else None


def _seconds_left(batteries: list[Battery]) -> int | None:
    rate = sum(each.rate or 0.0 for each in batteries)
    if rate <= 0 or any(each.now is None for each in batteries):
        return None
    return int(3600 * sum(each.now or 0.0 for each in batteries) / rate)
