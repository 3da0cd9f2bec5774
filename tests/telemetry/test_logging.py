"""What the service prints about itself: a line for each thing that matters, no secret in any."""

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.telemetry.logging import HIDDEN, formatter, is_journal
from tests.server.test_trouble import NoSuchPath
from tests.support.service import ROOT, Reader, Service, more, wait_for

Start = Callable[..., Service]
Read = Callable[..., Reader]

TOKEN = "a-token-of-this-test"
KEYS = ["time", "level", "pid", "from", "message"]


def record(text: str, *values: object, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("dashboard.x", level, "x.py", 1, text, values, None)


# --- a line --------------------------------------------------------------------------------------


def test_a_line_of_text_has_its_time_with_its_zone_the_process_and_the_level() -> None:
    line = formatter("text", journal=False).format(record("%d things", 3, level=logging.WARNING))
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d \[(\d+)\] warning: 3 things"
    match = re.fullmatch(form, line)
    assert match, line
    assert int(match[1]) == os.getpid()


@pytest.mark.parametrize(
    ("level", "priority"),
    [("DEBUG", 7), ("INFO", 6), ("WARNING", 4), ("ERROR", 3), ("CRITICAL", 2)],
)
def test_a_line_for_the_journal_has_its_level_as_sd_daemon_wants_it(
    level: str, priority: int
) -> None:
    number = logging.getLevelNamesMapping()[level]
    line = formatter("text", journal=True).format(record("one\ntwo", level=number))
    assert line == rf"<{priority}>one\ntwo"


@pytest.mark.parametrize("journal", [True, False])
def test_a_message_is_one_line_whatever_is_in_it(journal: bool) -> None:
    message = "GET /x\nFORGED \x1b[2J \u2028\x85\r\t\0 é"
    line = formatter("text", journal=journal).format(record(message))
    assert line.splitlines() == [line]
    assert line.endswith(r"GET /x\nFORGED \x1b[2J \u2028\x85\r\t\x00 é")


def test_each_line_of_a_traceback_is_an_entry_of_the_journal() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        failed = record("it failed")
        failed.exc_info = sys.exc_info()
    lines = formatter("text", journal=True).format(failed).split("\n")
    assert len(lines) > 3
    assert all(line.startswith("<6>") for line in lines)


def test_a_line_of_json_is_an_object_with_the_traceback_in_it() -> None:
    entry = record("it %s", "failed", level=logging.ERROR)
    try:
        raise OSError("gone ä")
    except OSError:
        entry.exc_info = sys.exc_info()
    line = formatter("json", journal=True).format(entry)
    assert "\n" not in line
    found = json.loads(line)
    assert list(found) == [*KEYS, "traceback"]
    assert (found["level"], found["from"], found["message"]) == (
        "error",
        "dashboard.x",
        "it failed",
    )
    assert found["traceback"].endswith("OSError: gone ä")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("text", "secret", "stays"),
    [
        (f"it is {TOKEN}, is it", TOKEN, "it is"),
        ("Error handling request /stream?key=abc.DEF-1&events=cpu", "abc.DEF", "events=cpu"),
        ("GET /?events=cpu&token=abc HTTP/1.1", "abc", "HTTP/1.1"),
        ("Invalid header: 'Authorization: Bearer abc'", "abc", "Authorization"),
        ("authorization: Basic dXNlcjpwdw==", "dXNlcjpwdw", "authorization"),
        ("Cookie: a=1; vitals=InJlYWQi.x", "InJlYWQi", "Cookie"),
        ("sent vitals-link-0a1b2c3d=InJlYWQi.x; y", "InJlYWQi", "vitals-link-0a1b2c3d="),
        ("redis://:pass@db.example:6379/0 is away", "pass", "db.example:6379/0 is away"),
        ("redis://user:pass@db.example/0", "user:pass", "redis://"),
    ],
)
def test_no_line_holds_a_secret(form: str, text: str, secret: str, stays: str) -> None:
    entry = record("%s", text)
    try:
        raise ValueError(text)
    except ValueError:
        entry.exc_info = sys.exc_info()
    line = formatter(form, journal=False, secrets=(TOKEN,)).format(entry)
    assert secret not in line
    assert line.count(HIDDEN) == 2, "in the message and in the traceback"
    assert stays in line


def test_a_secret_within_another_is_no_hint() -> None:
    line = formatter("text", journal=False, secrets=("abcdefghij", "abcdefghijKLM")).format(
        record("abcdefghijKLM")
    )
    assert line.endswith(f"info: {HIDDEN}")


def test_the_journal_is_known_by_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("wb") as file:
        status = os.fstat(file.fileno())
        variables = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert is_journal(variables, file.fileno())
        assert not is_journal({"JOURNAL_STREAM": "1:2"}, file.fileno())
        assert not is_journal({}, file.fileno())


# --- the service ---------------------------------------------------------------------------------


def printed(service: Service) -> list[dict[str, object]]:
    """The lines of a service that prints JSON; not what this machine lacks, or is too busy for."""
    lines = [json.loads(line) for line in service.output.read_text().splitlines()]
    assert all(list(line)[:5] == KEYS for line in lines)
    of_machine = re.compile(r"no figures for .*|\d+ events were not logged")
    return [line for line in lines if not of_machine.fullmatch(str(line["message"]))]


