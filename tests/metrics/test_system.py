"""Uptime, sessions and names."""

from __future__ import annotations

import platform
from types import SimpleNamespace

import psutil
import pytest

from dashboard.metrics import FAMILIES, family_factories
from dashboard.metrics.container import whose_system
from dashboard.metrics.system import System

from .conftest import Machine


def test_frozen(machine: Machine) -> None:
    reading = System(ps=machine.ps, root=machine.root).read()
    assert (reading["uptime_seconds"], reading["boot_time"], reading["users"]) == (
        86461,
        1767225600,
        2,
    )
    assert reading["kernel"] == platform.release()
    assert reading["os"]
    assert reading["tags"] == []


@pytest.mark.parametrize("file", ["uptime", "stat"])
def test_a_missing_file_takes_what_nothing_else_tells(machine: Machine, file: str) -> None:
    for content in ("", "rubbish\n"):
        machine.write(file, content)
        reading = System(ps=machine.ps, root=machine.root, wall_clock=lambda: 1767312061.0).read()
        assert (reading["uptime_seconds"], reading["boot_time"]) == (86461, 1767225600)
    machine.write("uptime", "")
    machine.write("stat", "")
    reading = System(ps=machine.ps, root=machine.root).read()
    assert (reading["uptime_seconds"], reading["boot_time"]) == (None, None)
    assert reading["users"] == 2


def test_an_entry_of_a_session_whose_process_is_gone_is_no_user(machine: Machine) -> None:
    machine.ps.users = lambda: [SimpleNamespace(pid=701), SimpleNamespace(pid=99999)]
    assert System(ps=machine.ps, root=machine.root).read()["users"] == 1


def test_without_utmp_and_logind_nobody_counts(machine: Machine) -> None:
    (machine.root / "run/utmp").unlink()
    assert System(ps=machine.ps, root=machine.root).read()["users"] is None


def test_logind_counts_people(machine: Machine) -> None:
    """Debian 13 has no utmp any more."""
    sessions = machine.root / "run/systemd/sessions"
    sessions.mkdir(parents=True)
    for name, state in {
        "1": "CLASS=user\nSTATE=active\nNAME=ada\n",
        "c2": "CLASS=user\nSTATE=online\n",
        "3": "CLASS=user\nSTATE=closing\n",
        "4": "CLASS=greeter\nSTATE=active\n",
        "5": "CLASS=manager\nSTATE=active\n",
        "6": "CLASS=background\nSTATE=active\n",
        "7": "rubbish",
    }.items():
        (sessions / name).write_text(state)
    assert System(ps=machine.ps, root=machine.root).read()["users"] == 2


def test_whose_names_they_are(machine: Machine) -> None:
    assert whose_system(str(machine.proc), root=machine.root, environ={}) == "machine"
    # A machine made from a container's image has this, too.
    (machine.root / ".dockerenv").touch()
    assert whose_system(str(machine.proc), root=machine.root, environ={}) == "machine"
    environ = {"container": "lxc"}
    assert whose_system(str(machine.proc), root=machine.root, environ=environ) == "container"
    (machine.root / "run/.containerenv").touch()
    assert whose_system(str(machine.proc), root=machine.root, environ={}) == "container"
    (machine.root / "run/.containerenv").unlink()
    with (machine.proc / "self/mountinfo").open("a") as table:
        table.write("90 22 0:70 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n")
    assert whose_system(str(machine.proc), root=machine.root, environ={}) == "container"


def test_elsewhere_the_wall_clock_and_never_negative() -> None:
    ps = SimpleNamespace(boot_time=lambda: 1000.0)
    assert System(ps=ps, wall_clock=lambda: 1500.4).read()["uptime_seconds"] == 500
    assert System(ps=ps, wall_clock=lambda: 900.0).read()["uptime_seconds"] == 0
    assert System(ps=ps).read()["users"] is None


def test_in_a_container_another_proc_is_read(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", "/proc")
    factories = family_factories((), 1.0, str(machine.proc))
    memory = next(factory for factory in factories if factory.name == "memory")().read()
    assert memory is not None
    assert memory["total"] == 16_000_000 * 1024


def test_a_machines_tags_and_pace_are_told_by_it_alone() -> None:
    factories = family_factories(("web", "eu-1"), 10.0)
    (system,) = [factory for factory in factories if factory.name == "system"]
    figures = system().read()
    assert figures is not None
    assert (figures["tags"], figures["interval"]) == (["web", "eu-1"], 10.0)
    assert [family.name for family in factories] == [family.name for family in FAMILIES]
    unsaid = System().read()
    assert (unsaid["tags"], unsaid["interval"]) == ([], None)
