"""Files that root makes in another user's folder belong to that user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.service import ROOT

NOBODY = 65534


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_publishing_as_root_first_does_not_lock_the_service_out(tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    owned.mkdir()
    os.chown(owned, NOBODY, NOBODY)
    folder = owned / "more" / "instance"
    environ = {**os.environ, "DASHBOARD_INSTANCE": str(folder)}
    command = [sys.executable, "-m", "vitals", "publish", "deploy", "version=1"]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL)
    made = [path for path in owned.rglob("*") if not path.is_symlink()]
    assert folder / "events.db" in made
    assert {path.stat().st_uid for path in made} == {NOBODY}, made