def test_what_a_service_prints_from_its_start_to_its_end(
    start_service: Start, read: Read, tmp_path: Path
) -> None:
    config = tmp_path / "vitals.toml"
    config.write_text(f'publish_token = "{TOKEN}"\ninterval = 0.2\noutput_format = "json"\n')
    service = start_service(workers=2, CONFIG=config, MAX_STREAMS=100).wait_until_ready()

    def new(count: int) -> list[str]:
        """What has been printed since the last time, once there are so many lines."""
        wait_for(lambda: len(printed(service)) >= len(seen) + count, f"{count} more lines")
        found = [str(line["message"]) for line in printed(service)[len(seen) :]]
        seen.extend(found)
        return found

    seen: list[str] = []
    start = new(7)
    assert start[0] == f"Listening at: {service.url} ({service.pid})"
    assert start[1] == (
        "May read: whoever reaches that address; may publish: whoever has the PUBLISH_TOKEN"
    )
    assert start[2] == f"Log: {service.settings['LOG']}, kept for 6h"
    assert start[3] == "Sampled: box every 0.2s; heartbeats after 15s"
    assert re.fullmatch(
        rf"Vitals [\d.]+, 2 workers, gunicorn [\d.]+, Python [\d.]+; settings: {config}", start[4]
    )
    assert start[5:] == [f"Open {service.url}", "this worker samples box"]

    # Streams, ticks and requests are not worth a line; neither is what a stranger sends.
    readers = [read(service, "?events=cpu") for _ in range(5)]
    more(readers, "cpu", 5)
    assert service.get(f"/stream?events=cpu&token={TOKEN}").status_code == 400
    for raw in (b"\x16\x03\x01 nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n"):
        with service.dial() as connection:
            connection.sendall(raw)
            while connection.recv(4096):
                pass
    assert new(0) == []

    # A log that fails, for many ticks.
    trouble = NoSuchPath(service.folder, service)
    trouble.fail()
    wait_for(lambda: readers[0].named("cpu")[-1].id == "", "unlogged samples")
    more(readers, "cpu", 8)
    trouble.mend()
    wait_for(lambda: readers[0].named("cpu")[-1].id != "", "logged samples")
    more(readers, "cpu", 3)
    lines = new(2)
    for words in ("samples are held until it takes them", "the log is back after "):
        assert len([line for line in lines if words in line]) == 1, lines
    of_readers = [line for line in lines if line.startswith("this worker ")]
    assert len(of_readers) in (0, 2, 4), "of each of the two, or not noticed"
    assert len(lines) == 2 + len(of_readers)

    # HUP, a killed worker, the end.
    config.write_text(config.read_text() + "retry = 500\n")
    before = set(service.worker_pids())
    os.kill(service.pid, signal.SIGHUP)
    wait_for(lambda: len(set(service.worker_pids()) - before) == 2, "new workers")
    wait_for(lambda: not before & set(service.worker_pids()), "the old workers to go")
    lines = new(2)
    assert lines[0] == "Reloading: new workers, settings changed: RETRY"
    assert set(lines[1:]) <= {"this worker samples box"}
    killed = next(pid for pid in service.worker_pids() if pid != service.leader())
    new(0)
    os.kill(killed, signal.SIGKILL)
    assert [line.split(" was sent ")[0] for line in new(1)] == [f"Worker (pid:{killed})"]
    service.stop()
    *others, last = new(1)
    assert last == "Shutting down"
    assert set(others) <= {"this worker samples box"}, "the last one to end may lead for a moment"
    assert TOKEN not in service.output.read_text()
    assert {line["level"] for line in printed(service)} == {"info", "warning", "error"}


FAILING = """
import gevent
__file__ = {file!r}
exec(compile(open(__file__).read(), __file__, "exec"))
_start = post_worker_init

def _fail():
    raise ValueError("with {token} in it")

def post_worker_init(worker):
    _start(worker)
    gevent.spawn(_fail)
"""


def test_a_failing_greenlet_is_a_line_like_any_other(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    conf = tmp_path / "failing_conf.py"
    conf.write_text(FAILING.format(file=str(ROOT / "gunicorn.conf.py"), token=TOKEN))
    service = make_service(
        arguments=("-c", str(conf)), OUTPUT_FORMAT="json", PUBLISH_TOKEN=TOKEN
    ).start()
    lines = wait_for(
        lambda: [line for line in printed(service) if line["level"] == "error"], "its line"
    )
    assert len(lines) == 1
    assert str(lines[0]["message"]).endswith(" failed")
    assert f"ValueError: with {HIDDEN} in it" in str(lines[0]["traceback"])


def test_the_level_and_the_journal(make_service: Callable[..., Service]) -> None:
    service = make_service(OUTPUT_LEVEL="debug")
    service.output.touch()
    status = service.output.stat()
    service.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    service.start()
    lines = service.output.read_text().splitlines()
    assert lines
    assert all(re.match(r"<[2-7]>", line) for line in lines)
    assert "<6>Listening at: " in service.output.read_text()
    assert "<6>Starting gunicorn " in service.output.read_text()
