"""Commands: what their output means, and what becomes of those that hang, flood or fail."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from dashboard.errors import ClientError
from dashboard.sampling.sources.command import MOST_OUTPUT, CommandReader, figures_in
from dashboard.settings import Command
from tests.support.waiting import wait_for


@pytest.mark.parametrize(
    ("output", "data"),
    [
        (b"41\n", {"value": 41}),
        (b" -0.5e1 ", {"value": -5}),
        (b"", {}),
        (b"length=41\noldest = 3.5\n\nstate=all well\n", {"length": 41, "oldest": 3.5}),
        (b'{"a": {"b": [1, 2]}, "time": 5, "host": "x"}', {"a": {"b": [1, 2]}}),
    ],
)
def test_an_output_is_a_number_pairs_or_an_object(output: bytes, data: dict[str, Any]) -> None:
    found = figures_in(output)
    assert found == data | ({"state": "all well"} if b"state" in output else {})


@pytest.mark.parametrize(
    "output", [b"nan", b"1e999", b"[1]", b"queue is empty", b'{"a": NaN}', b'{"a": 1', b"\xff"]
)
def test_what_is_none_of_these_is_refused(output: bytes) -> None:
    with pytest.raises(ClientError):
        figures_in(output)


def read(*run: str, every: float = 60, timeout: float = 10) -> tuple[dict[str, Any], str | None]:
    reader = CommandReader(Command(name="q", run=run, every=every, timeout=timeout))
    data = reader.read()
    data.pop("run_seconds", None)
    return data, reader.absent_reason


def shell(program: str, **options: float) -> tuple[dict[str, Any], str | None]:
    return read("sh", "-c", program, **options)


def test_the_exit_status_is_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell("echo 41") == ({"value": 41, "exit_status": 0}, None)
    data, reason = shell("echo length=3; echo no such queue >&2; exit 3")
    assert data == {"length": 3, "exit_status": 3}
    assert reason == "exit status 3: no such queue"
    assert shell("kill -TERM $$")[0] == {"exit_status": 128 + 15}
    data, reason = read("/nowhere/at-all")
    assert data == {"exit_status": 127}
    assert "can't be started" in str(reason)
    assert "wanted is one number" in str(shell("echo well")[1])


def test_the_settings_secrets_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_PUBLISH_TOKEN", "do-not-hand-this-on")
    monkeypatch.setenv("VITALS_TEST", "7")
    program = 'echo "value=$VITALS_TEST"; test -z "$DASHBOARD_PUBLISH_TOKEN"'
    assert shell(program) == ({"value": 7, "exit_status": 0}, None)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_one_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    data, reason = shell(f"sleep 600 & echo $! $$ > {file}; wait", timeout=0.5)
    assert data == {"exit_status": 124}
    assert "longer than 0.5 s" in str(reason)
    for pid in file.read_text().split():
        wait_for(lambda pid=pid: is_gone(int(pid)), f"the end of {pid}")  # type: ignore[misc]


def test_a_child_that_stays_behind_holds_up_nothing(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    data, _ = shell(f"sleep 600 & echo $! > {file}; echo 5", timeout=60)
    assert data == {"value": 5, "exit_status": 0}
    wait_for(lambda: is_gone(int(file.read_text())), "the end of what it left")


def test_a_flood_is_ended() -> None:
    data, reason = shell("yes", timeout=60)
    assert data == {"exit_status": 124}
    assert str(MOST_OUTPUT) in str(reason)


def test_a_reader_that_is_stopped_ends_its_run() -> None:
    reader = CommandReader(Command(name="q", run=("sleep", "600")))
    started = time.monotonic()
    reader.stop()
    assert reader.read()["exit_status"] == 124
    assert time.monotonic() - started < 60
