"""Processes: the top, pids given out again, and what must never be read."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from dashboard.metrics import procfs
from dashboard.metrics.processes import TOP, Processes

from .conftest import Machine, Watch

PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def processes(machine: Machine) -> Processes:
    return Processes(ps=machine.ps, clock=machine.watch)


def test_top_by_cpu_then_by_memory(machine: Machine, processes: Processes) -> None:
    machine.a_second_passes()
    reading = processes.read()
    assert (reading["count"], reading["running"]) == (10, 2)
    assert [(each["pid"], each["name"], each["cpu_percent"]) for each in reading["top"]] == [
        (812, "python3", 250.0),
        (900, "curl", 85.0),  # it began since
        (701, "postgres", 40.0),
        (850, "node", None),  # more than can be: it is older than it seems
        (1, "systemd", 0.0),
        (702, "tmux: server (1) x", 0.0),
        (865, "agent", 0.0),
        (864, "agent", 0.0),
        (863, "agent", 0.0),
        (2, "kthreadd", 0.0),
    ]
    assert reading["top"][0]["memory_bytes"] == 60000 * PAGE


def test_with_what_has_ended_the_list_adds_up_to_all_that_was_used(machine: Machine) -> None:
    processes = Processes(ps=machine.ps, clock=machine.watch)

    def passes(ticks: int) -> dict[str, Any]:
        """A second passes, in which the machine is busy for so many ticks."""
        first, rest = (machine.proc / "stat").read_text().split("\n", 1)
        words = first.split()
        words[1] = str(int(words[1]) + ticks)
        machine.write("stat", "\n".join([f"cpu  {' '.join(words[1:])}", rest]))
        machine.watch.forward(1)
        return processes.read()

    machine.replace("701/stat", " 5000 2000 ", " 5030 2000 ")
    reading = passes(180)  # 30 of them by what is still there
    assert reading["top"][0]["cpu_percent"] == 30.0
    assert reading["others"] == reading["programs"]["others"] == {"cpu_percent": 150.0}
    assert passes(0)["others"] == {"cpu_percent": 0.0}
    shutil.rmtree(machine.proc / "2")  # a container's processes, and its machine's time
    assert passes(100)["others"] is None


def test_user_is_whom_the_process_belongs_to(machine: Machine, processes: Processes) -> None:
    owner = pwd.getpwuid((machine.proc / "701").stat().st_uid).pw_name
    assert {each["user"] for each in processes.read()["top"]} == {owner}


def test_no_more_than_ten(machine: Machine, processes: Processes) -> None:
    reading = processes.read()
    assert reading["count"] == 12
    assert len(reading["top"]) == TOP
    assert {each["cpu_percent"] for each in reading["top"]} == {None}, "no time has passed"


def test_never_more_than_all_cores(machine: Machine, processes: Processes) -> None:
    """A tick too much is cut off; a leap of the counter is no figure."""
    stat = (machine.proc / "812" / "stat").read_text()
    machine.write("812/stat", stat.replace(" 90000 3000 ", " 90410 3000 "))
    machine.watch.forward(1)
    assert processes.read()["top"][0]["cpu_percent"] == 400.0
    machine.write("812/stat", stat.replace(" 90000 3000 ", " 99000 3000 "))
    machine.watch.forward(1)
    shares = {each["pid"]: each["cpu_percent"] for each in processes.read()["top"]}
    assert shares[812] is None
    assert shares[701] == 0.0


def test_programs_are_all_processes_of_a_name_and_those_that_began(machine: Machine) -> None:
    machine.write("812/io", "read_bytes: 100\nwrite_bytes: 50\ncancelled_write_bytes: 9\n")
    processes = Processes(ps=machine.ps, clock=machine.watch)
    machine.watch.forward(5)
    first = {each["name"]: each for each in processes.read()["programs"]["top"]}
    assert first["agent"]["memory_bytes"] > 0
    assert {each["cpu_percent"] for each in first.values()} == {0.0}

    def ran(pid: int, ticks: int, *, new: bool = False) -> None:
        head, rest = (machine.proc / f"{pid}/stat").read_text().split(") ")
        words = rest.split()
        words[11:13] = [str(ticks + (0 if new else int(words[11]))), "0" if new else words[12]]
        machine.write(f"{pid}/stat", f"{head}) {' '.join(words)}")

    ran(812, 50)
    ran(864, 50)
    machine.write("812/io", "read_bytes: 600\nwrite_bytes: 1050\n")
    shutil.copytree(machine.proc / "864", machine.proc / "990")
    ran(990, 50, new=True)  # it began just now, and was never seen before
    machine.watch.forward(1)
    top = processes.read()["programs"]["top"]
    assert [(each["name"], each["cpu_percent"]) for each in top][:2] == [
        ("agent", 100.0),
        ("python3", 50.0),
    ]
    assert top[1]["bytes_per_second"] == 0  # from when on is not known
    ran(812, 10)
    machine.write("812/io", "read_bytes: 600\nwrite_bytes: 3050\n")
    machine.watch.forward(2)
    top = processes.read()["programs"]["top"]
    (python,) = [each for each in top if each["name"] == "python3"]
    assert (python["cpu_percent"], python["bytes_per_second"]) == (5.0, 1000.0)
    assert len(top) <= 15


def test_a_program_has_the_unit_of_its_process_that_takes_most(machine: Machine) -> None:
    image = "5d" * 32
    processes = Processes(ps=machine.ps, clock=machine.watch)
    machine.a_second_passes()
    machine.replace("864/stat", " 7 3 ", " 57 3 ")
    machine.write("864/cgroup", "0::/system.slice/other.service\n")
    machine.write("812/cgroup", f"12:cpu:/x.service\n0::/docker-{image}.scope/init.scope\n")
    machine.write("900/cgroup", "0::/\n")
    units = {each["name"]: each["unit"] for each in processes.read()["programs"]["top"]}
    assert units == {
        "agent": "other.service",
        "curl": None,
        "node": "app-node-20.service",
        "postgres": "postgresql@15-main.service",
        "python3": image[:12],
        "systemd": "init.scope",
    }


def test_a_line_that_cannot_be_takes_its_own_process(
    machine: Machine, processes: Processes
) -> None:
    fields = "702 (x) S " + "x " * 30
    machine.write("702/stat", fields)
    machine.replace("701/stat", " 5000 2000 ", " 5000 20x0 ")
    reading = processes.read()
    assert reading["count"] == 10
    assert not {701, 702} & {each["pid"] for each in reading["top"]}


def test_whose_processes_they_are(machine: Machine, processes: Processes) -> None:
    assert processes.read()["of"] == "machine"
    machine.remove("2")
    assert processes.read()["of"] == "container"
    (machine.proc / "self/ns").mkdir()
    (machine.proc / "self/ns/pid").symlink_to("pid:[4026531836]")
    assert processes.read()["of"] == "machine", "with hidepid the kernel's threads are not seen"


def test_time_that_went_down_is_not_known(machine: Machine, processes: Processes) -> None:
    machine.replace("701/stat", " 5000 2000 ", " 4000 2000 ")
    machine.watch.forward(1)
    shares = {each["pid"]: each["cpu_percent"] for each in processes.read()["top"]}
    assert shares[701] is None
    assert shares[812] == 0.0


def test_one_that_ends_while_it_is_read(machine: Machine, processes: Processes) -> None:
    (machine.proc / "701" / "stat").unlink()
    machine.write("702/stat", "")
    machine.watch.forward(1)
    reading = processes.read()
    assert reading["count"] == 10
    assert not {701, 702} & {each["pid"] for each in reading["top"]}


def test_a_name_that_is_no_text(machine: Machine, processes: Processes) -> None:
    stat = (machine.proc / "812" / "stat").read_bytes().replace(b"python3", b"p\xff\n)")
    (machine.proc / "812" / "stat").write_bytes(stat)
    assert processes.read()["top"][0]["name"] == r"p\xff\n)"


def test_a_user_without_a_name_is_a_number(
    machine: Machine, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> Any:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    uid = (machine.proc / "701").stat().st_uid
    assert {each["user"] for each in processes.read()["top"]} == {str(uid)}


def test_of_a_process_only_stat_and_the_groups_of_programs_are_opened(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    read = procfs.read

    def watched(path: str) -> bytes:
        opened.append(path)
        return read(path)

    monkeypatch.setattr(procfs, "read", watched)
    processes.read()
    assert opened
    assert {path.rpartition("/")[2] for path in opened} == {"stat", "cgroup"}


@pytest.mark.parametrize("linux", [True, False])
def test_arguments_and_environment_stay_out(tmp_path: Path, linux: bool) -> None:
    secret = "hunter2-in-the-open"
    program = "print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, f"--password={secret}"],
        env={"PASSWORD": secret},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        (tmp_path / str(child.pid)).symlink_to(f"/proc/{child.pid}")
        alone = {
            "LINUX": linux,
            "PROCFS_PATH": str(tmp_path),
            "process_iter": lambda: [psutil.Process(child.pid)],
        }
        reading = Processes(ps=SimpleNamespace(**{**vars(psutil), **alone})).read()
    assert [each["pid"] for each in reading["top"]] == [child.pid]
    assert reading["top"][0]["name"].startswith("python")
    assert reading["top"][0]["memory_bytes"] > 100_000
    assert secret not in json.dumps(reading)


def test_elsewhere_psutil_alone(watch: Watch) -> None:
    times = SimpleNamespace(user=1.0, system=0.5)

    def cpu_times() -> Any:
        return times

    def refuses() -> Any:
        raise psutil.AccessDenied(7)

    def gone() -> Any:
        raise psutil.NoSuchProcess(8)

    def process(pid: int, cpu: Any) -> Any:
        return SimpleNamespace(
            pid=pid,
            oneshot=nullcontext,
            cpu_times=cpu,
            status=lambda: psutil.STATUS_RUNNING,
            create_time=lambda: 5.0,
            name=lambda: "editor",
            memory_info=lambda: SimpleNamespace(rss=4096),
            username=lambda: "ada",
        )

    def not_told() -> Any:
        raise psutil.AccessDenied(7)

    found = [process(6, cpu_times), process(7, refuses), process(8, gone)]
    found[1].username = not_told
    ps = SimpleNamespace(
        **{
            **vars(psutil),
            "LINUX": False,
            "process_iter": lambda: found,
            "Process": lambda pid: found[pid - 6],
            "cpu_count": lambda: 2,
        }
    )
    processes = Processes(ps=ps, clock=watch)
    watch.forward(2)
    times.user += 1.0
    editor = {
        "pid": 6,
        "name": "editor",
        "user": "ada",
        "cpu_percent": 50.0,
        "memory_bytes": 4096,
    }
    reading = processes.read()
    assert (reading["count"], reading["running"]) == (2, 1)
    assert reading["top"][0] == editor
    assert reading["top"][1]["user"] is None
