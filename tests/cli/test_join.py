"""`vitals join`: the files that it writes, and a machine from its code to the end of its right.

The lines are those of README.md and docs/fleet.md.
"""

import os
import re
import socket
import stat
import subprocess
import time
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import click
import httpx
import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Page

from dashboard import cli, installation
from dashboard.cli import join as command
from dashboard.cli.join import NAME, install_unit, settings_file, unit, write_settings
from tests.support.agents import Agent
from tests.support.proxies import program
from tests.support.service import Reader, Service, key, more, running, wait_for

PUBLISH_TOKEN = "publish-me-if-you-can"
PUBLISH = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
TEXT = 'Log = "https://old.example"  # once\ninterval = 5\n\n[[alert]]\nname = "log"\nlog = 1\n'


def test_settings_are_written_beside_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "in" / "vitals.toml"
    told = {"log": "https://wall.example", "publish_token": "t" * 32, "host_name": "web-1"}
    write_settings(path, told)
    assert tomllib.loads(path.read_text()) == told
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(TEXT)
    write_settings(path, told)
    found = tomllib.loads(path.read_text())
    assert found == told | {"interval": 5, "alert": [{"name": "log", "log": 1}]}
    for text in ('x = """\nlog = "a"\n"""\n', "x = [\n[1]]\nlog = 1\n", "=\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"."):
            write_settings(path, told)
        assert path.read_text() == text


@pytest.mark.parametrize("is_system", [True, False])
@pytest.mark.parametrize("is_open", [True, False])
def test_the_unit_is_one_that_systemd_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_system: bool, is_open: bool
) -> None:
    monkeypatch.setattr("dashboard.cli.join._is_open", lambda path: is_open)
    text = unit(Path("/etc/vitals/vitals.toml"), is_system=is_system)
    assert ("DynamicUser=yes" in text) == (is_system and is_open)
    assert (f"User={installation.PACKAGE.stat().st_uid}\n" in text) == (is_system and not is_open)
    assert ("LoadCredential=vitals.toml:/etc/vitals/vitals.toml" in text) == is_system
    assert ("ProtectSystem=strict" in text) == is_system
    assert ("WantedBy=multi-user.target" in text) == is_system
    assert "User=vitals" not in text
    assert "/srv/vitals" not in text
    file = tmp_path / NAME
    file.write_text(text)
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
    )
    assert [line for line in done.stderr.splitlines() if "vitals" in line] == []


def test_the_settings_go_where_the_user_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASHBOARD_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    theirs = tmp_path / "etc" / "vitals.toml"
    monkeypatch.setattr(installation, "_MACHINE_CONFIG", theirs)
    for user, file in ((0, theirs), (1000, tmp_path / "vitals" / "vitals.toml")):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert settings_file() == file
    theirs.parent.mkdir()
    theirs.touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # it is root's
    assert settings_file() == tmp_path / "vitals" / "vitals.toml"
    monkeypatch.undo()
    monkeypatch.setenv("DASHBOARD_CONFIG", str(theirs))
    assert settings_file() == theirs


def test_systemd_is_told_and_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []

    def run(command: list[str], **options: object) -> None:
        told.append(command)
        if "restart" in command:
            raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(subprocess, "run", run)
    install_unit(tmp_path / "units", tmp_path / "vitals.toml")
    assert [line[1:] for line in told] == [
        ["--user", "daemon-reload"],
        ["--user", "enable", NAME],
    ]
    assert (tmp_path / "units" / NAME).exists()
    with pytest.raises(
        click.ClickException, match="no sample was accepted within 30 s: journalctl"
    ):
        command._start_unit(tmp_path / "units", tmp_path / "vitals.toml")


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("wall")
    with running(
        folder, workers=2, PUBLISH_TOKEN=PUBLISH_TOKEN, INSTANCE=folder, INTERVAL=0.5
    ) as service:
        yield service.wait_until_ready()


def flask(*arguments: str, **settings: object) -> Result:
    """Run a command in this process."""
    environ = {f"DASHBOARD_{key}": str(value) for key, value in settings.items()}
    return CliRunner().invoke(cli.Commands(), arguments, env=environ)


def machines(wall: Service) -> list[dict[str, object]]:
    found: list[dict[str, object]] = wall.get(
        "/machines", headers={"Accept": "application/json"}
    ).json()["machines"]
    return found


def post(wall: Service, token: str, host: str) -> httpx.Response:
    event = {"event": "deploy", "host": host, "data": {}}
    return wall.request("POST", "/events", json=event, headers={"Authorization": f"Bearer {token}"})


