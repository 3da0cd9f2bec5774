"""A real load, by stress-ng: the alerts on CPU and on memory name it first."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.alert_receiver import Receiver
from tests.support.service import Service, wait_for

MIB = 1 << 20


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


@contextmanager
def nice(value: int) -> Iterator[None]:
    """What is started within goes before others, where that is allowed."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, value)
    yield
    os.setpriority(os.PRIO_PROCESS, 0, before)


def go_before_others(process: subprocess.Popen[bytes], value: int) -> None:
    """The same of a session, where the kernel shares the cores out among sessions (sched(7))."""
    with suppress(OSError):
        Path(f"/proc/{process.pid}/autogroup").write_text(str(value))


@contextmanager
def stress_ng(*arguments: str) -> Iterator[None]:
    """A load that other tests, which may keep all cores busy, make no smaller."""
    program = shutil.which("stress-ng")
    assert program, "no stress-ng on the PATH; ./test installs it, or names what is missing"
    command = [program, "--quiet", "--timeout", "120s", *arguments]
    with nice(-10), subprocess.Popen(command, start_new_session=True) as process:
        go_before_others(process, -10)
        try:
            yield
            assert process.poll() is None, f"{command} ended with {process.returncode}"
        finally:
            process.terminate()


def largest_program() -> int:
    """The bytes of memory of the program with most of it just now, all its processes together."""
    sums: Counter[str] = Counter()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            sums[process.name()] += process.memory_info().rss
    return max(sums.values())


def alert(service: Service, name: str) -> dict[str, Any] | None:
    """An open alert, once it is known who did it."""
    found = service.json("/alerts")["alerts"]
    return next((a for a in found if a["alert"] == name and a.get("culprits")), None)


def test_a_load_by_stress_ng_is_its_doing(
    make_service: Callable[..., Service], receiver: Receiver
) -> None:
    cores, memory = os.cpu_count() or 1, psutil.virtual_memory()
    hog = min(2 * largest_program() + 512 * MIB, memory.available * 2 // 3)
    limit = memory.percent + 50 * hog / memory.total
    rules = [
        {"name": "busy", "when": "cpu.percent > 80", "for": "1s"},
        {"name": "full", "when": f"memory.percent > {limit:.2f}"},
    ]
    notify = {"urls": [receiver.url], "rate": "1000/s"}
    service = make_service(INTERVAL=0.5, ALERT=json.dumps(rules), NOTIFY=json.dumps(notify))
    with nice(-15):
        service.start().wait_until_ready()
    assert service.process is not None
    go_before_others(service.process, -15)

    def told() -> str:
        return "\n".join(each["message"] for each in list(receiver.messages))

    def is_idle() -> bool:
        samples, found = service.logged("cpu"), service.json("/alerts")["alerts"]
        return not found and bool(samples) and samples[-1].data["percent"] < 80

    # What is busy before it is not its doing.
    wait_for(is_idle, "a moment in which the machine is not busy", timeout=120)
    with stress_ng("--cpu", str(max(2, cores))):
        busy = wait_for(lambda: alert(service, "busy"), "the alert on CPU", timeout=60)
    with stress_ng("--vm", "1", "--vm-bytes", str(hog), "--vm-keep", "--vm-populate"):
        full = wait_for(lambda: alert(service, "full"), "the alert on memory", timeout=60)
        wait_for(lambda: "cpu.percent" in told() and "memory.percent" in told(), "both messages")
    cpu, vm = busy["culprits"][0], full["culprits"][0]
    assert cpu["name"].startswith("stress-ng"), busy
    assert vm["name"].startswith("stress-ng"), full
    # Of one core, and of memory what it was told to take.
    assert 50 < cpu["value"] <= 100 * cores, busy
    assert (cpu["unit"], vm["unit"]) == ("%", "B")
    # The alert is raised when half of it is taken, and others may take some, too.
    assert hog / 4 < vm["value"] < 1.5 * hog, full
    assert f"above 80 for 1 s; most: {cpu['name']} " in told()
    assert f"; most: {vm['name']} " in told()
