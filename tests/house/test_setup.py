"""./run, on machines that lack something."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.stand_in_machine import PYTHON, RUN, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- starting ------------------------------------------------------------------------------------


def test_first_start_sets_up_and_serves(machine: Machine) -> None:
    started = machine.start("run", "-b", "127.0.0.1:9000", "-w 2")
    assert started.stdout == f"{machine.root}|-b 127.0.0.1:9000 -w 2\n", started.stderr
    assert machine.calls() == RUN
    assert (machine.root / "static/vendor/uPlot.esm.js").exists()
    assert (machine.root / "static/vendor/uplot-LICENSE.txt").exists()
    for name in ("latin-400-normal.woff2", "latin-700-normal.woff2", "LICENSE.txt"):
        assert (machine.root / f"static/vendor/arimo-{name}").exists()


@pytest.mark.parametrize(
    ("given", "handed_on"),
    [
        (["--port", "8080"], "-b 127.0.0.1:8080"),
        (["-w 2", "--host=0.0.0.0", "--reload"], "-b 0.0.0.0:8000 -w 2 --reload"),
        (["--host", "::1", "--port=80"], "-b [::1]:80"),
    ],
)
def test_an_address_is_given_as_usual(machine: Machine, given: list[str], handed_on: str) -> None:
    started = machine.start("run", *given)
    assert started.stdout == f"{machine.root}|{handed_on}\n", started.stderr


def test_what_is_asked_of_run_itself_is_answered_in_a_line(machine: Machine) -> None:
    told = machine.start("run", "--help")
    assert told.returncode == 0
    assert re.fullmatch(r"vitals: \./run .*--host .*--port .*\n", told.stderr)
    wrong = machine.start("run", "--port", "eighty")
    assert wrong.returncode == 1
    assert wrong.stderr == "vitals: --port eighty: wanted is a number, as in --port 8080\n"
    assert machine.start("run", "--host").returncode == 1
    for text in ("", "two"):
        wrong = machine.start("run", WEB_CONCURRENCY=text)
        said = f"vitals: WEB_CONCURRENCY={text}: wanted is a number from 1 on\n"
        assert (wrong.returncode, wrong.stderr) == (1, said)
    said = machine.start("run", "9000").stderr
    assert said == "vitals: 9000: wanted are options, as in ./run --port 9000\n"
    assert machine.calls() == []


def test_second_start_installs_nothing(machine: Machine) -> None:
    machine.start("run")
    machine.calls()
    started = machine.start("run", PIP_SAYS="no", NPM_SAYS="no", VENV_FAILS="1")
    assert (started.returncode, started.stderr) == (0, "")
    assert machine.calls() == []


def test_serves_without_npm_once_it_is_set_up(machine: Machine) -> None:
    machine.start("run")
    machine.calls()
    machine.lacks("npm", "node")
    assert machine.start("run").returncode == 0
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        ("requirements.lock", ["python -m pip requirements.lock"]),
        ("requirements.txt", []),
        ("requirements-dev.lock", []),
        ("package-lock.json", ["npm ci"]),
        ("package.json", ["npm ci"]),
    ],
)
def test_a_changed_file_is_installed_again(
    machine: Machine, changed: str, calls: list[str]
) -> None:
    machine.start("run")
    machine.calls()
    with (machine.root / changed).open("a") as file:
        file.write("\n")
    assert machine.start("run").returncode == 0
    assert machine.calls() == calls
    assert machine.start("run").returncode == 0
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("deleted", "calls"),
    [(".venv", RUN[:2]), ("static/vendor", ["npm ci"]), ("node_modules", [])],
)
def test_deleted_folders_come_back(machine: Machine, deleted: str, calls: list[str]) -> None:
    machine.start("run")
    machine.calls()
    shutil.rmtree(machine.root / deleted)
    assert machine.start("run").returncode == 0
    assert machine.calls() == calls


def test_a_moved_folder_gets_a_new_environment(machine: Machine) -> None:
    machine.start("run")
    machine.calls()
    machine.root = machine.root.rename(machine.root.with_name("elsewhere"))
    assert machine.start("run").stdout == f"{machine.root}|\n"
    assert machine.calls() == RUN[:2]


def test_a_killed_set_up_starts_afresh(machine: Machine) -> None:
    fifo = machine.bin.parent / "fifo"
    os.mkfifo(fifo)
    environment = machine.environment(PIP_WAITS=str(fifo))
    with (
        subprocess.Popen([machine.root / "run"], env=environment, process_group=0) as started,
        fifo.open("w"),  # opens when pip has it open, too
    ):
        os.killpg(started.pid, signal.SIGKILL)
    assert machine.calls() == RUN[:2]
    assert machine.start("run").returncode == 0
    assert machine.calls() == RUN


def test_a_killed_pip_starts_afresh(machine: Machine) -> None:
    assert machine.start("run", PIP_IS_KILLED="1").returncode == 1
    assert machine.calls() == RUN[:2]
    assert machine.start("run").returncode == 0
    assert machine.calls() == RUN


def test_a_failed_pip_keeps_the_environment(machine: Machine) -> None:
    assert machine.start("run", PIP_SAYS="no").returncode == 1
    assert machine.calls() == RUN[:2]
    assert machine.start("run").returncode == 0
    assert machine.calls() == RUN[1:]


def test_two_starts_wait_for_each_other(machine: Machine) -> None:
    with (machine.root / "setup.sh").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            [machine.root / "run"],
            env=machine.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stderr
            assert second.stderr.readline() == "vitals: waiting for another set-up in this folder\n"
            assert machine.calls() == []
            fcntl.flock(lock, fcntl.LOCK_UN)
            output, _ = second.communicate()
    assert output == f"{machine.root}|\n"
    assert machine.calls() == RUN


def test_serving_does_not_hold_the_lock(machine: Machine) -> None:
    machine.start("run")
    try_lock = "#!/usr/bin/env bash\nflock --nonblock setup.sh bash -c :\n"
    machine.write(machine.root / ".venv/bin/gunicorn", try_lock)
    (machine.root / "static/vendor/.ready").unlink()  # so that this start takes the lock
    assert machine.start("run").returncode == 0


# --- what is missing -----------------------------------------------------------------------------


def test_no_python(machine: Machine) -> None:
    machine.lacks("python3")
    started = machine.start("run")
    assert started.returncode == 1
    assert started.stderr == (
        "vitals: python3 (3.11 or newer) is missing. On Debian, as root:\n"
        "    apt-get update && apt-get install python3 python3-venv\n"
    )


def test_old_python(machine: Machine) -> None:
    started = machine.start("run", OLD_PYTHON="1")
    assert started.returncode == 1
    assert started.stderr == (
        f"vitals: Python 3.11 or newer is needed; found only: {machine.bin}/python3"
        " (Python 3.9.2)\n"
    )


def test_a_newer_python_by_its_own_name_will_do(machine: Machine) -> None:
    machine.has("python3.12", PYTHON)
    machine.has("python3", '#!/usr/bin/env bash\n[[ "$*" != *version_info* ]]\n')
    assert machine.start("run").returncode == 0
    assert machine.calls() == RUN


def test_no_venv_as_a_user(machine: Machine) -> None:
    machine.has("apt-get", machine.log("apt-get"))
    started = machine.start("run", NO_ENSUREPIP="1")
    assert started.returncode == 1
    assert started.stderr == (
        "vitals: missing: python3-venv. On Debian, as root:\n"
        "    apt-get update && apt-get install --no-install-recommends python3-venv\n"
    )
    assert machine.calls() == []


def test_no_venv_as_root(machine: Machine) -> None:
    machine.has("id", "#!/usr/bin/env bash\necho 0\n")
    machine.has("apt-get", machine.log("apt-get"))
    started = machine.start("run", NO_ENSUREPIP="1")
    assert started.returncode == 0
    assert "vitals: installing Debian packages: python3-venv\n" in started.stderr
    apt = [call for call in machine.calls_log.read_text().splitlines() if "apt-get" in call]
    assert apt[0] == "apt-get update"
    assert apt[1].startswith("apt-get install --yes --no-install-recommends ")
    assert apt[1].endswith(" python3-venv")


def test_venv_that_fails_is_shown(machine: Machine) -> None:
    started = machine.start("run", VENV_FAILS="1")
    assert started.returncode == 1
    assert started.stderr.endswith(
        "venv says no\nvitals: making .venv failed; its last lines are above.\n"
    )


def test_no_npm(machine: Machine) -> None:
    machine.lacks("npm", "node")
    assert machine.start("run").returncode == 0
    assert machine.calls() == [*RUN[:2], "python -m pip requirements-node.lock", "npm ci"]


def test_old_node(machine: Machine) -> None:
    machine.has("node", "#!/usr/bin/env bash\nexit 1\n")
    assert machine.start("run").returncode == 0
    assert machine.calls() == [*RUN[:2], "python -m pip requirements-node.lock", "npm ci"]


@pytest.mark.parametrize(
    "variables",
    [
        {"PIP_SAYS": "WARNING: Retrying ... NewConnectionError('...')\n" * 40},
        {"NPM_SAYS": "npm error code EAI_AGAIN\nnpm error more\n" * 20},
    ],
    ids=["pip", "npm"],
)
def test_no_network_is_one_line(machine: Machine, variables: dict[str, str]) -> None:
    started = machine.start("run", **variables)
    assert started.returncode == 1
    lines = started.stderr.splitlines()
    assert len(lines) <= 4
    assert lines[-1].endswith(" needs the network, this first time, and it cannot be reached.")
    assert started.stdout == ""
    assert machine.start("run").returncode == 0


def test_other_failures_show_the_end_of_the_output(machine: Machine) -> None:
    said = "\n".join(f"line {number}." for number in range(100))
    started = machine.start("run", PIP_SAYS=said)
    assert started.returncode == 1
    assert "line 99.\nvitals: installing the packages of requirements.lock failed" in started.stderr
    assert "line 80." not in started.stderr


def test_unknown_platform(machine: Machine) -> None:
    machine.has("uname", "#!/usr/bin/env bash\necho Plan9\n")
    started = machine.start("run")
    assert started.returncode == 1
    assert started.stderr == "vitals: this runs on Linux and macOS, not on Plan9.\n"
    assert machine.calls() == []
