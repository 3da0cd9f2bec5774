"""Files that are there as a whole or not at all, and locks that end with their holders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.locks import is_current, open_lock, try_lock
from tests.support.service import ROOT

pytestmark = pytest.mark.usefixtures("no_leaks")


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_takes_the_place_of_another_and_is_for_its_user_alone(
    tmp_path: Path, durable: bool
) -> None:
    path = tmp_path / "state.json"
    path.write_text("before, and for everybody")
    write_atomically(path, b"after", durable=durable)
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["state.json"]


def test_without_replacing_the_first_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content in (b"first", b"second"):
        write_atomically(path, content, replaces=False)
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["key"]


def test_what_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_atomically(path, b"before")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["state.json"]


HOLDER = """
import sys, time
from pathlib import Path
from dashboard.posix.locks import lock, open_lock
lock(open_lock(Path(sys.argv[1])))
print("holds", flush=True)
time.sleep(600)
"""


def test_a_lock_is_one_processes_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "run" / "a.lock"
    descriptor = open_lock(path)
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        command = [sys.executable, "-c", HOLDER, str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"holds\n"
            assert not try_lock(descriptor)
            holder.kill()
        assert try_lock(descriptor)
        assert is_current(descriptor, path)
        path.unlink()
        assert not is_current(descriptor, path)
    finally:
        os.close(descriptor)
