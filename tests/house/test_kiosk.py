"""deploy/vitals-kiosk.service, by its own command lines, on a screen that is none."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.proxies import DEPLOY, free_port, program
from tests.support.service import Service, wait_for

UNIT = (DEPLOY / "vitals-kiosk.service").read_text("utf-8")
NOBODY = 65534


def command(key: str, url: str, state: Path) -> list[str]:
    """The line of a key, as systemd would run it, but for the folder of its state."""
    (line,) = re.findall(rf"^{key}=(.+)$", UNIT, re.M)
    line = line.replace("${VITALS_URL}", shlex.quote(url))
    return shlex.split(line.replace("/var/lib/vitals-kiosk", str(state)))


def test_it_waits_for_the_server(make_service: Callable[..., Service], tmp_path: Path) -> None:
    port = free_port()
    line = command("ExecStartPre", f"http://127.0.0.1:{port}/", tmp_path)
    line[0] = program("curl")
    line[line.index("--retry-delay") + 1] = "1"
    with subprocess.Popen([*line, "--show-error"], stderr=subprocess.PIPE, text=True) as waiting:
        try:
            assert waiting.stderr
            assert "curl: (7)" in waiting.stderr.readline()
            service = make_service(INTERVAL=3600)
            service.port = port
            service.start()
            assert waiting.wait(60) == 0
        finally:
            waiting.kill()


@pytest.mark.full
def test_it_shows_the_wall_without_a_desktop(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service(INTERVAL=1).start()
    url = f"{service.url}/?distance=4m&kiosk=1&wake=1&screen=kiosk"
    line = [*command("ExecStart", url, tmp_path / "state"), "--no-sandbox"]
    tmp_path.chmod(0o700)
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "WLR_BACKENDS": "headless",
        "WLR_RENDERER": "pixman",
        "WLR_LIBINPUT_NO_DEVICES": "1",
    }
    # cage does not run for root.
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    if other:
        os.chown(tmp_path, NOBODY, NOBODY)
        for folder in [*tmp_path.parents][:-2]:
            folder.chmod(folder.stat().st_mode | 0o011)
    with (tmp_path / "cage.log").open("wb") as output:
        started = subprocess.Popen(line, env=environ, stdout=output, stderr=output, **other)  # type: ignore[call-overload]
    try:

        def is_shown() -> bool:
            screens = service.get("/screens", headers={"Accept": "application/json"}).json()
            return [screen["link"] for screen in screens["screens"]] == ["live"]

        wait_for(is_shown, "the display to report itself", timeout=60)
    finally:
        started.terminate()
        started.wait()
