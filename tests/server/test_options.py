"""What gunicorn would take, and then serve nothing, or end in many lines."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]

from dashboard.server.options import are_right
from tests.support.service import ROOT

WRONG = {
    ("--prot", "9000"): "--prot: options are written in full: --port 9000, or gunicorn's --proto",
    ("--certf=x",): "--certf: options are written in full",
    ("-w", "0"): "--workers 0: wanted is a number from 1 on",
    ("--worker-connections", "0"): "--worker-connections 0: wanted is a number from 1 on",
    ("--log-level", "loud"): "--log-level loud: wanted is one of debug, info, ",
    ("--preload",): "--preload: only workers load the application",
    ("-b", "127.0.0.1:1", "9000"): "9000: wanted are options, as in --port 9000",
    ("-b", "127.0.0.1:1", "nobodys.wall:app"): "nobodys.wall:app: wanted are options",
    (
        "-b",
        "unix:/nowhere/wall.sock",
    ): "--bind unix:/nowhere/wall.sock: there is no folder /nowhere",
    ("--worker-tmp-dir", "/nowhere"): "--worker-tmp-dir /nowhere: wanted is a folder",
    ("--certfile", "/nowhere"): "--certfile /nowhere: wanted is a file that can be read",
    ("--keyfile", "/nowhere"): "--keyfile /nowhere: wanted is a file that can be read",
    ("--ca-certs", "/nowhere"): "--ca-certs /nowhere: wanted is a file that can be read",
    ("--log-config-json", "/nowhere"): "--log-config-json /nowhere: wanted is a file",
    ("--keyfile", __file__): f"--keyfile {__file__}: wanted is its --certfile, too",
    ("--certfile", __file__): f"--certfile {__file__}: wanted is one in PEM, with its key: ",
}


def faults(*arguments: str) -> list[str]:
    """What is said of options that gunicorn itself takes."""
    cfg = Config()
    given = vars(cfg.parser().parse_args(arguments))
    (uri,) = given.pop("args") or ["app:app"]
    for key, value in given.items():
        if value is not None:
            cfg.set(key, value)
    said: list[str] = []
    is_right = are_right(SimpleNamespace(cfg=cfg, app_uri=uri), arguments, said.append)
    assert is_right == (said == [])
    return said


@pytest.mark.parametrize("arguments", WRONG)
def test_what_cannot_serve_is_said_in_one_line(arguments: tuple[str, ...]) -> None:
    (said,) = faults(*arguments)
    assert said.startswith(WRONG[arguments])
    assert "\n" not in said


def test_what_can_serve_is_left_alone(tmp_path: Path) -> None:
    assert faults() == []
    options = ("-w", "2", "--bind", f"unix:{tmp_path}/wall.sock", "--timeout=60", "-t", "0")
    assert faults(*options, "--log-level", "INFO", "examples.countdown:app") == []
    assert faults("-n", "wall", "--", "app:app") == []


def test_options_of_the_environment_are_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--prot http")
    assert faults()[0].startswith("--prot: options are written in full")


@pytest.mark.slow
def test_the_service_starts_with_none_of_them() -> None:
    command = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0", "--prot", "http"]
    found = subprocess.run(
        [*command, "-w", "0"], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == f"Vitals: {WRONG['--prot', '9000']}col\n"
