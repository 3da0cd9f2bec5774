"""./test: that it runs every check, fails when one does, and skips none for want of a program."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.stand_in_machine import COPIED, ROOT, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- ./test --------------------------------------------------------------------------------------

CHECKS = [
    "ruff check",
    "ruff format --check",
    "pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder",
    "mypy ",
    "tsc --project tsconfig.json",
]
ONCE_MORE = "pytest --last-failed --last-failed-no-failures none"


def checks(started: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in started.stdout.splitlines() if not line.startswith("---")]


def test_test_runs_every_check(machine: Machine) -> None:
    started = machine.start("test")
    assert checks(started) == CHECKS
    assert started.returncode == 0
    assert machine.calls() == ["python -m venv", "python -m pip requirements-dev.lock", "npm ci"]
    assert machine.start("test", PIP_SAYS="no", NPM_SAYS="no").returncode == 0
    assert machine.start("run", PIP_SAYS="no", NPM_SAYS="no").returncode == 0
    assert machine.calls() == []


def test_test_after_run_installs_the_rest(machine: Machine) -> None:
    machine.start("run")
    machine.calls()
    assert machine.start("test").returncode == 0
    assert machine.calls() == ["python -m pip requirements-dev.lock", "npm ci"]


@pytest.mark.parametrize("failing", ["ruff", "mypy", "tsc"])
def test_a_failing_check_fails_the_test_but_not_the_others(machine: Machine, failing: str) -> None:
    started = machine.start("test", FAILING=failing)
    assert checks(started) == CHECKS
    assert started.returncode == 1
    assert started.stderr.splitlines()[-1].startswith("vitals: failed: ")
    assert failing in started.stderr.splitlines()[-1]


def test_tests_that_fail_are_run_once_more(machine: Machine) -> None:
    twice = [*CHECKS[:3], ONCE_MORE, *CHECKS[3:]]
    started = machine.start("test", FAILING="pytest")
    assert checks(started) == twice
    assert started.returncode == 1
    started = machine.start("test", FAILING="pytest --numprocesses")
    assert checks(started) == twice
    assert started.returncode == 0


def test_arguments_go_to_pytest_alone(machine: Machine) -> None:
    started = machine.start("test", "tests/events/test_sse.py", "-k", "emoji")
    assert started.stdout == "pytest tests/events/test_sse.py -k emoji\n"
    assert machine.start("test", "-x", FAILING="pytest").returncode == 1


def test_quick_runs_the_listed_tests_and_wants_no_browser(machine: Machine) -> None:
    machine.lacks("chromium", "nginx", "redis-server")
    (machine.root / "tests").mkdir()
    (machine.root / "tests" / "quick.txt").write_text("tests/a\ntests/b.py\n")
    started = machine.start("test", "quick", "-x")
    expected = "pytest --quick --numprocesses 4 --dist worksteal tests/a tests/b.py -x\n"
    assert (started.stdout, started.returncode) == (expected, 0)
    assert machine.start("test", "quick", FAILING="pytest").returncode == 1


def test_the_list_of_quick_tests_names_tests() -> None:
    paths = (ROOT / "tests" / "quick.txt").read_text("utf-8").split()
    assert paths == sorted(set(paths))
    for path in paths:
        assert (ROOT / path).exists(), path


def test_test_help_needs_no_set_up(machine: Machine) -> None:
    started = machine.start("test", "--help")
    assert started.returncode == 0
    assert "./test ARGUMENTS" in started.stdout
    assert "set -" not in started.stdout
    assert machine.calls() == []


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}], ids=["here", "CI"])
def test_missing_programs_fail_for_a_user(machine: Machine, variables: dict[str, str]) -> None:
    machine.lacks("chromium")
    machine.has("apt-get", machine.log("apt-get"))
    started = machine.start("test", **variables)
    assert started.returncode == 1
    assert started.stderr == (
        "vitals: missing: chromium. On Debian, as root:\n"
        "    apt-get update && apt-get install --no-install-recommends chromium\n"
    )
    assert checks(started) == []
    assert machine.calls() == []


def test_postgresql_may_be_off_the_path(machine: Machine) -> None:
    machine.lacks("initdb")
    folder = machine.bin.parent / "postgresql"
    script = machine.root / "setup.sh"
    script.write_text(script.read_text().replace("/usr/lib/postgresql", str(folder)))
    started = machine.start("test")
    assert "vitals: missing: postgresql. " in started.stderr
    (folder / "15" / "bin").mkdir(parents=True)
    (folder / "15" / "bin" / "initdb").touch()
    assert machine.start("test").returncode == 0


def test_missing_programs_are_installed_by_root(machine: Machine) -> None:
    machine.lacks("chromium")
    machine.has("id", "#!/usr/bin/env bash\necho 0\n")
    machine.has("apt-get", machine.log("apt-get"))
    started = machine.start("test")
    assert started.returncode == 0
    assert "vitals: installing Debian packages: chromium\n" in started.stderr
    assert machine.calls()[:2] == ["apt-get", "apt-get"]


def test_apt_that_fails_fails_the_test(machine: Machine) -> None:
    machine.lacks("chromium")
    machine.has("id", "#!/usr/bin/env bash\necho 0\n")
    machine.has("apt-get", "#!/usr/bin/env bash\necho 'E: broken'\nexit 100\n")
    started = machine.start("test")
    assert started.returncode == 1
    assert "E: broken\nvitals: apt-get update failed" in started.stderr
    assert checks(started) == []


# --- what is pinned ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in COPIED if name.endswith(".txt")])
def test_requirements_are_pinned(name: str) -> None:
    lines = re.sub(r"#.*", "", (ROOT / name).read_text()).split("\n")
    for line in filter(None, map(str.strip, lines)):
        assert re.fullmatch(r"[a-z0-9_.\[\]-]+==[0-9a-z.]+|-r requirements\.txt", line), line


def test_the_lock_file_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {path: one for path, one in lock["packages"].items() if path}
    assert "node_modules/uplot" in packages
    for path, package in packages.items():
        # What a package brings along is in its own file.
        assert package.get("inBundle") or package["integrity"].startswith("sha512-"), path
        assert "resolved" not in package, path


def test_scripts_can_be_executed() -> None:
    for name in ("run", "test", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name


# --- What is tracked -----------------------------------------------------------------------------

PICTURES = {".png"}
RECORDED = {"tests/metrics/frozen/bus/answers"}  # of D-Bus, in bytes


def test_every_tracked_file_is_text_a_picture_or_a_recording() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = listed.stdout.decode().split("\0")[:-1]
    assert "README.md" in names
    for name in names:
        path = ROOT / name
        if path.suffix not in PICTURES and name not in RECORDED and path.is_file():
            try:
                path.read_bytes().decode()
            except UnicodeDecodeError:
                pytest.fail(f"{name} is no text: a package, an archive or a program is not kept")
