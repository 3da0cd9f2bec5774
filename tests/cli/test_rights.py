"""Commands of a user who may not read what belongs to the service, or to root."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard import cli, installation
from dashboard.cli.main import main

NAMES = cli.Commands().list_commands(None)  # type: ignore[arg-type]


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that an ordinary user, who runs the test from now on, may not look into."""
    for name in NAMES:  # before their files can't be read
        cli.Commands().get_command(None, name)  # type: ignore[arg-type]
    folder = tmp_path / "locked"
    folder.mkdir(0o000)
    monkeypatch.setenv("HOME", "/nonexistent")
    if os.geteuid() != 0:
        yield folder
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield folder
    finally:
        os.setresuid(0, 0, 0)


def test_settings_that_one_may_not_read_are_not_ones_own(
    locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_MACHINE_CONFIG", locked / "vitals.toml")
    assert installation.default_config() is None
    done = CliRunner().invoke(main, ["export", "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    "line",
    [
        *("publish deploy", "progress job 10%", "log", "ack 1-0", "silence cpu 1h", "export"),
        *("invite", "machines", "join http://127.0.0.1:1 abc --config {locked}/vitals.toml"),
    ],
)
def test_a_folder_that_one_may_not_read_is_named(locked: Path, line: str) -> None:
    settings = {"DASHBOARD_INSTANCE": str(locked), "DASHBOARD_READ_TOKEN": "read-me-if-you-can"}
    words = line.format(locked=locked).split()
    done = CliRunner().invoke(cli.Commands(), words, env=settings, input="a line\n")
    assert done.exit_code in (1, 2), done.output
    assert isinstance(done.exception, SystemExit), done.exception
    assert str(locked) in done.output
