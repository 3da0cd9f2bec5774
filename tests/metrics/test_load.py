"""Load averages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from dashboard.metrics.load import Load

from .conftest import Machine


def test_rounded_beside_the_cpus(machine: Machine) -> None:
    expected = {"load1": 1.23, "load5": 0.5, "load15": 0.25, "cpus": 4}
    assert Load(ps=machine.ps).read() == expected


def test_absent_until_there_is_one() -> None:
    answers: list[Any] = [OSError(), (1.0, 2.0, 3.0)]

    def getloadavg() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    load = Load(ps=SimpleNamespace(getloadavg=getloadavg, cpu_count=lambda: None))
    assert load.read() is None
    assert load.absent_reason == "this system keeps no load average"
    assert load.read() == {"load1": 1.0, "load5": 2.0, "load15": 3.0, "cpus": None}
    assert load.absent_reason is None
