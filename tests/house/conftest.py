"""Wheels of this project, for the tests that install them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.service import ROOT


def python(*arguments: object) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of this project and of all that they need."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "deploy" / "agent-wheel"):
        build = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
        python("-m", "pip", "wheel", "--quiet", *build)
    needed = ("--require-hashes", "--no-deps", "-r", ROOT / "requirements.lock")
    python("-m", "pip", "wheel", "--quiet", "--wheel-dir", folder, *needed)
    return folder
