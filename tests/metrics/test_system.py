"""Uptime, sessions and names."""

from __future__ import annotations

import platform
from types import SimpleNamespace

from dashboard.metrics import FAMILIES, families_of
from dashboard.metrics.system import System

from .conftest import Machine


def test_frozen(machine: Machine) -> None:
    reading = System(ps=machine.ps).read()
    assert (reading["uptime_seconds"], reading["boot_time"], reading["users"]) == (
        86461,
        1767225600,
        2,
    )
    assert reading["kernel"] == platform.release()
    assert reading["os"]
    assert reading["tags"] == []


def test_elsewhere_the_wall_clock_and_never_negative() -> None:
    ps = SimpleNamespace(boot_time=lambda: 1000.0)
    assert System(ps=ps, wall_clock=lambda: 1500.4).read()["uptime_seconds"] == 500
    assert System(ps=ps, wall_clock=lambda: 900.0).read()["uptime_seconds"] == 0
    assert System(ps=ps).read()["users"] is None


def test_a_machines_tags_and_pace_are_told_by_it_alone() -> None:
    told = families_of(("web", "eu-1"), 10.0)
    (system,) = [family for family in told if family.name == "system"]
    figures = system().read()
    assert figures is not None
    assert (figures["tags"], figures["interval"]) == (["web", "eu-1"], 10.0)
    assert [family.name for family in told] == [family.name for family in FAMILIES]
    unsaid = System().read()
    assert (unsaid["tags"], unsaid["interval"]) == ([], None)
