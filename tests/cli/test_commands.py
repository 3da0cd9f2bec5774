"""The commands `publish`, `progress`, `log` and `tail`: real processes, service and log."""

import fcntl
import json
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest
from click.testing import CliRunner

import vitals
from dashboard import cli
from dashboard.cli.target import Target
from dashboard.cli.text import MOST_LINE
from dashboard.events.event import Event
from dashboard.log.contract import Refused
from dashboard.log.http import HTTPLog
from dashboard.log.line_buffer import MOST_BYTES, MOST_EVENTS, LineBuffer
from tests.streaming.test_stream_elsewhere import TLSService
from tests.support import sse_reading
from tests.support.service import ROOT, Logged, Reader, Service, wait_for

TOKEN = "publish-me-if-you-can"
READ_TOKEN = "read-me-if-you-can"
# The commands are those of `flask`, which takes twice the CPU to start: it loads the service.
COMMAND = (sys.executable, "-m", "vitals")
Start = Callable[..., Service]


@pytest.fixture(scope="module")
def way() -> dict[str, object]:
    return {"PUBLISH_TOKEN": TOKEN, "INTERVAL": 3600, "RETRY": 100}


@pytest.fixture
def here(tmp_path: Path) -> Service:
    """A service that does not run: its log, and the settings that name it."""
    return Service(tmp_path, HOST_NAME="box")


def environ(service: Service | None = None, **settings: str) -> dict[str, str]:
    """The environment of a command on the machine of a service, or of one without a service."""
    base = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    given = {} if service is None else {"LOG": service.settings["LOG"], "HOST_NAME": "box"}
    return base | {f"DASHBOARD_{key}": str(value) for key, value in (given | settings).items()}


