"""In a Debian of their own: the lines of README.md, and the steps of the Dockerfile.

What an engine does is done here by chroot and namespaces, as deploy/compose.yaml asks for it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import yaml  # type: ignore[import-untyped]

from bench import install
from tests.support.debian import Debian
from tests.support.network import Network
from tests.support.service import ROOT
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a Debian in a folder"),
    pytest.mark.timeout(900),
]

TOKEN = "read-me-if-you-can-and-may"
READ = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    assert not network.trouble, network.trouble
    yield network
    network.close()


def pip(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "pip", *map(str, arguments)], cwd=ROOT, check=True)


def test_the_lines_of_the_readme_have_their_effect() -> None:
    found = install.run(say=print)
    print(install.table(found))
    assert len(found.steps) == 3


def test_the_images_steps_make_a_wall_of_the_machine(tmp_path: Path, network: Network) -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    steps: list[tuple[str, str]] = re.findall(r"^([A-Z]+) (.+)$", text, re.M)
    told = dict(steps)
    # Debian 13 has the Python of the image; that has its own in /usr/local, with pip.
    image = Debian(tmp_path / "image", "box", suite="trixie", packages=["python3-venv"])
    image.run("python3 -m venv /usr/local")
    version = re.fullmatch(r"python:(3\.\d+)-slim", told["FROM"])
    assert version
    assert image.run("python --version").startswith(f"Python {version[1]}.")

    # From a folder, as a wheel that has to be compiled would want what the image lacks.
    wheels = image.folder / "wheels"
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT)
    binary = ("--only-binary=:all:", "--python-version", version[1], "--no-deps")
    locked = ("--require-hashes", "-r", ROOT / "requirements.lock")
    pip("download", "--quiet", *binary, *locked, "--dest", wheels)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
    for instruction, words in steps:
        if instruction == "COPY":
            source, target = words.split()
            for file in wheels.glob(Path(source).name):
                shutil.copy(file, f"{image.folder}{target}")
        elif instruction == "RUN":
            image.run(words, **offline)

    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    service = compose["services"]["vitals"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    environ = {**service["environment"], "DASHBOARD_READ_TOKEN": TOKEN}
    output = tmp_path / "output"
    with output.open("wb") as said:
        process = image.start(
            " ".join(["exec", *json.loads(told["ENTRYPOINT"]), *json.loads(told["CMD"])]),
            said,
            user=told["USER"],
            environ=environ | {"HOME": told["VOLUME"]},  # as /etc/passwd of the image says
            options="--bounding-set=-all --inh-caps=-all --no-new-privs",
            mounts=mounts(service),
            inside=network.inside(),
        )
    url = f"http://{network.address}:8000"

    def answer() -> httpx.Response | None:
        assert process.poll() is None, output.read_text()
        try:
            found = httpx.get(f"{url}/readyz")
        except httpx.TransportError:
            return None
        return found if found.status_code == 200 else None

    try:
        wait_for(answer, "the wall to be ready", timeout=60)
        asked = "processes.count,filesystem.mounts./host/root.total"
        figures = httpx.get(f"{url}/now?figures={asked}", headers=READ).json()
        assert figures["processes.count"] > len(psutil.pids()) / 2  # its own are a handful
        assert figures["filesystem.mounts./host/root.total"] == shutil.disk_usage("/").total
        assert httpx.get(f"{url}/").status_code in (200, 303)
        assert f"data: {told['VOLUME']}; http://" in output.read_text()
        assert Path(f"{image.folder}{told['VOLUME']}/events.db").exists()
    finally:
        image.end(process)


def mounts(service: dict[str, list[str]]) -> str:
    """Return what an engine mounts, as lines of a shell in the folder; the folder is read-only."""
    lines = []
    for volume in service["volumes"]:
        source, target, *options = volume.split(":")
        if source == "data":
            lines.append(f"mount --bind .{target} .{target}")
            continue
        assert "ro" in options[0].split(",")
        kind = "--rbind" if "rslave" in options[0] else "--bind"
        lines.append(f"mkdir -p .{target}; mount {kind} {source} .{target}")
        lines.append(f"mount -o remount,bind,ro .{target}")
    lines += [f"mount -t tmpfs none .{target}" for target in service["tmpfs"]]
    return "\n".join([*lines, "mount -o remount,bind,ro ."])
