"""The wheel, installed into an empty environment from a folder of wheels, and used from there.

What README.md and docs/deploying.md say of it, without a network.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest
import waitress  # type: ignore[import-untyped]
import yaml  # type: ignore[import-untyped]

from dashboard.installation import build_id, project
from dashboard.settings import load
from tests.house.conftest import python
from tests.support.proxies import free_port, program
from tests.support.service import ROOT
from tests.support.waiting import wait_for

TOKEN = "publish-me-if-you-can"
SERVERS = {
    "flask": "flask --app {app} run --port {port}",
    "gevent": "gunicorn -k gevent -b 127.0.0.1:{port} {app}:app",
    "gthread": "gunicorn -k gthread --threads 4 -b 127.0.0.1:{port} {app}:app",
    "waitress": "python -m waitress --listen 127.0.0.1:{port} {app}:app",
}
OUTSIDE = """\
import vitals
from vitals import sse

text: str = vitals.publish("deploy", {"version": "1"})
part: bytes = sse.encode(vitals.ServerSentEvent("x", event="y"))
reveal_type(vitals.connect)
wrong: int = vitals.publish("deploy", {})
"""


def environment(folder: Path, wheels: Path) -> dict[str, str]:
    """Return the variables of a new environment, whose `pip` knows a folder of wheels alone."""
    commands = folder / "env" / "bin"
    python("-m", "venv", "--without-pip", commands.parent)
    pip = commands / "pip"
    pip.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip --python {commands}/python "$@"\n')
    pip.chmod(0o755)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_QUIET": "1"}
    return offline | {"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(folder)}


def dockerfile() -> list[tuple[str, str]]:
    """Return the steps of the Dockerfile: instruction and arguments."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return re.findall(r"^([A-Z]+) (.+)$", text, re.M)


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that the Dockerfile's steps have made."""
    folder = tmp_path_factory.mktemp("image")
    environ = environment(folder, wheels) | {"PIP_NO_COMPILE": "1"}  # what runs compiles itself
    commands = folder / "env" / "bin"
    (commands / "useradd").write_text('#!/bin/sh\necho "$@" >"$HOME/user"\n')  # not on this machine
    (commands / "useradd").chmod(0o755)
    (folder / "dist").symlink_to(wheels)
    (folder / "tmp").mkdir()
    for instruction, text in dockerfile():
        if instruction == "COPY":
            source, target = text.split()
            for file in folder.glob(source):
                shutil.copy(file, f"{folder}{target}")
        elif instruction == "RUN":
            here = text.replace("/tmp/", f"{folder}/tmp/")
            subprocess.run(["/bin/sh", "-ec", here], env=environ, cwd=folder, check=True)
    assert (folder / "user").read_text().split()[-2:] == ["/var/lib/vitals", "vitals"]
    return commands


