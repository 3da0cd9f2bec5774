"""docs/deploying.md and `vitals join` on a booted system: real systemd, real units, real kills."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import installation
from tests.house.conftest import python
from tests.support.booted import Booted
from tests.support.service import ROOT
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a system"),
    pytest.mark.timeout(600),
]

# Without a network; what apt-get would bring is there.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels", "PIP_QUIET": "1"}
MEANWHILE = """
asking() {{
    for turn in $(seq 60); do
        curl -s -m 30 -o /dev/null -w '%{{http_code}}\\n' http://127.0.0.1:8000/healthz; sleep 0.05
    done
}}
asking >/tmp/answers &
{line}
wait
sort -u /tmp/answers
"""
# A client that shows the token, which may not be in a list of processes.
DESCRIPTION = """
sed -n 's/^read_token = "\\(.*\\)"/Authorization: Bearer \\1/p' /etc/vitals/vitals.toml >/tmp/header
curl -s -H @/tmp/header http://127.0.0.1:8000/openapi.json
"""


@pytest.fixture(scope="module")
def booted(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """A system that is set up as the page says."""
    booted = Booted(tmp_path_factory.mktemp("layer"))
    try:
        booted.copy(wheels, "/wheels")
        page = (ROOT / "docs" / "deploying.md").read_text("utf-8")
        block = page.split("```sh\n")[1].split("```")[0]
        said = booted.run(f"cd /wheels; apt-get() {{ :; }}\n{block}", **OFFLINE)
        assert said.endswith('"history":"ok"}}'), said
        yield booted
    finally:
        booted.close()


def shown(booted: Booted, unit: str, key: str) -> str:
    return booted.run(f"systemctl show --property {key} --value {unit}").strip()


def wait_until_ready(booted: Booted) -> None:
    assert '"status":"ok"' in booted.run("curl -s --retry 20 http://127.0.0.1:8000/readyz")


def wait_until_served(booted: Booted, version: str) -> None:
    told = f'"version":"{version}"'
    wait_for(lambda: told in booted.run(DESCRIPTION), f"version {version}")


def test_a_reload_and_a_restart_refuse_nobody(booted: Booted) -> None:
    assert booted.run("stat --format '%U:%G %a' /etc/vitals/vitals.toml") == "root:vitals 640\n"
    for line in ("systemctl reload vitals", "systemctl restart vitals"):
        assert booted.run(MEANWHILE.format(line=line)) == "200\n"
        assert shown(booted, "vitals", "ActiveState") == "active"
    booted.run("systemctl stop vitals.service")
    assert booted.run("curl -s http://127.0.0.1:8000/healthz") == "ok\n", "its socket starts it"


def test_a_new_version_and_back(booted: Booted, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(".*", "node_modules", "tests", "bench", "dist", "instance")
    newer = shutil.copytree(ROOT, tmp_path / "newer", ignore=ignored)
    project = newer / "pyproject.toml"
    older = f'version = "{installation.version()}"'
    project.write_text(project.read_text().replace(older, 'version = "0.2.0"'))
    python("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", newer, newer)
    (wheel,) = newer.glob("*.whl")
    shutil.copy(wheel, booted.root / "wheels")
    page = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    block = page.split("## A new version, and back")[1].split("```sh\n")[1].split("```")[0]
    back = "/opt/vitals/bin/pip install --no-deps --force-reinstall vitals-0.1*.whl"

    wait_until_ready(booted)
    master = shown(booted, "vitals", "MainPID")
    for lines, version in ((block, "0.2.0"), (f"{back}\nsystemctl reload vitals", "0.1.0")):
        said = booted.run(MEANWHILE.format(line=f"cd /wheels\n{lines}"), **OFFLINE)
        assert said == "200\n"
        wait_until_served(booted, version)
        assert shown(booted, "vitals", "MainPID") == master


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_a_master_that_is_killed_or_frozen_is_followed(booted: Booted, signal: str) -> None:
    wait_until_ready(booted)
    before = shown(booted, "vitals", "MainPID")
    booted.run(f"pkill -{signal} --parent {before} || true; kill -{signal} {before}")
    # A frozen one gives no sign of life for a minute.
    wait_for(
        lambda: shown(booted, "vitals", "MainPID") not in (before, "0"), "another", timeout=180
    )
    wait_until_ready(booted)
    booted.run("sleep 20")  # the first sign of life comes after 15 s
    said = booted.run("journalctl --unit vitals --lines 30")
    assert "no sign of life" not in said, said


def test_others_use_the_commands_without_its_settings(booted: Booted) -> None:
    other = "setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent"
    assert booted.run(f"{other} /opt/vitals/bin/vitals --version").startswith("vitals ")


def test_a_machine_joins_and_its_agent_is_kept_alive(booted: Booted) -> None:
    wait_until_ready(booted)
    config = "DASHBOARD_CONFIG=/etc/vitals/vitals.toml"
    code = booted.run(f"{config} /opt/vitals/bin/vitals invite 2>/dev/null | head -1").strip()
    assert re.fullmatch(r"[a-z0-9-]+", code)
    join = f"/opt/vitals/bin/vitals join http://127.0.0.1:8000 {code} --host web-1"
    refused = booted.run(f"{join} && exit 1 || true")
    assert "the settings of a wall" in refused
    assert "name another file with --config" in refused
    said = booted.run(f"{join} --config /etc/vitals/agent.toml")
    assert said.endswith("web-1 is on the wall\n")
    booted.run("kill -KILL $(systemctl show --property MainPID --value vitals-agent)")
    wait_for(lambda: shown(booted, "vitals-agent", "NRestarts") == "1", "the next one")
    wait_for(lambda: shown(booted, "vitals-agent", "ActiveState") == "active", "a sample")
    booted.run("systemctl stop vitals-agent")
    assert shown(booted, "vitals-agent", "Result") == "success"
