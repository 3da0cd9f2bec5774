"""./release, in a repository of its own: CONTRIBUTING.md."""

import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.installation import project
from tests.support.service import ROOT

FILES = (
    *("release", "setup.sh", "app.py", "gunicorn.conf.py", "pyproject.toml", "README.md"),
    *("CHANGELOG.md", "LICENSE", "package.json", "package-lock.json", ".gitignore"),
)
FOLDERS = ("dashboard", "vitals", "static", "templates", "deploy")
NOW = project()["version"]


class Repository:
    """A copy of what a release is made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in FILES:
            shutil.copy(ROOT / name, folder)
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        (folder / "test").write_text("#!/bin/sh\necho tests run; exit ${FAILING:-0}\n")
        (folder / "test").chmod(0o755)
        set_up = "source ./setup.sh && page_inputs >static/vendor/.ready"
        subprocess.run(["bash", "-c", set_up], cwd=folder, check=True)
        self.git("init", "--quiet")
        self.git("config", "user.name", "A Test")
        self.git("config", "user.email", "test@example.invalid")
        self.commit()

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A change")

    def release(self, *arguments: str, failing: int = 0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "release", *arguments],
            env={"PATH": "/usr/bin:/bin", "FAILING": str(failing), "HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("release"))


def test_what_cannot_be_released_is_refused(repository: Repository) -> None:
    for arguments, reason in (
        ([], "which version?"),
        (["0.1"], "which version?"),
        (["0.0.9"], f"0.0.9 is not newer than {NOW}"),
        ([NOW], f"{NOW} is not newer than {NOW}"),
        (["9.9.9", "--fast"], "no option --fast"),
    ):
        refused = repository.release(*arguments)
        assert refused.returncode == 1
        assert reason in refused.stderr
    (repository.folder / "note").write_text("x")
    assert "not committed" in repository.release("9.9.9").stderr
    (repository.folder / "note").unlink()
    assert repository.release("9.9.9", failing=1).returncode == 1
    told = repository.release("9.9.9", "--dry-run").stderr
    assert f"would release 9.9.9 after {NOW}" in told
    assert "./test would have to pass" in told
    assert repository.git("status", "--porcelain") + repository.git("tag") == ""
    assert not (repository.folder / "dist").exists()


def test_a_release_is_wheels_a_section_of_the_changelog_and_a_tag(repository: Repository) -> None:
    before = (repository.folder / "CHANGELOG.md").read_text("utf-8")
    released = repository.release("9.9.9", "--no-test")
    assert released.returncode == 0, released.stderr
    assert "tests run" not in released.stdout
    assert released.stderr.startswith("vitals: not tested: --no-test\n")
    after = (repository.folder / "CHANGELOG.md").read_text("utf-8")
    section = f"## Unreleased\n\n## 9.9.9 ({datetime.now(UTC):%Y-%m-%d})\n"
    assert after == before.replace("## Unreleased\n", section)
    assert 'version = "9.9.9"' in (repository.folder / "pyproject.toml").read_text("utf-8")
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("log", "-1", "--format=%s") == "Release 9.9.9\n"
    assert "(not tested: --no-test)" in repository.git("cat-file", "-p", "v9.9.9")
    for name in ("vitals", "vitals_agent"):
        wheel = zipfile.ZipFile(repository.folder / f"dist/{name}-9.9.9-py3-none-any.whl")
        metadata = wheel.read(f"{name}-9.9.9.dist-info/METADATA").decode()
        assert re.search(r"^Version: 9\.9\.9$", metadata, re.M)
        inside = {file for file in wheel.namelist() if "LICENSE" in file}
        assert len(inside) == (1 if name == "vitals_agent" else 3 + 2), inside
    assert "CHANGELOG.md has nothing" in repository.release("9.9.10").stderr