@pytest.fixture(scope="module")
def agent_alone(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment with the agent's wheel."""
    folder = tmp_path_factory.mktemp("agent")
    (wheel,) = wheels.glob("vitals_agent-*.whl")
    subprocess.run(["pip", "install", wheel], env=environment(folder, wheels), check=True)
    return folder / "env" / "bin"


@pytest.fixture(scope="module")
def wall(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A wall that `vitals serve` shows, started in an empty folder, its settings in a file."""
    home = tmp_path_factory.mktemp("home")
    settings = home / ".config" / "vitals" / "vitals.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f'host_name = "box"\npublish_token = "{TOKEN}"\ninstance = "{home}/data"\n'
        "[alerts]\ndefaults = false\n"
    )
    hide_modules(home)
    environ = {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(home)}
    port = free_port()
    with started("vitals", "serve", "--port", port, cwd=home, env=environ) as output:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: f"Open {url}\n" in output.read_text(), "the address in its last line")
        wait_for(lambda: is_ready(url), "the first samples")
        yield SimpleNamespace(url=url, port=port, environ=environ, home=home, output=output)


def hide_modules(folder: Path) -> None:
    """Put files into a folder that a command would import by mistake, from where it is started."""
    for name in ("app", "dashboard", "gevent", "vitals"):
        (folder / f"{name}.py").write_text("raise SystemExit(__file__)\n")


@contextmanager
def started(*command: object, cwd: Path, env: dict[str, str]) -> Iterator[Path]:
    """A command that runs, in a group of its own; the file of what it says."""
    output = cwd / f"{command[1]}.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield output
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", verify=False).status_code == 200
    except httpx.TransportError:
        return False


def is_answered(url: str) -> bool:
    try:
        return httpx.get(f"{url}/", verify=False).status_code in (200, 404)
    except httpx.TransportError:
        return False


def vitals(wall: SimpleNamespace, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["vitals", *map(str, arguments)]
    return subprocess.run(
        command, cwd=wall.home, env=wall.environ, capture_output=True, text=True, timeout=60
    )


def test_a_wheel_serves_the_whole_wall_of_the_same_build(wall: SimpleNamespace) -> None:
    told = vitals(wall, "--version").stdout
    assert told == f"vitals {project()['version']}, build {build_id()}\n"
    lines = wall.output.read_text().splitlines()
    file = f"{wall.home}/.config/vitals/vitals.toml"
    assert lines[0] == f"vitals: settings: {file}; data: {wall.home}/data; {wall.url}"
    page = httpx.get(wall.url)
    assert page.status_code == 200
    assert f'data-build="{build_id()}"' in page.text
    files = set(re.findall(r'(?:src|href)="(/static/[^"#]+)"', page.text))
    files |= {
        f"/static/{build_id()}/vendor/{name}"
        for name in ("uPlot.esm.js", "arimo-latin-400-normal.woff2")
    }
    assert len(files) > 3
    assert {httpx.get(wall.url + file, verify=False).status_code for file in files} == {200}
    assert httpx.get(f"{wall.url}/openapi.json").json()["info"]["version"] == project()["version"]


def test_a_reload_starts_what_pip_has_put_in_its_place(
    wall: SimpleNamespace, installed: Path
) -> None:
    (files,) = installed.parent.glob("lib/python3*/site-packages/dashboard/files")
    other = shutil.copytree(files, wall.home / "other")
    shutil.rmtree(files)
    other.rename(files)
    found = re.search(r"Listening at: \S+ \((\d+)\)", wall.output.read_text())
    assert found
    master = psutil.Process(int(found[1]))
    before = set(master.children())
    master.send_signal(signal.SIGHUP)
    wait_for(lambda: master.children() and not before & set(master.children()), "another worker")
    wait_for(lambda: is_ready(wall.url), "it to be ready")


def test_its_commands_work_from_any_folder(wall: SimpleNamespace) -> None:
    published = vitals(wall, "publish", "deploy", "version=v1.2")
    assert published.returncode == 0, published.stderr
    rows = httpx.get(f"{wall.url}/history?events=deploy&since=3600").json()
    assert "v1.2" in json.dumps(rows)
    examined = vitals(wall, "doctor", wall.url, "--seconds", "2", "--json")
    assert json.loads(examined.stdout)["url"] == f"{wall.url}/stream"
    wrong = vitals(wall, "serve", "9000")
    assert (wrong.returncode, "9000: wanted are options" in wrong.stderr) == (2, True)
    taken = vitals(wall, "serve", "--port", wall.port)
    assert taken.returncode == 1
    assert f"127.0.0.1:{wall.port} is in use" in taken.stderr
    assert "Traceback" not in taken.stderr
    wrong = vitals(wall, "tail", "--from", "ftp://x")
    assert (wrong.returncode, "vitals tail" in wrong.stderr) == (2, True)


def test_the_agent_alone_is_small_and_a_second_machine_of_the_wall(
    wall: SimpleNamespace, agent_alone: Path
) -> None:
    (packages,) = agent_alone.parent.glob("lib/*/site-packages")
    assert not [name for name in ("flask", "gunicorn") if (packages / name).exists()]
    size = sum(file.lstat().st_blocks * 512 for file in packages.rglob("*"))
    assert size < 30e6, f"{size / 1e6:.1f} MB"
    folder = wall.home / "agent"
    folder.mkdir()
    environ = wall.environ | {
        "PATH": f"{agent_alone}:/usr/bin:/bin",
        "HOME": str(folder),
        "DASHBOARD_CONFIG": str(folder / "vitals.toml"),
        "DASHBOARD_INSTANCE": str(folder),
    }
    (folder / "vitals.toml").touch()
    hide_modules(folder)
    code, _ = vitals(wall, "invite").stdout.splitlines()
    joining = ("vitals", "join", wall.url, code, "--host", "web-1", "--foreground")
    with started(*joining, cwd=folder, env=environ) as output:
        wait_for(lambda: "web-1 is on the wall" in output.read_text(), "the first sample")
        now = f"{wall.url}/now?figures=load.load1&host=web-1"
        wait_for(lambda: httpx.get(now, verify=False).status_code == 200, "its figures")
    there = SimpleNamespace(home=folder, environ=environ)
    assert vitals(there, "--version").stdout.startswith(f"vitals {project()['version']}, build ")
    for command, reason in (
        ("serve", "vitals-agent has no pages to serve: install vitals"),
        ("sign", "sign needs itsdangerous: install vitals, not vitals-agent"),
    ):
        refused = vitals(there, command)
        assert (refused.returncode, refused.stderr) == (2, f"Error: {reason}\n")


@pytest.mark.parametrize("server", SERVERS)
def test_the_examples_are_programs_of_their_own(
    installed: Path, tmp_path: Path, server: str
) -> None:
    """Beside no checkout, from an environment that has the wheel, under each server."""
    environ = {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(tmp_path)}
    (tmp_path / "waitress").symlink_to(Path(waitress.__file__).parent)
    with ExitStack() as stack:
        urls = []
        for name in ("countdown", "progress"):
            port, folder = free_port(), tmp_path / name
            folder.mkdir()
            for file in (ROOT / "examples").glob(f"{name}.*"):
                shutil.copy(file, folder)
            command = SERVERS[server].format(app=name, port=port).split()
            env = environ | {"PYTHONPATH": str(tmp_path)}
            stack.enter_context(started(*command, cwd=folder, env=env))
            urls.append(f"http://127.0.0.1:{port}")
        countdown, progress = urls
        for url in urls:
            wait_for(lambda: is_answered(url), "the server")  # noqa: B023
        with httpx.stream("GET", f"{countdown}/countdown") as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            pieces, came = answer.iter_text(), ""
            while "data: 9\n" not in came:
                came += next(pieces)
            assert came.endswith("data: 10\n\ndata: 9\n\n"), "each as it comes"
        assert "new URL(`/progress/" in httpx.get(progress).text
        whole = httpx.get(f"{progress}/progress/sums").text
        steps = [json.loads(data) for data in re.findall(r"^data: (.+)$", whole, re.M)]
        assert [step.get("done") for step in steps] == [1, 2, 3, None]  # and what it says
        assert whole.endswith('event: completed\ndata: {"message":"sums: done"}\n\n')


@pytest.mark.parametrize("name", ["countdown", "progress"])
def test_the_view_of_an_example_has_eight_lines(name: str) -> None:
    text = (ROOT / "examples" / f"{name}.py").read_text("utf-8")
    view = text[text.index(f'@app.get("/{name}') :].split("\n\n\n")[0]
    assert len([line for line in view.splitlines() if line.strip()]) == 8


def test_vitals_sse_needs_the_standard_library_alone(installed: Path) -> None:
    code = (
        "import sys; from vitals.sse import ServerSentEvent, encode\n"
        "assert encode(ServerSentEvent({'a': 1})) == b'data: {\"a\":1}\\n\\n'\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(names - set(sys.stdlib_module_names) - {'__main__', 'vitals', 'dashboard'}))"
    )
    where = subprocess.run(
        [installed / "python", "-c", "import vitals; print(vitals.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # Without the environment's packages: only what the folder of the wheel has of its own.
    bare = [sys.executable, "-I", "-S", "-c"]
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('msgspec', 'flask', 'gevent'):\n"
        "            raise ImportError(name)\n"
        f"sys.meta_path.insert(0, Absent()); sys.path.append({str(Path(where).parent)!r})\n" + code
    )
    done = subprocess.run([*bare, code], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == ([], "")


def test_the_image_starts_a_command_and_the_compose_file_only_reads(
    installed: Path, tmp_path: Path
) -> None:
    steps = dict(dockerfile())
    command = [*json.loads(steps["ENTRYPOINT"]), *json.loads(steps["CMD"]), "--check-config"]
    environ = {"DASHBOARD_READ_TOKEN": TOKEN, "DASHBOARD_INSTANCE": str(tmp_path)}
    subprocess.run([installed / command[0], *command[1:]], env=environ, check=True, timeout=60)
    composed = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
    service = composed["services"]["vitals"]
    assert (ROOT / "deploy" / service["build"] / "Dockerfile").is_file()
    mounts = [volume.split(":") for volume in service["volumes"]]
    there = {source: (target, *options) for source, target, *options in mounts}
    assert there["/proc"] == (service["environment"]["DASHBOARD_PROC"], "ro")
    assert there["/sys/fs/cgroup"] == ("/sys/fs/cgroup", "ro")
    assert there["data"] == (steps["VOLUME"],)
    writable = [source for source, (_, *options) in there.items() if "ro" not in ",".join(options)]
    assert writable == [*composed["volumes"]]
    settings = {key: "/x" if key == "DASHBOARD_PROC" else TOKEN for key in service["environment"]}
    assert load(settings).read_token == TOKEN


@pytest.mark.parametrize("unit", ["vitals.service", "vitals-agent.service"])
def test_the_commands_of_a_unit_are_there(installed: Path, tmp_path: Path, unit: str) -> None:
    (deployed,) = installed.parent.glob("lib/*/site-packages/dashboard/files/deploy")
    text = (deployed / unit).read_text("utf-8")
    assert text == (ROOT / "deploy" / unit).read_text("utf-8")
    for name in {unit, "vitals.socket"}:
        there = (deployed / name).read_text("utf-8").replace("/opt/vitals/bin", str(installed))
        (tmp_path / name).write_text(there)
    verify = [program("systemd-analyze"), "verify", "--man=no", str(tmp_path / unit)]
    done = subprocess.run(verify, capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if "vitals" in line] == []
    commands = re.findall(r"^Exec\w+=/opt/vitals/bin/vitals (.+)$", text, re.M)
    assert commands
    environ = {
        "DASHBOARD_INSTANCE": str(tmp_path),
        "LISTEN_PID": "1",
        "GUNICORN_CMD_ARGS": f"--worker-tmp-dir {tmp_path}",
    }
    for command in commands:
        arguments = [str(installed / "vitals"), *command.split()]
        if "--check-config" not in arguments:
            arguments.append("--help")
        subprocess.run(arguments, env=environ, cwd="/", check=True, timeout=60)


@pytest.mark.full
def test_its_types_are_seen_from_outside(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(OUTSIDE)
    mypy = [sys.executable, "-m", "mypy", "--strict", "outside.py", "--python-executable"]
    command = [*mypy, str(installed / "python")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    wrong, *others = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert (others, "outside.py:7:" in wrong) == ([], True), done.stdout
