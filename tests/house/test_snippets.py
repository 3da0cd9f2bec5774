"""The commands and snippets of the documents, each run and looked at for its effect.

tests/support/snippets.py says which are run here. Addresses lead to one real service; commands run
in a folder that looks like a checkout, where `./run` checks and ends.
"""

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from dashboard import settings
from tests.support.proxies import program
from tests.support.service import ROOT, Service, wait_for
from tests.support.snippets import Snippet, snippets

TOKEN = "publish-me-if-you-can"
SERVERS = re.compile(r"https?://(wall\.example|127\.0\.0\.1:8000|192\.168\.1\.10:8000)")
FOUND = snippets()


def of(language: str) -> pytest.MarkDecorator:
    """The blocks of a language, as parameters."""
    chosen = [each for each in FOUND if each.is_run and each.language == language]
    assert chosen, language
    return pytest.mark.parametrize("snippet", chosen, ids=str)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout, with commands that end."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in ROOT.iterdir():
        if path.name not in {"setup.sh", ".venv", "instance", ".git"}:
            (folder / path.name).symlink_to(path)
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    curl = f"{program('curl')} --silent --show-error --fail-with-body --max-time 20"
    for name, command in {
        "flask": f"{sys.executable} -m flask",
        "gunicorn": f"{sys.executable} -m gunicorn --check-config",
        "curl": curl,
    }.items():
        (commands / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (commands / name).chmod(0o755)
    set_up = f'ROOT={folder}; set_up() {{ :; }}; fail() {{ echo "$@" >&2; exit 1; }}\n'
    (folder / "setup.sh").write_text(set_up)
    # `./run` looks for setup.sh beside itself.
    (folder / "run").unlink()
    shutil.copy(ROOT / "run", folder)
    return folder


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    data = folder / "data"
    data.mkdir()
    service = Service(
        data, HOST_NAME="web-1", PUBLISH_TOKEN=TOKEN, SECRET_KEY="k" * 32, INSTANCE=data
    )
    service.start().wait_until_ready()
    # What the documents' own examples publish, for addresses that show it.
    service.append("queue", "web-1", length=41)
    wait_for(lambda: service.get("/now?figures=queue.length").status_code == 200, "the queue")
    yield service
    service.close()


@pytest.fixture
def environ(service: Service, folder: Path) -> dict[str, str]:
    """The variables of a shell on the service's machine."""
    ours = {f"DASHBOARD_{key}": str(value) for key, value in service.settings.items()}
    commands = f"{folder}/.venv/bin:/usr/bin:/bin"
    return ours | {"TOKEN": TOKEN, "PATH": commands, "HOME": str(folder), "USER": "ann"}


def at(service: Service, text: str) -> str:
    """A text whose addresses are the service's."""
    return SERVERS.sub(service.url, text)


def opens(service: Service, url: str) -> bool:
    """Whether an address of the service leads to something."""
    where = html.unescape(url).removeprefix(service.url)
    path = where.partition("?")[0]
    # A stream has no end to wait for.
    target = "/healthz" if path == "/stream" else re.sub(r"key=[^&]*…", "", where)
    return service.get(target).status_code in (200, 302, 303)


@of("sh")
def test_commands_do_what_they_are_there_for(
    snippet: Snippet, service: Service, environ: dict[str, str], folder: Path
) -> None:
    text = at(service, snippet.text)
    command = ["bash", "-c", f"set -euo pipefail\n{text}"]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, f"{snippet}\n{done.stdout}{done.stderr}"
    for url in re.findall(rf"{service.url}\S+", done.stdout):
        assert opens(service, url), url
    if "flask sign" in text:
        assert re.search(r"^\S{60,}$", done.stdout, re.M), "a key or a link"
    if "/events" in text and "curl" in text:
        sent = re.findall(r'"event": "(\w+)"', text)
        assert json.loads(done.stdout)["ids"]
        logged = json.loads(service.get("/history?since=60&others=1").text)
        assert set(sent) <= {each["event"] for each in logged["latest"]}
    if "flask publish" in text:
        assert re.fullmatch(r"\d+-\d+\n", done.stdout)
    if "./run" in text:
        given = set(re.findall(r"DASHBOARD_([A-Z_]+)=", text))
        assert given <= {field.name.upper() for field in fields(settings.Settings)}
    if "flask export" in text:
        (file,) = re.findall(r">(\S+)", text)
        assert (folder / file).read_text().startswith("time,host,figure,")


@of("toml")
def test_settings_are_read(snippet: Snippet, tmp_path: Path) -> None:
    path = tmp_path / "vitals.toml"
    path.write_text(snippet.text.replace("…", "x" * 24))
    before = settings.load({})
    found = settings.load({"DASHBOARD_CONFIG": str(path)})
    keys = set(re.findall(r"^\[*(\w+)", snippet.text, re.M)) & {
        field.name for field in fields(found)
    }
    assert [key for key in keys if getattr(found, key) != getattr(before, key)]


@of("json")
def test_json_is_json(snippet: Snippet) -> None:
    assert json.loads(snippet.text)


@of("address")
def test_an_address_of_a_page_means_something(snippet: Snippet, service: Service) -> None:
    page = service.get(snippet.text.strip())
    assert page.status_code == 200
    assert "<vitals" in page.text or 'data-link="lost"' in page.text


def node(script: str) -> None:
    command = ["node", "--check", "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@of("html")
def test_the_addresses_of_a_page_lead_somewhere(snippet: Snippet, service: Service) -> None:
    text = at(service, snippet.text)
    urls = set(re.findall(rf"{service.url}[^\"\s>]*", text))
    assert urls
    for url in urls:
        assert opens(service, url), url
    for script in re.findall(r"<script>(.*?)</script>", text, re.S):
        node(script)
    for name in re.findall(r"panel=\"([^\"]+)\"", text):
        assert opens(service, f"{service.url}/embed/{name}")
    for name in re.findall(r"value=\"([^\"]+)\"", text):
        assert opens(service, f"{service.url}/badge/{name}.svg")


@of("js")
def test_a_script_is_one(snippet: Snippet) -> None:
    node(snippet.text)


@of("css")
def test_properties_are_those_of_the_elements(snippet: Snippet) -> None:
    known = set(re.findall(r"--vitals-[\w-]+", (ROOT / "static/css/embed.css").read_text("utf-8")))
    asked = set(re.findall(r"--vitals-[\w-]+", snippet.text))
    assert asked
    assert asked <= known


@of("python")
def test_programs_run(
    snippet: Snippet, service: Service, environ: dict[str, str], folder: Path
) -> None:
    text = at(service, snippet.text)
    command = [sys.executable, "-uc", text]
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        if "print(" in text:  # it follows a stream for ever
            assert re.match(r"[\d.]+ \d+-\d+$", started.stdout.readline())
            started.kill()
        else:
            assert started.wait(60) == 0
    if "progress(" in text:
        (job,) = re.findall(r'progress\("(\w+)"', text)
        wait_for(lambda: job in service.get("/history?since=60&events=progress").text, job)
