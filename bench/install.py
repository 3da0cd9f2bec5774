"""From an empty folder to the first wall: each line that a stranger types, and how long it takes.

The lines are the README's, typed by an ordinary user of a Debian 12 that has its base system and
the package python3-venv. Each is timed until it has its effect: the wall answers and has a sample,
another device is signed in, a sample of the second machine is on the wall. In the first round pip
has an empty cache, in the second what the first one brought.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TypeVar

from bench.processes import ROOT, await_quiet, load_average
from tests.support.debian import Debian

T = TypeVar("T")
PACKAGES = ("python3", "python3-venv", "ca-certificates")
USER = "anna"
_PATIENCE = 300.0  # seconds for a line
_LINES = {
    "install": r"^(python3 -m venv ~/vitals && ~/vitals/bin/pip install vitals-\*\.whl)",
    "serve": r"^(~/vitals/bin/vitals serve)$",
    "share": r"^(DASHBOARD_READ_TOKEN=(\S{16,}) ~/vitals/bin/vitals serve --host 0\.0\.0\.0)$",
    "invite": r"^(~/vitals/bin/vitals invite)",
    "join": r"^(python3 -m venv .+ install vitals_agent-\*\.whl && .+/vitals join) ",
}


@dataclass(frozen=True)
class Step:
    """What is wanted, its lines, and the seconds that these took in both rounds."""

    wanted: str
    lines: str
    empty: float
    full: float


@dataclass(frozen=True)
class Found:
    """All steps, and the commit that was measured."""

    steps: list[Step]
    commit: str
    load_average: float


def run(*, say: Callable[[str], None]) -> Found:
    """Measure. Needs root, debootstrap, and a package index for pip."""
    await_quiet()
    load = load_average()
    lines = lines_of_readme()
    with tempfile.TemporaryDirectory(prefix="vitals-install-") as name:
        folder = Path(name)
        _build_wheels(folder)
        wall, other = (
            Debian(folder / host, host, suite="bookworm", packages=PACKAGES)
            for host in ("wall", "web-1")
        )
        for machine, pattern in ((wall, "vitals-*.whl"), (other, "vitals_agent-*.whl")):
            (wheel,) = folder.glob(pattern)
            shutil.copy(wheel, machine.add_user(USER))
        empty = _round(wall, other, lines)
        say(f"with an empty cache: {empty}")
        for machine in (wall, other):
            machine.run("rm -rf vitals .config .local", user=USER)
        full = _round(wall, other, lines)
        say(f"with a full cache: {full}")
    told = {
        "the first wall": "2",
        "on another device": "1",
        "a second machine": "1, and 1 on the wall's for its code",
    }
    steps = [Step(wanted, told[wanted], empty[wanted], full[wanted]) for wanted in told]
    ask = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(ask, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Found(steps, commit.stdout.strip(), load)


def table(found: Found) -> str:
    """The steps as Markdown."""
    rows = [
        f"| {each.wanted} | {each.lines} | {each.empty:.1f} s | {each.full:.1f} s |"
        for each in found.steps
    ]
    head = [
        "| | lines | pip's cache is empty | pip's cache is full |",
        "|---|---|--:|--:|",
    ]
    return "\n".join([*head, *rows, "", f"At commit {found.commit}."])


def lines_of_readme() -> dict[str, str]:
    """Return what is typed, as the README has it."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = {name: re.search(pattern, text, re.M) for name, pattern in _LINES.items()}
    missing = [name for name, match in found.items() if match is None]
    assert not missing, f"the README has no line to {missing}"
    lines = {name: match[1] for name, match in found.items() if match}
    token = found["share"]
    assert token
    return lines | {"token": token[2]}


def _build_wheels(folder: Path) -> None:
    build = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    for source in (ROOT, ROOT / "deploy" / "agent-wheel"):
        pip = [sys.executable, "-m", "pip", "wheel", *build, str(source)]
        subprocess.run(pip, cwd=ROOT, check=True)


def _round(wall: Debian, other: Debian, lines: dict[str, str]) -> dict[str, float]:
    """Type all lines once; return the seconds of each step."""
    seconds: dict[str, float] = {}
    with ExitStack() as stack:

        def typed(machine: Debian, line: str) -> _Typed:
            found = _Typed(machine, line)
            stack.callback(found.end)
            return found

        with _timed(seconds, "the first wall"):
            wall.run(lines["install"], user=USER)
            first = typed(wall, lines["serve"])
            url = first.wait_for(r"Open (http://\S+)")
            _wait(lambda: _get(f"{url}/readyz"), "sample")
            assert _get(f"{url}/"), "no wall"
        first.end()
        with _timed(seconds, "on another device"):
            url = typed(wall, lines["share"]).wait_for(r"Open (http://\S+)")
            assert "127.0.0.1" not in url, f"no other device can open {url}"
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            form = urllib.parse.urlencode({"token": lines["token"], "next": "/"}).encode()
            with browser.open(f"{url}/sign-in", form, timeout=20) as answer:
                page = answer.read()
            assert b"data-build=" in page, "signing in did not lead to the wall"
        with _timed(seconds, "a second machine"):
            line = wall.run(lines["invite"], user=USER).splitlines()[-1]
            joining = f"{lines['join']} {line.removeprefix('vitals join ')}"
            typed(other, joining).wait_for("web-1 is on the wall")
            now = f"{url}/now?figures=load.load1&host=web-1"
            _wait(lambda: _get(now, browser), "sample of the second machine")
    return seconds


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    since = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - since, 1)


class _Typed:
    """A line that goes on, as in a terminal, and what it says."""

    def __init__(self, machine: Debian, line: str) -> None:
        self._machine = machine
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = machine.start(line, self._output, user=USER)

    def wait_for(self, pattern: str) -> str:
        """Wait until it says something; return the first group of the pattern."""

        def look() -> re.Match[str] | None:
            self._output.seek(0)
            text = self._output.read().decode()
            assert self._process.poll() is None or re.search(pattern, text), text
            return re.search(pattern, text)

        match = _wait(look, pattern)
        return match[match.re.groups]

    def end(self) -> None:
        """End it, with all that it has started."""
        if not self._output.closed:
            self._machine.end(self._process)
            self._output.close()


def _wait(look: Callable[[], T | None], what: str) -> T:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError(f"no {what} within {_PATIENCE:.0f} s")


def _get(url: str, browser: urllib.request.OpenerDirector | None = None) -> bytes | None:
    try:
        with (browser or urllib.request.build_opener()).open(url, timeout=20) as answer:
            body: bytes = answer.read()
            return body
    except (urllib.error.URLError, ConnectionError):
        return None
