"""Graphics cards, by frozen parts of /sys and a stand-in for NVIDIA's library."""

# ruff: noqa: N802 (the library's own names)
from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from dashboard.metrics.gpu import Gpu
from dashboard.posix.native_thread import NativeThread

from .conftest import FROZEN, Machine, Watch

AMD = {
    "name": "AMD 1002:73bf",
    "busy_percent": 37.0,
    "memory_used": 4 << 30,
    "memory_total": 16 << 30,
    "memory_percent": 25.0,
    "celsius": 61.0,
    "watts": 142.0,
    "fan_percent": 40.0,
}


class Nvml:
    """NVIDIA's library, as far as it is asked: two cards alike, of which one has no fan."""

    class NVMLError(Exception):
        """What the real one raises."""

    def __init__(self) -> None:
        self.begun = 0
        self.is_broken = False

    def nvmlInit(self) -> None:
        self.begun += 1

    def nvmlDeviceGetCount(self) -> int:
        if self.is_broken:
            raise self.NVMLError("Driver/library version mismatch")
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:
        return "NVIDIA A100"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(used=8 << 30, total=32 << 30)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return SimpleNamespace(gpu=90 + handle, memory=3)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:
        assert sensor == 0
        return 70

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        return 250_400

    def nvmlDeviceGetFanSpeed(self, handle: int) -> int:
        if handle:
            raise self.NVMLError("Not Supported")
        return 55


def gpu(machine: Machine, nvml: Callable[[], Any] = Nvml) -> Gpu:
    return Gpu(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs, nvml=nvml)


def cards(reader: Gpu) -> list[dict[str, Any]]:
    reading = reader.read()
    assert reading is not None
    found: list[dict[str, Any]] = reading["cards"]
    return found


def test_amd(machine: Machine) -> None:
    assert cards(gpu(machine)) == [AMD]


def test_intel(tmp_path: Path, watch: Watch) -> None:
    shutil.copytree(FROZEN / "intel", tmp_path, dirs_exist_ok=True)
    reader = Gpu(clock=watch, sysfs=tmp_path)
    watch.forward(1)
    shutil.copytree(FROZEN / "intel_later", tmp_path, dirs_exist_ok=True)
    arc, small = cards(reader)
    assert (arc["name"], arc["busy_percent"], arc["watts"]) == ("Intel 8086:56a0", 75.0, 45.5)
    assert (small["name"], small["busy_percent"], small["watts"]) == ("Intel 8086:9a49", 0.0, None)


def test_nvidia(machine: Machine) -> None:
    library = Nvml()
    reader = gpu(machine, lambda: library)
    assert cards(reader) == [AMD]  # no driver: the library is not asked for
    machine.attributes("module/nvidia", version="550.54")
    amd, one, two = cards(reader)
    assert amd == AMD
    assert one == {
        "name": "NVIDIA A100",
        "busy_percent": 90.0,
        "memory_used": 8 << 30,
        "memory_total": 32 << 30,
        "memory_percent": 25.0,
        "celsius": 70,
        "watts": 250.4,
        "fan_percent": 55,
    }
    assert (two["name"], two["busy_percent"], two["fan_percent"]) == ("NVIDIA A100 #2", 91.0, None)
    cards(reader)
    assert library.begun == 1
    library.is_broken = True  # the driver was updated
    assert cards(reader) == [AMD]
    assert "version mismatch" in str(reader.absent_reason)
    library.is_broken = False
    assert len(cards(reader)) == 3
    assert (library.begun, reader.absent_reason) == (2, None)


def test_a_driver_without_the_package_is_said(machine: Machine) -> None:
    def missing() -> Any:
        raise ModuleNotFoundError("pynvml")

    machine.attributes("module/nvidia", version="550.54")
    reader = gpu(machine, missing)
    assert cards(reader) == [AMD]
    assert "install nvidia-ml-py" in str(reader.absent_reason)


@pytest.mark.parametrize("ps", [psutil, SimpleNamespace()])
def test_a_machine_without_cards_has_none_and_no_word_is_said(tmp_path: Path, ps: Any) -> None:
    reader = Gpu(ps=ps, sysfs=tmp_path)
    assert (reader.read(), reader.absent_reason) == (None, None)


def test_a_driver_that_hangs_holds_up_its_own_thread_alone(machine: Machine) -> None:
    """The sampler reads it in a thread of its own, as its cadence is its own, and gives it up."""
    machine.attributes("module/nvidia", version="550.54")
    goes_on, hung = threading.Event(), threading.Event()

    def hang() -> Any:
        hung.set()
        goes_on.wait()
        return Nvml()

    reader, thread = gpu(machine, hang), NativeThread()
    call = thread.begin(reader.read)
    assert not call.wait(0.1)
    assert hung.wait(30)
    goes_on.set()
    assert call.wait(30)
    assert len((call.result() or {})["cards"]) == 3
    thread.close()