def run(
    *arguments: str, env: dict[str, str], input: bytes | str = b"", program: str = "vitals"
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of a program to its end."""
    sent = input.encode() if isinstance(input, str) else input
    return subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=ROOT,
        env=env,
        input=sent,
        capture_output=True,
        timeout=60,
    )


class Command:
    """A command that runs. Its output is kept in files; its session is its own."""

    def __init__(self, folder: Path, arguments: Sequence[str], env: dict[str, str]) -> None:
        self._files = [folder / f"{arguments[0]}.{name}" for name in ("out", "err")]
        out, err = (file.open("wb") for file in self._files)
        with out, err:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        assert self.process.stdin is not None
        self.stdin: IO[bytes] = self.process.stdin

    @property
    def out(self) -> str:
        return self._files[0].read_text("utf-8")

    @property
    def err(self) -> str:
        return self._files[1].read_text("utf-8")

    def write(self, text: str) -> None:
        self.stdin.write(text.encode())
        self.stdin.flush()

    def end(self) -> int:
        """End its input, and wait for its status."""
        self.stdin.close()
        return self.process.wait(60)

    def signal(self, number: int) -> None:
        """What a terminal does: tell the whole group."""
        os.killpg(self.process.pid, number)

    def peak(self) -> int:
        """The most memory that it ever had, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.stdin.close()


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    commands: list[Command] = []

    def start(*arguments: str, env: dict[str, str]) -> Command:
        folder = tmp_path / f"command-{len(commands)}"
        folder.mkdir()
        commands.append(Command(folder, arguments, env))
        return commands[-1]

    yield start
    for one in commands:
        one.close()


def logged(service: Service, *names: str) -> list[Logged]:
    """What the log has; nothing while there is none."""
    try:
        return service.logged(*names)
    except sqlite3.OperationalError:
        return []


def count(service: Service, name: str) -> int:
    """How many events of a name the log has."""
    with closing(sqlite3.connect(service.log_file, timeout=20)) as database:
        try:
            row = database.execute("SELECT count(*) FROM event WHERE name = ?", (name,)).fetchone()
        except sqlite3.OperationalError:
            return 0  # there is none yet
    return int(row[0])


def to(service: Service) -> list[str]:
    return ["--to", service.url]


# The commands themselves.


def test_the_commands_start_nothing_and_patch_nothing() -> None:
    look = (
        "import threading, app; from gevent import monkey\n"
        "from dashboard.cli.main import main\n"
        "ours = {*main.list_commands(None)} - {'serve'}\n"
        "assert {'publish', 'doctor', 'sign', 'tail'} <= ours\n"
        "assert all(app.app.cli.get_command(None, name).callback for name in ours)\n"
        "assert not monkey.saved and threading.active_count() == 1\n"
        "assert not monkey.is_module_patched('socket')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=environ(), capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_a_wrong_setting_is_one_line() -> None:
    for program in ("flask", "vitals"):
        done = run("publish", "x", env=environ(INTERVAL="soon"), program=program)
        assert done.returncode == 2
        assert done.stderr.decode() == (
            "Error: DASHBOARD_INTERVAL='soon': allowed is seconds from 0.05 to 3600\n"
        )


# flask publish.


@pytest.mark.parametrize(
    ("arguments", "input", "fields"),
    [
        ((), "", {}),
        (('{"a": [1, {"b": "c=d"}]}',), "", {"a": [1, {"b": "c=d"}]}),
        (("-",), '{"a":\n 1}\n', {"a": 1}),
        (
            ("version=1.20", "by=ann=x", "empty="),
            "",
            {"version": "1.20", "by": "ann=x", "empty": ""},
        ),
        (("n:=1.5", 'list:=["a"]', "no:=null"), "", {"n": 1.5, "list": ["a"], "no": None}),
    ],
)
def test_an_event_is_published_and_its_id_printed(
    here: Service, arguments: tuple[str, ...], input: str, fields: dict[str, Any]
) -> None:
    done = run("publish", "deploy", *arguments, env=environ(here), input=input)
    assert (done.returncode, done.stderr) == (0, b"")
    (row,) = here.logged()
    assert done.stdout.decode() == f"{row.id}\n"
    assert (row.name, row.host) == ("deploy", "box")
    assert {k: v for k, v in row.data.items() if k not in ("host", "time")} == fields


WRONG = [
    (("publish", "Deploy"), "event='Deploy': wanted is a name"),
    (("publish", "cpu"), "this name is reserved"),
    (("publish", "x", "[1]"), "an object is wanted"),
    (("publish", "x", '{"a": 1'), "not JSON"),
    (("publish", "x", '{"a": NaN}'), "not JSON: NaN"),
    (("publish", "x", '{"a": 1, "a": 2}'), "'a' is there twice"),
    (("publish", "x", "a"), "'a': wanted is a JSON object, '-', or fields"),
    (("publish", "x", "a=1", "a=2"), "'a' is given twice"),
    (("publish", "x", "a:=b"), "'a:=b': not JSON"),
    (("publish", "x", "-"), "not JSON"),
    (("publish", "x", "a=" + "x" * 70_000), "data has"),
    (("publish", "x", "--lines", "a=1"), "with --lines the data comes from standard input"),
    (("publish", "x", "--host", "a b"), "'a b': allowed is letters"),
    (("publish", "x", "--to", "vitals.example"), "'vitals.example': allowed is the URL of"),
    (("publish", "x", "--to", "http://a"), "http://a wants a token"),
    (("publish", "x", "--token", TOKEN), "a token is for --to"),
    (("publish", "x", "--to", "http://a", "--token", "short"), "16 to 512 visible ASCII"),
    (("publish", "x", "--to", "http://a", "--token-file", "/nowhere"), "No such file"),
    (("publish", "x", "--to", "http://a", "--token", "a", "--token-file", "b"), "one of the two"),
    (("progress", "a b"), "'a b': allowed is letters"),
    (("progress", "a", "--total", "nan"), "--total=nan: allowed is a number from 0"),
    (("progress", "a", "--total", "-1"), "--total=-1.0: allowed is a number from 0"),
    (("log", "--name", "a b"), "'a b': allowed is 1 to 64 letters"),
    (("log", "--level", "loud"), "'loud' is not one of"),
    (("tail", "--since", "long ago"), "--since 'long ago': wanted is a time"),
    (("tail", "--from", "ftp://a"), "'ftp://a': allowed is the URL of"),
]


@pytest.mark.parametrize(("arguments", "reason"), WRONG)
def test_what_is_wrong_is_told_with_status_2_and_nothing_is_logged(
    here: Service, arguments: tuple[str, ...], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ(here).items():
        monkeypatch.setenv(name, value)
    name, *others = arguments
    group = cli_group()
    result = CliRunner().invoke(group, [name, *others], input="")
    assert result.exit_code == 2, result.output
    assert reason in result.stderr
    assert result.stdout == ""
    assert logged(here) == []


def cli_group() -> Any:
    return cli.Commands()


@pytest.mark.parametrize(
    ("data", "given", "reason"),
    [
        ({}, {"host": "a b"}, "host='a b': wanted is a host name"),
        ({"host": "db-1"}, {"host": "web-1"}, "host is there twice"),
        ({}, {"to": "wall.example"}, "to='wall.example': wanted is the URL of a Vitals"),
        ({}, {"to": "http://wall.example\r\nX: 1"}, "wanted is the URL of a Vitals"),
    ],
)
def test_python_is_told_of_what_it_can_not_publish(
    data: dict[str, Any],
    given: dict[str, str],
    reason: str,
    here: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DASHBOARD_LOG", str(here.settings["LOG"]))
    with pytest.raises(ValueError, match=reason):
        vitals.publish("deploy", data, **given)


def test_what_is_published_on_the_host_is_on_a_live_stream(
    service: Service, read: Callable[..., Reader]
) -> None:
    reader = read(service, "?events=deploy,message")
    reader.wait_for(1, "hello")
    done = run("publish", "deploy", "by=ann", env=environ(service), program="flask")
    (event,) = reader.wait_for(1, "deploy")
    assert event.id == done.stdout.decode().strip()
    assert json.loads(event.data)["by"] == "ann"
    run("publish", "message", env=environ(service))
    reader.wait_for(1, "message")


def test_lines_are_published_as_they_come(here: Service, command: Callable[..., Command]) -> None:
    tokens = command("publish", "token", "--lines", env=environ(here))
    for number in range(3):
        tokens.write(json.dumps({"response": f"word {number}"}) + "\n\n")
        wait_for(lambda n=number: len(logged(here)) == n + 1, "the line to be published")  # type: ignore[misc]
    assert tokens.out.split() == [row.id for row in here.logged("token")]
    tokens.write("nonsense\n")
    assert tokens.end() == 2
    assert "line 7: not JSON" in tokens.err
    assert [row.data["response"] for row in here.logged()] == ["word 0", "word 1", "word 2"]


def test_a_full_disk_behind_the_output_is_one_line_and_no_input_is_an_empty_one(
    here: Service,
) -> None:
    def shell(line: str) -> subprocess.CompletedProcess[str]:
        script = line.replace("vitals", " ".join(COMMAND))
        return subprocess.run(
            ["sh", "-c", script], cwd=ROOT, env=environ(here), capture_output=True, text=True
        )

    full = shell("vitals publish deploy >/dev/full")
    assert (full.returncode, full.stderr) == (1, "Error: No space left on device\n")
    closed = shell("vitals log <&- >&-")
    assert (closed.returncode, closed.stderr) == (0, "")


def test_a_log_that_cannot_be_written_is_told_with_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("publish", "x", env=environ(LOG=f"sqlite:///{tmp_path}/file/events.db"))
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: ")
    assert b"Traceback" not in done.stderr


def test_a_server_that_is_away_is_told_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.cli.publish._PATIENCE", 0.0)
    arguments = ["publish", "x", "--to", "http://127.0.0.1:1", "--token", TOKEN]
    result = CliRunner().invoke(cli_group(), arguments)
    assert result.exit_code == 1
    assert "http://127.0.0.1:1: Connection refused" in result.stderr


# Over HTTP.


def test_publishing_to_another_vitals(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    env = environ(HOST_NAME="far")
    ways: list[tuple[list[str], dict[str, str]]] = [
        ([*to(service), "--token-file", str(file)], env),
        ([*to(service), "--token", TOKEN], env),
        (to(service), env | {"DASHBOARD_PUBLISH_TOKEN": TOKEN}),
        ([], env | {"DASHBOARD_PUBLISH_TOKEN": TOKEN, "DASHBOARD_PUBLISH_TO": service.url + "/"}),
    ]
    printed = []
    for arguments, variables in ways:
        done = run("publish", "far", "n:=1", *arguments, env=variables)
        assert done.returncode == 0, done.stderr
        printed += done.stdout.decode().split()
    rows = service.logged("far")
    assert printed == [row.id for row in rows]
    assert {row.host for row in rows} == {"far"}


def test_a_refusal_is_told_with_the_servers_words(
    service: Service, command: Callable[..., Command]
) -> None:
    env = environ(PUBLISH_TOKEN="publish-me-wrongly")
    done = run("publish", "x", *to(service), env=env)
    assert done.returncode == 2
    assert f"{service.url}: 401 " in done.stderr.decode()
    done = run("publish", "x", "--to", f"{service.url}/elsewhere", env=env)
    assert done.returncode == 2
    assert b"404" in done.stderr
    log = command("log", *to(service), env=env)
    log.write("a line\n")
    assert log.process.wait(30) == 2  # though no line follows, and the input goes on
    assert "401" in log.err


def test_a_batch_is_logged_once_though_the_server_closes_idle_connections(service: Service) -> None:
    log = HTTPLog(service.url, TOKEN)
    events = [Event("batch", None, '{"host":"batch","time":1.0,"ä":"\\u0000"}')] * 3
    first = log.append_idempotent("again", "", events)
    assert log.append_idempotent("again", "", events) == first
    # Not a time to wait for, but one that the server must have let pass.
    connection = log._connection
    assert connection is not None
    assert connection.sock is not None
    wait_for(lambda: connection.sock.recv(1, 0x42) == b"", "the server to hang up")  # peek
    more = log.append(events)
    assert [str(event_id) for event_id in first + more] == service.logged_ids(host="batch")
    assert log.append([]) == []
    target = Target("far", url=service.url, token=TOKEN)
    assert target.send(events, "again") == target.send(events, "again") == first
    target._log.close()
    with pytest.raises(Refused) as caught:
        log.append([Event("far", "cpu", '{"host":"far","time":1.0}')])
    assert caught.value.is_content
    log.close()


def test_a_batch_whose_answer_is_late_is_sent_again_and_logged_once(
    start_service: Start,
) -> None:
    service = start_service().wait_until_ready()
    log = HTTPLog(service.url, TOKEN, timeout=0.3)
    attempts = 0

    def send(events: Sequence[Event], key: str) -> None:
        nonlocal attempts
        attempts += 1
        log.append_idempotent(key, "", events)

    events = [Event("far", "late", f'{{"host":"far","time":{n}}}') for n in range(3)]
    backlog = LineBuffer(send, lost=lambda number: events[0], say=lambda text: None)
    (worker,) = service.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    try:
        for event in events:
            backlog.put(event)
        wait_for(lambda: attempts > 3, "some attempts")
    finally:
        os.kill(worker, signal.SIGCONT)
    assert backlog.close(30) == 0
    log.close()
    assert [row.data["time"] for row in service.logged("late")] == [0, 1, 2]


def test_tls_is_checked(tmp_path: Path) -> None:
    service = TLSService(tmp_path, PUBLISH_TOKEN=TOKEN, INTERVAL=3600)
    try:
        service.start()
        url = f"https://localhost:{service.port}"
        env = environ(PUBLISH_TOKEN=TOKEN, HOST_NAME="far")
        done = run("publish", "safe", "--to", url, env=env)
        assert done.returncode == 2
        assert b"certificate" in done.stderr
        trusting = env | {"SSL_CERT_FILE": str(tmp_path / "certificate.pem")}
        done = run("publish", "safe", "--to", url, env=trusting)
        assert done.returncode == 0, done.stderr
        assert len(service.logged("safe")) == 1
    finally:
        service.close()


# flask progress.


def steps(service: Service, job: str) -> list[dict[str, Any]]:
    return [row.data for row in logged(service, "progress") if row.data["job"] == job]


def states(service: Service, job: str) -> list[tuple[Any, Any, str]]:
    return [(step["done"], step["total"], step["state"]) for step in steps(service, job)]


def test_progress_from_a_pipe(here: Service, command: Callable[..., Command]) -> None:
    pipe = command("progress", "copy", env=environ(here))
    wait_for(lambda: states(here, "copy") == [(None, None, "running")], "the job to begin")
    for number, text in ((10, "10\n"), (25.5, "25.5%\r"), (30, "copying x\n30\n")):
        pipe.write(text)
        wait_for(lambda n=number: states(here, "copy")[-1] == (n, 100, "running"), "the step")  # type: ignore[misc]
    assert steps(here, "copy")[-1]["message"] == "copying x"
    pipe.write("2/4\n")
    pipe.write("100%")  # without an end
    assert pipe.end() == 0
    assert states(here, "copy")[-1] == (100, 100, "completed")
    assert all(step["host"] == "box" for step in steps(here, "copy"))
    assert pipe.err == ""


def test_a_flood_of_figures_is_five_reports_a_second(
    here: Service, command: Callable[..., Command]
) -> None:
    pipe = command("progress", "flood", "--total", "100000", env=environ(here))
    wait_for(lambda: steps(here, "flood"), "the job to begin")
    for number in range(20_000):
        pipe.write(f"{number}\r")
    assert pipe.end() == 0
    found = steps(here, "flood")
    assert found[-1]["done"] == 19_999
    took = found[-1]["time"] - found[0]["time"]
    assert len(found) <= 3 + 5 * took


def test_a_command_is_watched_to_its_end(here: Service, tmp_path: Path) -> None:
    script = "import sys; print('50%'); print('zwölf \\u2713'); sys.exit(sys.stdin.read() != 'in')"
    env = environ(here) | {"PYTHONIOENCODING": "utf-8"}
    done = run("progress", "good", "--", sys.executable, "-c", script, env=env, input="in")
    assert (done.returncode, done.stdout.decode()) == (0, "50%\nzwölf ✓\n")
    assert states(here, "good")[-1] == (50, 100, "completed")
    assert steps(here, "good")[-1]["message"] == "zwölf ✓"


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ("echo 50%; echo no space left >&2; exit 3", 3, "exit status 3: no space left"),
        ("kill -9 $$", 137, "ended by SIGKILL"),
        ("printf 'a\\0b 12%'; printf '\\377' >&2; exit 1", 1, "exit status 1: \ufffd"),
    ],
)
def test_a_command_that_fails(here: Service, script: str, status: int, reason: str) -> None:
    done = run("progress", "bad", "--", "sh", "-c", script, env=environ(here))
    assert done.returncode == status
    end = steps(here, "bad")[-1]
    assert (end["state"], end["message"]) == ("failed", reason)
    plain = subprocess.run(["sh", "-c", script], capture_output=True)
    assert (done.stdout, done.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.parametrize(("program", "status"), [("/nowhere/to/be", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_start(here: Service, program: str, status: int) -> None:
    done = run("progress", "none", "--", program, env=environ(here))
    assert done.returncode == status
    assert program.encode() in done.stderr
    assert states(here, "none")[-1][2] == "failed"


def test_a_command_that_leaves_a_child_behind_ends_with_itself(here: Service) -> None:
    script = "sleep 60 & echo $!"
    done = run("progress", "daemon", "--", "sh", "-c", script, env=environ(here))
    os.kill(int(done.stdout), signal.SIGKILL)
    assert done.returncode == 0
    assert states(here, "daemon")[-1][2] == "completed"


def test_ctrl_c_fails_a_pipe_and_a_command(here: Service, command: Callable[..., Command]) -> None:
    pipe = command("progress", "pipe", env=environ(here))
    sleeper = command("progress", "sleep", "--", "sleep", "60", env=environ(here))
    stopped = command("progress", "term", "--", "sleep", "60", env=environ(here))
    for job in ("pipe", "sleep", "term"):
        wait_for(lambda job=job: steps(here, job), "the job to begin")  # type: ignore[misc]
    wait_for(lambda: children(sleeper) and children(stopped), "the commands to run")
    pipe.signal(signal.SIGINT)
    sleeper.signal(signal.SIGINT)
    os.kill(stopped.process.pid, signal.SIGTERM)  # only the one: it hands it on
    assert [one.process.wait(30) for one in (pipe, sleeper, stopped)] == [130, 130, 143]
    for job, name in (("pipe", "SIGINT"), ("sleep", "SIGINT"), ("term", "SIGTERM")):
        end = steps(here, job)[-1]
        assert (end["state"], end["message"]) == ("failed", f"ended by {name}")
    assert [one.err for one in (pipe, sleeper, stopped)] == ["", "", ""]


def children(command: Command) -> list[str]:
    pid = command.process.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


COUNTING = """
import signal, time
def count(*_):
    print("interrupted", flush=True)
signal.signal(signal.SIGINT, count)
print("ready", flush=True)
deadline = time.monotonic() + 30
while time.monotonic() < deadline and not input().startswith("end"):
    pass
"""


def test_ctrl_c_in_a_terminal_reaches_the_command_once(here: Service) -> None:
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        arguments = [*COMMAND, "progress", "tty", "--", sys.executable, "-c", COUNTING]
        os.execve(sys.executable, arguments, environ(here))
    try:
        seen = read_terminal(terminal, "ready")
        os.write(terminal, b"\x03")
        seen += read_terminal(terminal, "interrupted")
        os.write(terminal, b"end\n")
        _, status = os.waitpid(pid, 0)
        try:
            seen += os.read(terminal, 4096).decode()
        except OSError:
            pass  # nothing is left in it
        assert seen.count("interrupted") == 1
        assert os.waitstatus_to_exitcode(status) == 130
        assert steps(here, "tty")[-1]["state"] == "failed"
    finally:
        os.close(terminal)


def read_terminal(descriptor: int, word: str) -> str:
    seen = ""
    while word not in seen:
        seen += os.read(descriptor, 4096).decode()
    return seen


def test_progress_over_http_is_the_jobs_stream(
    service: Service, command: Callable[..., Command]
) -> None:
    env = environ(PUBLISH_TOKEN=TOKEN, HOST_NAME="far")
    done = run("progress", "sync", *to(service), env=env, input="10%\n")
    assert done.returncode == 0, done.stderr
    stream = service.get("/progress/sync").text  # which ends with the job
    assert [event.type for event in sse_reading.read(stream.encode()).events][-1] == "completed"
    assert {step["host"] for step in steps(service, "sync")} == {"far"}


def test_a_command_runs_whether_or_not_it_can_be_reported(
    make_service: Start, tmp_path: Path
) -> None:
    env = environ(PUBLISH_TOKEN="publish-me-wrongly", PUBLISH_TO="http://127.0.0.1:1")
    for reason, url in (("refused", "http://127.0.0.1:1"), ("401", make_service().start().url)):
        arguments = ("progress", "alone", "--to", url, "--", "sh", "-c", "echo done; exit 4")
        done = run(*arguments, env=env)
        assert (done.returncode, done.stdout) == (4, b"done\n")
        assert reason in done.stderr.decode()
        assert b"the end of alone could not be reported" in done.stderr


# flask log.


def messages(service: Service) -> list[str]:
    return [row.data["message"] for row in logged(service, "log")]


def test_each_line_is_an_event_with_source_and_level(here: Service) -> None:
    lines = b"all well\n\xff\n\nERROR: no\r\nlast"
    done = run("log", "--name", "nginx", env=environ(here), input=lines)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    rows = here.logged("log")
    found = [(row.data["level"], row.data["message"]) for row in rows]
    assert found == [
        ("info", "all well"),
        ("info", "\ufffd"),
        ("info", ""),
        ("error", "ERROR: no"),
        ("info", "last"),
    ]
    assert all(set(r.data) == {"host", "time", "source", "level", "message"} for r in rows)
    assert {(row.host, row.data["host"], row.data["source"]) for row in rows} == {
        ("box", "box", "nginx")
    }
    run("log", "--level", "debug", "--host", "web-1", env=environ(here), input="ERROR\n")
    row = here.logged("log")[-1]
    assert (row.host, row.data["level"], row.data["source"]) == ("web-1", "debug", "stdin")


def test_a_line_is_logged_when_it_comes_and_a_signal_loses_none(
    here: Service, command: Callable[..., Command]
) -> None:
    pipe = command("log", env=environ(here))
    pipe.write("one\n")
    wait_for(lambda: messages(here) == ["one"], "the line")
    pipe.write("two\nthree")
    wait_for(lambda: messages(here)[1:] == ["two"], "the next line")
    pipe.signal(signal.SIGTERM)
    assert pipe.process.wait(30) == 0
    assert messages(here) == ["one", "two", "three"]


def test_50_000_lines_at_once(here: Service, command: Callable[..., Command]) -> None:
    pipe = command("log", env=environ(here))
    pipe.write("first\n")
    wait_for(lambda: messages(here), "the first line")
    before = pipe.peak()
    pipe.write("".join(f"line {number} {'x' * 100}\n" for number in range(50_000)))
    wait_for(lambda: count(here, "log") == 50_001, "all lines")
    grown = pipe.peak() - before
    assert pipe.end() == 0
    assert [line.split()[1] for line in messages(here)[1:]] == [str(n) for n in range(50_000)]
    assert grown < 2 * MOST_BYTES
    assert pipe.err == ""


def test_a_line_without_end_takes_no_memory(here: Service, command: Callable[..., Command]) -> None:
    pipe = command("log", env=environ(here))
    pipe.write("first\n")
    wait_for(lambda: messages(here), "the first line")
    before = pipe.peak()
    for _ in range(64):
        pipe.write("\x01" * (1 << 20))
    pipe.write("\n")
    wait_for(lambda: len(messages(here)) == 2, "the line")
    assert pipe.peak() - before < 8 << 20
    assert messages(here)[1] == "␁" * MOST_LINE + f" … [{(64 << 20) - MOST_LINE} bytes cut]"


def test_a_server_that_is_away_gets_what_could_be_held_in_order_and_the_count_of_the_rest(
    start_service: Start, command: Callable[..., Command]
) -> None:
    service = start_service()
    pipe = command("log", *to(service), env=environ(PUBLISH_TOKEN=TOKEN, HOST_NAME="far"))
    pipe.write("first\n")
    wait_for(lambda: messages(service) == ["first"], "the first line")
    before = pipe.peak()
    service.stop(signal.SIGKILL)
    total = MOST_EVENTS + 20_000
    pipe.write("".join(f"line {number}\n" for number in range(total)))
    assert "trying again, and holding what comes" in wait_for(lambda: pipe.err, "a word about it")
    wait_for(lambda: unread(pipe) == 0, "it to read on, whether or not it can send")
    assert pipe.peak() - before < 3 * MOST_BYTES
    service.start()
    wait_for(lambda: count(service, "log") > 1 + MOST_EVENTS, "what was held")
    pipe.write("last\n")
    assert pipe.end() == 0
    rows = [row.data for row in service.logged("log")]
    assert (rows[0]["message"], rows[-1]["message"]) == ("first", "last")
    at = dropped = 0
    for row in rows[1:-1]:
        if "dropped" in row:
            assert at >= MOST_EVENTS
            assert row["message"] == f"{row['dropped']} lines were dropped here"
            assert row["level"] == "warning"
            dropped += row["dropped"]
            at += row["dropped"]
        else:
            assert row["message"] == f"line {at}"
            at += 1
    assert at == total
    assert dropped > 10_000
    assert "vitals: going on; " in pipe.err


def unread(command: Command) -> int:
    """Bytes that are in the pipe still."""
    left = fcntl.ioctl(command.stdin.fileno(), termios.FIONREAD, b"\0" * 4)
    return int(struct.unpack("i", left)[0])


def test_no_line_comes_twice_though_the_server_is_killed_while_it_writes(
    start_service: Start, command: Callable[..., Command]
) -> None:
    service = start_service()
    pipe = command("log", *to(service), env=environ(PUBLISH_TOKEN=TOKEN, HOST_NAME="far"))

    def write() -> None:
        for number in range(30_000):
            pipe.write(f"line {number}\n")

    writing = threading.Thread(target=write)
    writing.start()
    for least in (2000, 12_000):
        wait_for(lambda least=least: count(service, "log") >= least, "some lines")  # type: ignore[misc]
        service.stop(signal.SIGKILL)
        service.start()
    writing.join()
    assert pipe.end() == 0
    assert messages(service) == [f"line {number}" for number in range(30_000)]


# flask tail.


def printed(command: Command) -> list[dict[str, Any]]:
    whole = command.out.rpartition("\n")[0]
    return [json.loads(line) for line in whole.split("\n") if line]


def test_tail_has_every_event_once_over_a_kill_9(
    start_service: Start, command: Callable[..., Command]
) -> None:
    service = start_service().wait_until_ready()
    old = service.append("old")
    tail = command("tail", "--events", "mark,old", "--json", "--from", service.url, env=environ())
    wait_for(lambda: printed(tail), "the newest event")
    ids = [old]
    for _ in range(2):
        ids += [service.append("mark", n=n) for n in range(50)]
        half = ids[-25]
        wait_for(lambda half=half: half in tail.out, "some of them")  # type: ignore[misc]
        service.stop(signal.SIGKILL)
        ids += [service.append("mark", n=n) for n in range(50)]
        service.start()
    ids.append(service.append("mark", n="last"))
    wait_for(lambda: printed(tail)[-1]["id"] == ids[-1], "the last")
    assert [event["id"] for event in printed(tail)] == ids
    assert printed(tail)[-1]["event"] == "mark"
    assert printed(tail)[-1]["data"]["n"] == "last"
    tail.signal(signal.SIGINT)
    assert tail.process.wait(30) == 130
    assert "Traceback" not in tail.err


def test_tail_waits_for_a_service_that_is_not_there_yet(
    make_service: Start, command: Callable[..., Command]
) -> None:
    service = make_service().start()
    service.stop()
    tail = command("tail", "--events", "mark", "--from", service.url, env=environ())
    assert "trying again" in wait_for(lambda: tail.err, "a word about it")
    service.start()
    wait_for(lambda: "there again" in tail.err, "it to come back")
    service.append("mark", text="\u009b31m\x1b")
    line = wait_for(lambda: tail.out, "the event")
    assert line.endswith('other mark {"text":"\\u009b31m\\u001b"}\n')


def test_tail_tells_what_it_could_not_get(
    service: Service, command: Callable[..., Command]
) -> None:
    ids = [service.append("told", n=n) for n in range(3)]
    arguments = ("tail", "--events", "told", "--json", "--from", service.url)
    since = command(*arguments, "--since", ids[0], env=environ())
    wait_for(lambda: len(printed(since)) == 2, "what came after the id")
    assert [event["id"] for event in printed(since)] == ids[1:]
    recently = command(*arguments, "--since", "1m", env=environ())
    wait_for(lambda: printed(recently), "an answer")
    long_ago = command(*arguments, "--since", "1h", env=environ())
    wait_for(lambda: len(printed(long_ago)) == 2, "the gap, and what is newest")
    assert [event["event"] for event in printed(long_ago)] == ["gap", "told"]
    assert printed(long_ago)[0]["id"] is None


def test_tail_shows_logs_and_progress_as_people_read_them(
    service: Service, command: Callable[..., Command]
) -> None:
    arguments = ("tail", "--events", "log,progress", "--host", "web", "--from", service.url)
    tail = command(*arguments, env=environ())
    wait_for(lambda: service.total("vitals_streams") == 1, "it to be connected")
    service.append("log", "web", time=0, source="nginx", level="error", message="no")
    service.append("progress", "web", job="b", state="running", done=1, total=2, message="x")
    service.append("progress", "web", job="b", state="failed", time="never")
    wait_for(lambda: tail.out.count("\n") == 3, "three lines")
    lines = [line.split(" ", 1) for line in tail.out.splitlines()]
    assert [words for _, words in lines] == [
        "web log nginx error: no",
        "web progress b running 1/2: x",
        "web progress b failed",
    ]
    assert lines[2][0] == "--:--:--"


def test_tail_stops_when_nobody_reads_it(service: Service) -> None:
    service.append("told")
    tail = [*COMMAND, "tail", "--events", "told", "--from", service.url]
    process = subprocess.Popen(
        tail, cwd=ROOT, env=environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    service.append("told")
    assert process.wait(30) == 0
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""


def test_tail_signs_in_and_says_what_the_server_refuses(
    start_service: Start, command: Callable[..., Command]
) -> None:
    service = start_service(READ_TOKEN=READ_TOKEN)
    service.append("told")
    arguments = ("tail", "--events", "told", "--from", service.url)
    for env, query, reason in (
        (environ(), (), b"401"),
        (environ(READ_TOKEN=READ_TOKEN), ("--host", "a b"), b"400"),
    ):
        done = run(*arguments, *query, env=env)
        assert done.returncode == 2
        assert reason in done.stderr
    tail = command(*arguments, env=environ(READ_TOKEN=READ_TOKEN))
    wait_for(lambda: tail.out, "the event")


def test_the_documents_name_the_bounds() -> None:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    for words in (f"{MOST_EVENTS:,} lines", f"{MOST_BYTES >> 20} MiB", "16 KiB", "`PUBLISH_TO`"):
        assert words in text
    for name in cli_group().commands:
        assert f"## flask {name}" in text