def test_a_machine_is_on_the_wall_by_one_line_until_its_right_is_taken_away(
    wall: Service, tmp_path: Path
) -> None:
    def invite() -> str:
        done = flask("invite", "--url", wall.url, INSTANCE=wall.folder)
        code, line = done.stdout.splitlines()
        assert line == f"vitals join {wall.url} {code}"
        return str(code)

    path, code = tmp_path / "vitals.toml", invite()
    path.touch()
    settings = {"CONFIG": path, "INSTANCE": tmp_path, "INTERVAL": 0.2, "HOST_NAME": "web-1"}

    # What can't be is said, and the code is good as before.
    for arguments, status, words in (
        ((wall.url, "wrong"), 2, "403 the code is wrong, was used, or is older than an hour"),
        ((wall.url, code, "--host", "box"), 2, "409 box is the name of the machine that serves"),
        ((wall.url, code, "--host", "a b"), 2, "'a b': allowed is letters"),
        ((f"{wall.url}/nowhere", code), 2, "404"),
    ):
        done = flask("join", *arguments, **settings)
        assert (done.exit_code, words in done.stderr) == (status, True), done.stderr
    assert path.read_text() == ""
    for text in ('log = "redis://:secret@cache"', f'read_token = "{PUBLISH_TOKEN}"'):
        path.write_text(text)
        done = flask("join", wall.url, code, **settings)
        assert (done.exit_code, "the settings of a wall" in done.stderr) == (2, True)
        assert "secret" not in done.output
    path.write_text("")

    # The real process, which becomes the agent.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        agent = Agent(tmp_path, **settings)
        agent.environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        agent.start("-m", "flask", "join", wall.url, code, "--foreground")
        try:
            agent.wait_until_said(f"web-1 is on the wall: {wall.url} accepts its samples")
            assert manager.recv(100) == b"READY=1"
            assert f"web-1 has joined {wall.url}; its settings are in {path}" in agent.said()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert wall.logged("cpu", host="web-1")
            token = tomllib.loads(path.read_text())["publish_token"]
            assert token not in agent.said()
            _check_listed_and_limited(wall, token)

            assert wall.request("DELETE", "/machines/web-1", headers=PUBLISH).status_code == 204
            for _ in range(8):  # whichever worker
                assert post(wall, token, "web-1").status_code == 401
            agent.wait_until_said("401 publishing needs PUBLISH_TOKEN")
            before = key(wall.newest_id())
            more(Reader(wall, "?events=cpu&host=box"), "cpu", 3)
            assert [each for each in wall.logged(host="web-1") if key(each.id) > before] == []
        finally:
            agent.close()

    # It joins again, and then with another name, from a file that is not there yet.
    file = tmp_path / "new" / "agent.toml"
    for name in ("web-1", "shop-1"):
        given = ("--host", name, "--config", str(file), "--no-start")
        done = flask("join", wall.url, invite(), *given, **settings)
        assert done.exit_code == 0, done.stderr
    assert [each["name"] for each in machines(wall)] == ["shop-1"]
    assert tomllib.loads(file.read_text())["host_name"] == "shop-1"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"token": "a"}', b'{"token": 1, "ahead": {}}']
)
def test_what_answers_and_is_no_wall_is_told(tmp_path: Path, body: bytes) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.handle_request).start()
        url, path = f"http://127.0.0.1:{other.server_port}", tmp_path / "vitals.toml"
        path.touch()
        done = flask("join", url, "code", CONFIG=path, INSTANCE=tmp_path)
    assert (done.exit_code, done.stderr) == (1, f"Error: {url}: what answers there is no Vitals\n")


def test_the_page_invites_a_machine_and_takes_its_right_away(
    wall: Service, page: Page, page_errors: list[str]
) -> None:
    page.goto(f"{wall.url}/machines")
    page.fill("[name=host]", "db-1")
    page.click("[data-make]")
    page.get_by_text("publishing needs PUBLISH_TOKEN").wait_for()
    assert len(page_errors) == 1  # of the browser itself, about the 401
    page_errors.clear()
    page.fill("[name=token]", PUBLISH_TOKEN)
    page.click("[data-make]")
    page.wait_for_selector("[data-line]")
    words = page.input_value("[data-line]").split()
    assert words[:3] + words[4:] == ["vitals", "join", wall.url, "--host", "db-1"]
    asked = {"code": words[3], "host": "db-1", "time": time.time(), "version": "1.2.3"}
    token = wall.request("POST", "/machines/join", json=asked).json()["token"]
    page.reload()
    row = page.locator("[data-machine=db-1]")
    row.get_by_text("1.2.3").wait_for()
    assert "never" in row.inner_text()
    page.fill("[name=token]", PUBLISH_TOKEN)
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button").click()
    row.wait_for(state="detached")
    assert post(wall, token, "db-1").status_code == 401


def _check_listed_and_limited(wall: Service, token: str) -> None:
    def listed() -> dict[str, object] | None:
        known = machines(wall)
        return known[0] if known and known[0]["seen"] else None

    found = wait_for(listed, "the machine to be listed as seen")
    assert (found["name"], found["address"]) == ("web-1", "127.0.0.1")
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(found["version"]))
    # Of itself it may publish, of others not.
    assert post(wall, token, "web-1").status_code == 201
    answer = post(wall, token, "web-2")
    assert answer.status_code == 403
    assert "allowed are all events of the hosts web-1" in answer.json()["detail"]
