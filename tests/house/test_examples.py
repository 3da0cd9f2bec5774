"""The examples, each with its real counterpart: Redis, PostgreSQL, a log file, a browser."""

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from httpx_sse import EventSource
from playwright.sync_api import Page
from redis import Redis
from redis.exceptions import RedisError

from examples import countdown
from tests.support.service import ROOT, Reader, Service, data, wait_for

TOKEN = "publish-me-if-you-can"
Read = Callable[..., Reader]


@pytest.fixture(scope="module")
def way() -> dict[str, object]:
    return {"PUBLISH_TOKEN": TOKEN, "INTERVAL": 3600, "RETRY": 100}


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for a Unix socket, whose path may have 107 bytes, that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="vitals-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def process(
    command: list[object], output: Path, cwd: Path = ROOT, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for the length of a `with`, with all that it started."""
    with output.open("ab") as file:
        started = subprocess.Popen(
            [str(part) for part in command],
            **{"cwd": cwd, "stdout": file, "stderr": file, "start_new_session": True, **options},
        )
    try:
        yield started
    finally:
        try:
            os.killpg(started.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended
        started.wait()


def environ(service: Service) -> dict[str, str]:
    """The environment of a program on the machine of a service."""
    base = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    return base | {
        "DASHBOARD_LOG": str(service.settings["LOG"]),
        "DASHBOARD_HOST_NAME": "box",
        "DASHBOARD_PUBLISH_TOKEN": TOKEN,
        "VITALS": service.url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


# --- a Redis list and its worker -----------------------------------------------------------------


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    """A Redis of its own."""
    with short_folder() as folder:
        yield from running_redis(folder)


def running_redis(folder: Path) -> Iterator[Redis]:
    server = shutil.which("redis-server")
    assert server, "no redis-server on the PATH; ./test installs it, or names what is missing"
    socket, output = folder / "redis.sock", folder / "redis.log"
    command = [server, "--port", 0, "--unixsocket", socket, "--dir", folder, "--save", ""]
    with process(command, output), Redis(unix_socket_path=str(socket)) as client:

        def answers() -> bool:
            try:
                return bool(client.ping())
            except RedisError:
                return False

        wait_for(answers, "Redis to answer")
        yield client


@contextmanager
def redis_worker(service: Service, redis: Redis) -> Iterator[subprocess.Popen[bytes]]:
    url = f"unix://{redis.connection_pool.connection_kwargs['path']}"
    command: list[object] = [sys.executable, "-m", "examples.redis_worker", url]
    with process(command, service.folder / "worker.log", env=environ(service)) as worker:
        yield worker


def steps(reader: Reader, job: str) -> list[tuple[str, float | None, str | None]]:
    """What a stream had of a job: state, done and message."""
    found = [data(event) for event in reader.named("progress")]
    return [(step["state"], step["done"], step["message"]) for step in found if step["job"] == job]


def wait_for_steps(
    reader: Reader, job: str, count: int
) -> list[tuple[str, float | None, str | None]]:
    wait_for(lambda: len(steps(reader, job)) >= count, f"{count} steps of {job}")
    return steps(reader, job)


def pipes(folder: Path, job: str, count: int) -> list[Path]:
    """Files of which each is read when the test has something to write, and not earlier."""
    files = [folder / f"{job}-{number}" for number in range(count)]
    for file in files:
        os.mkfifo(file)
    return files


def fill(pipe: Path) -> None:
    """Write its own name into a pipe, once somebody reads it."""

    def open_it() -> int | None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None

    with os.fdopen(wait_for(open_it, f"a reader of {pipe}"), "w") as file:
        file.write(pipe.name)


def push(redis: Redis, job: str, files: list[Path]) -> None:
    redis.lpush("jobs", json.dumps({"id": job, "files": [str(file) for file in files]}))


def told(file: Path) -> str:
    """The message for a pipe that was filled."""
    return f"{hashlib.sha256(file.name.encode()).hexdigest()} {file}"


def test_a_redis_worker_reports_each_step_when_it_is_done(
    service: Service, redis: Redis, read: Read, tmp_path: Path
) -> None:
    reader = read(service, "?events=progress")
    one, two = pipes(tmp_path, "one", 3), pipes(tmp_path, "two", 1)
    push(redis, "one", one)
    push(redis, "two", two)
    with redis_worker(service, redis):
        expected: list[tuple[str, float, str | None]] = []
        for number, file in enumerate(one, 1):
            assert steps(reader, "one") == expected
            fill(file)
            expected.append(("running", number, told(file)))
            wait_for_steps(reader, "one", number)
        assert wait_for_steps(reader, "one", 4) == [*expected, ("completed", 3, None)]
        assert steps(reader, "two") == []
        fill(two[0])
        assert wait_for_steps(reader, "two", 2)[-1] == ("completed", 1, None)
        wait_for(lambda: not redis.exists("jobs", "jobs:working"), "empty lists")


def test_a_redis_worker_goes_on_after_jobs_that_fail(
    service: Service, redis: Redis, read: Read, tmp_path: Path
) -> None:
    reader = read(service, "?events=progress")
    redis.lpush("jobs", "no JSON", '{"id": "a b", "files": []}', b"\xff")
    push(redis, "missing", [tmp_path / "missing"])
    (tmp_path / "there").write_text("there")
    push(redis, "after", [tmp_path / "there"])
    with redis_worker(service, redis):
        assert wait_for_steps(reader, "after", 2)[-1] == ("completed", 1, None)
    ((state, done, message),) = steps(reader, "missing")
    assert (state, done) == ("failed", 0)
    assert str(message).startswith("FileNotFoundError: ")


def test_the_job_of_a_killed_redis_worker_is_done_again(
    service: Service, redis: Redis, read: Read, tmp_path: Path
) -> None:
    reader = read(service, "?events=progress")
    files = pipes(tmp_path, "killed", 2)
    push(redis, "killed", files)
    with redis_worker(service, redis) as worker:
        fill(files[0])
        wait_for_steps(reader, "killed", 1)
        worker.kill()
        worker.wait()
    with redis_worker(service, redis):
        for file in files:
            fill(file)
        found = wait_for_steps(reader, "killed", 4)
        wait_for(lambda: not redis.exists("jobs", "jobs:working"), "empty lists")
    first, second = (told(file) for file in files)
    assert found == [
        *[("running", 1, first)] * 2,
        *[("running", 2, second), ("completed", 2, None)],
    ]


# --- a PostgreSQL database -----------------------------------------------------------------------


class PostgreSQL:
    """A server of its own on a Unix socket; not as root, whom PostgreSQL refuses."""

    def __init__(self, folder: Path, output: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
        initdb = shutil.which("initdb") or (shutil.which("initdb", path=found[-1]) if found else "")
        assert initdb, "no PostgreSQL here; ./test installs it, or names what is missing"
        self.url = f"postgresql:///postgres?host={folder}&user=postgres"
        self.output = output
        self._server = Path(initdb).resolve().with_name("postgres")
        self._folder = folder
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        subprocess.run(
            [
                initdb,
                "-D",
                folder / "data",
                "-U",
                "postgres",
                "--no-sync",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            cwd=folder,
            check=True,
            capture_output=True,
            **self._user,
        )

    @contextmanager
    def running(self) -> Iterator[psycopg.Connection]:
        """The server for the length of a `with`, and a connection to it."""
        command = [self._server, "-D", self._folder / "data", "-k", self._folder, "-F"]
        options = self._user | {"cwd": self._folder}
        with process([*command, "-c", "listen_addresses="], self.output, **options) as server:
            with wait_for(self._connect, "PostgreSQL to answer") as connection:
                yield connection
            server.send_signal(signal.SIGINT)  # which ends its connections, and then itself
            server.wait(30)

    def _connect(self) -> psycopg.Connection | None:
        try:
            return psycopg.connect(self.url, autocommit=True)
        except psycopg.OperationalError:
            return None


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    with short_folder() as folder:
        yield PostgreSQL(folder, tmp_path_factory.mktemp("postgresql") / "server.log")


def test_postgresql_changes_are_events_also_after_a_restart(
    service: Service, postgresql: PostgreSQL, read: Read, tmp_path: Path
) -> None:
    reader = read(service, "?events=orders")

    def changes(count: int) -> list[dict[str, Any]]:
        events = [data(event) for event in reader.wait_for(count, "orders")]
        assert all(event.pop("host") == "box" and event.pop("time") for event in events)
        return events

    command = [sys.executable, "-m", "examples.postgres_changes", postgresql.url, "orders"]
    output = tmp_path / "listener.log"
    listening = {"change": "listening"}
    with process(list(command), output, env=environ(service)):
        with postgresql.running() as database:
            database.execute("CREATE TABLE orders (id int PRIMARY KEY, what text)")
            database.execute((ROOT / "examples" / "postgres_changes.sql").read_bytes())
            assert changes(1) == [listening]
            database.execute("INSERT INTO orders VALUES (1, 'tea'), (2, 'milk')")
            with database.transaction(force_rollback=True):
                database.execute("INSERT INTO orders VALUES (3, 'taken back')")
            # As large as no notification could be.
            database.execute("UPDATE orders SET what = repeat('x', 10000) WHERE id = 2")
            database.execute("DELETE FROM orders WHERE id = 1")
            for payload in ("text", '{"id": 9, "note": "é"}', '{"host": "a b"}', "[1]"):
                database.execute("SELECT pg_notify('orders', %s)", [payload])
            expected = [
                listening,
                {"change": "insert", "id": 1},
                {"change": "insert", "id": 2},
                {"change": "update", "id": 2},
                {"change": "delete", "id": 1},
                {"text": "text"},
                {"id": 9, "note": "é"},
                {"text": "[1]"},  # the one before it was refused
            ]
            assert changes(8) == expected
            assert "host=" in output.read_text()
        with postgresql.running() as database:
            assert changes(9)[8:] == [listening]
            database.execute("INSERT INTO orders VALUES (4, 'coffee')")
            assert changes(10)[9:] == [{"change": "insert", "id": 4}]


def test_postgresql_changes_wait_for_a_server_that_is_away(
    start_service: Callable[..., Service], postgresql: PostgreSQL, read: Read, tmp_path: Path
) -> None:
    service = start_service()
    command = [sys.executable, "-m", "examples.postgres_changes", postgresql.url, "orders"]
    output = tmp_path / "listener.log"
    with (
        postgresql.running() as database,
        process(list(command), output, env=environ(service)),
    ):
        wait_for(lambda: service.logged("orders"), "the listener")
        service.stop(signal.SIGKILL)
        for number in range(5):
            database.execute("SELECT pg_notify('orders', %s)", [json.dumps({"id": number})])
        wait_for(lambda: "trying again" in output.read_text(), "an attempt in vain")
        service.start()
        wait_for(lambda: len(service.logged("orders")) >= 6, "what happened meanwhile")
        assert [event.data["id"] for event in service.logged("orders")[1:]] == [*range(5)]


# --- a log file ----------------------------------------------------------------------------------


def test_a_followed_file_may_be_renamed_and_emptied(
    service: Service, read: Read, tmp_path: Path
) -> None:
    file, output = tmp_path / "access.log", tmp_path / "follow.log"
    file.write_text("old\n")
    reader = read(service, "?events=log")

    def lines() -> list[str]:
        found = [data(event) for event in reader.named("log")]
        return [line["message"] for line in found if line["source"] == "access"]

    def write(*texts: str) -> None:
        with file.open("a") as log:
            log.writelines(f"{text}\n" for text in texts)

    def begun() -> bool:
        write("begin")
        return bool(lines())

    command: list[object] = [ROOT / "examples" / "follow-log.sh", file, "access"]
    with process(command, output, env=environ(service)):
        wait_for(begun, "a first line")
        write("one", "two")
        # By renaming; its program writes on into the old file until it is told to open the new one.
        with file.open("a") as renamed:
            file.rename(tmp_path / "access.log.1")
            file.touch()
            renamed.write("three\n")
        write("four", "five")
        wait_for(lambda: "five" in lines(), "the lines of the new file")
        # By copying and emptying.
        os.truncate(file, 0)
        wait_for(lambda: "truncated" in output.read_text(), "tail to see it")
        write("six")
        wait_for(lambda: "six" in lines(), "a line of the emptied file")
    words = ["one", "two", "three", "four", "five", "six"]
    assert [line for line in lines() if line != "begin"] == words


# --- views of a Flask app ------------------------------------------------------------------------


@contextmanager
def app(folder: Path, name: str) -> Iterator[str]:
    """A Flask app under gunicorn, as the examples say but for the port; its URL."""
    output = folder / "app.log"
    command = f"gunicorn -k gevent {name}"
    if name.startswith("examples."):
        assert command in (ROOT / "docs" / "sources.md").read_text("utf-8")
    started = [*command.split(), "-b", "127.0.0.1:0", "--no-control-socket"]
    with process([sys.executable, "-m", *started], output):
        found = wait_for(
            lambda: re.search(r"Listening at: (http://[\d.]+:\d+)", output.read_text()),
            "the app to listen",
        )
        yield found[1]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """examples/tokens.py, with a model that waits for `say`."""
    with app(tmp_path_factory.mktemp("tokens"), "tests.support.token_app:app") as url:
        yield url


def say(tokens: str, *pieces: str | bool | None) -> None:
    """Let the model have its next tokens; None is its end, False a failure."""
    answer = httpx.post(f"{tokens}/say", json=pieces, timeout=30, verify=False)
    assert answer.status_code == 204


def state(tokens: str) -> Any:
    return httpx.get(f"{tokens}/state", timeout=30, verify=False).json()


def ask(page: Page, tokens: str, question: str) -> Any:
    """Ask in the page; what the model has been through before this question."""
    before = state(tokens)
    page.goto(tokens)
    page.fill("input", question)
    page.click("button")
    wait_for(lambda: len(state(tokens)["asked"]) > len(before["asked"]), "the question")
    return before


def wait_for_text(page: Page, text: str) -> None:
    page.wait_for_function(
        "text => document.getElementById('answer').textContent === text", arg=text
    )


def test_each_token_is_on_the_page_before_the_next_is_made(tokens: str, page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    before = ask(page, tokens, "What & why?")
    pieces = [
        "Hel",
        "lo",
        ", ",
        " two  spaces",
        "\n",
        "\n\n",
        "<b>&amp;",
        "é",
        "🌲",
        "",
        "data: x\n",
    ]
    shown = ""
    for number, piece in enumerate([*pieces, *(f" {n}" for n in range(10))], 1):
        say(tokens, piece)
        shown += piece
        wait_for_text(page, shown)
        assert state(tokens)["produced"] - before["produced"] == number
    assert page.get_attribute("html", "data-state") == "running"
    say(tokens, None)
    page.wait_for_selector("html[data-state=completed]")
    assert page.text_content("#answer") == shown
    after = state(tokens)
    assert after["asked"][len(before["asked"]) :] == ["What & why?"]
    assert after["closed"] - before["closed"] == 1
    assert len([url for url in requests if "/answer" in url]) == 1, "it asked again"


def test_a_burst_of_tokens_is_complete_and_in_order(tokens: str, page: Page) -> None:
    ask(page, tokens, "Much?")
    words = [f"{number} " for number in range(300)]
    say(tokens, *words, None)
    page.wait_for_selector("html[data-state=completed]")
    assert page.text_content("#answer") == "".join(words)
    nodes = page.evaluate("[...document.getElementById('answer').childNodes].map((n) => n.data)")
    assert nodes == words, "not one message each"


def test_the_model_is_closed_when_the_reader_leaves(tokens: str, page: Page) -> None:
    before = ask(page, tokens, "Are you there?")
    say(tokens, "Yes")
    wait_for_text(page, "Yes")
    assert state(tokens)["closed"] == before["closed"]
    page.goto("about:blank")
    wait_for(lambda: state(tokens)["closed"] == before["closed"] + 1, "the model to be closed")
    assert state(tokens)["produced"] == before["produced"] + 1


def test_a_model_that_fails_is_told_and_not_asked_again(
    tokens: str, page: Page, page_errors: list[str]
) -> None:
    before = ask(page, tokens, "Fail?")
    say(tokens, "Ye")
    wait_for_text(page, "Ye")
    say(tokens, False)
    page.wait_for_selector("html[data-state=failed]")
    assert page.text_content("#answer") == "Ye"
    assert len(state(tokens)["asked"]) == len(before["asked"]) + 1
    (error,) = page_errors
    assert "ERR_INCOMPLETE_CHUNKED_ENCODING" in error
    page_errors.clear()


def test_the_example_of_tokens_has_an_answer_of_its_own(tmp_path: Path) -> None:
    with (
        app(tmp_path, "examples.tokens:app") as url,
        httpx.stream("GET", f"{url}/answer?question=Why?", timeout=30) as response,
    ):
        events = [(event.event, event.data) for event in EventSource(response).iter_sse()]
    assert {name for name, _ in events[:-1]} == {"message"}
    assert "".join(text for _, text in events).startswith("You ask: Why?\nThat, ")
    assert events[-1] == ("completed", "")


def test_the_countdown_counts_under_gunicorn(tmp_path: Path) -> None:
    with (
        app(tmp_path, "examples.countdown:app") as url,
        httpx.stream("GET", f"{url}/countdown", timeout=30) as response,
    ):
        assert response.headers["Content-Type"].startswith("text/event-stream")
        events = EventSource(response).iter_sse()
        assert [next(events).data for _ in range(2)] == ["10", "9"]


def test_the_countdown_ends_with_lift_off(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(countdown, "sleep", pauses.append)
    body = countdown.app.test_client().get("/countdown").text
    numbers = "".join(f"data: {number}\n\n" for number in range(10, 0, -1))
    assert body.endswith(numbers + "event: completed\ndata: lift-off\n\n")
    assert pauses == [1] * 10
