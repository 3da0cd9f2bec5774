"""An agent's notes of its alerts, and whose clock is right."""

import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dashboard.agent.alert_journal import AlertJournal
from dashboard.agent.log import ClockWatch
from dashboard.alerts.history import alerts_between
from dashboard.alerts.model import Alert
from dashboard.events.encoded import LOG_START
from dashboard.events.event import Event, EventId
from dashboard.log.contract import Refused
from dashboard.log.http import HTTPLog

SAMPLE = Event("far", "cpu", '{"host":"far","time":1.0,"percent":5}')


def alert(name: str) -> Event:
    return Alert(host="far", time=1.0, alert=name, rule=name, state="raised").event()


def names(notes: AlertJournal) -> list[str]:
    last = notes.newest()
    found = [] if last is None else alerts_between(notes, LOG_START, last, host="far")
    return [alert.alert for _, alert in found]


def ids(*numbers: int) -> list[EventId]:
    return [EventId(number, 0) for number in numbers]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "alerts-far.json"


def test_what_the_log_has_taken_is_known_to_the_next_process(path: Path) -> None:
    notes = AlertJournal(path, host="far")
    assert (notes.left, notes.newest(), notes.latest()) == (None, None, [])
    notes.begin("a", [SAMPLE])
    notes.taken([SAMPLE], ids(1))
    assert not path.exists()  # nothing about alerts: nothing to write
    notes.begin("b", [SAMPLE, alert("one"), alert("two")])
    notes.taken([SAMPLE, alert("one"), alert("two")], ids(2, 3, 4))
    for known in (notes, AlertJournal(path, host="far")):
        assert known.left is None
        assert names(known) == ["one", "two"]
        assert known.latest()[0].id == known.newest() == EventId(4, 0)
        assert known.read_range(LOG_START, EventId(9, 0), names=["cpu"]) == []
        assert known.read_range(LOG_START, EventId(9, 0), hosts=["box"]) == []
        assert len(known.read_range(LOG_START, EventId(9, 0), limit=1)) == 1


def test_what_was_under_way_is_left_for_the_next_process_as_it_was(path: Path) -> None:
    batch = [SAMPLE, alert("one")]
    AlertJournal(path, host="far").begin("b", batch)
    notes = AlertJournal(path, host="far")
    assert notes.left == ("b", batch)
    notes.taken(batch, ids(1, 2))
    notes.begin("", ())
    assert notes.left is None
    again = AlertJournal(path, host="far")
    assert again.left is None
    assert names(again) == ["one"]


def test_what_was_left_and_refused_is_forgotten(path: Path) -> None:
    AlertJournal(path, host="far").begin("b", [alert("one")])
    notes = AlertJournal(path, host="far")
    notes.begin("", ())
    assert AlertJournal(path, host="far").left is None
    assert names(notes) == []


def test_a_file_that_is_no_use_and_one_that_cannot_be_written_are_said_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_text("{")
    notes = AlertJournal(path, host="far")
    assert "alerts begin anew" in caplog.text
    path.unlink()
    path.mkdir()
    for number in range(3):
        notes.begin(str(number), [alert(str(number))])
        notes.taken([alert(str(number))], ids(number + 1))
    assert caplog.text.count("may be raised twice") == 1
    assert names(notes) == ["0", "1", "2"]  # this process knows all the same


def test_clocks_that_differ_are_said_once_and_when_they_agree_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    watch = ClockWatch("https://wall.example")
    for offset in (None, 59.0, -59.0, 61.0, 62.0, 120.0, -3600.4, -3601.0, 1.0, 2.0):
        watch.look(offset)
    assert caplog.messages == [
        "this machine's clock is 61 s behind that of https://wall.example: its figures are at the "
        "wrong time",
        "this machine's clock is 3600 s ahead of that of https://wall.example: its figures are at "
        "the wrong time",
        "this machine's clock agrees with that of https://wall.example again",
    ]


class Odd(BaseHTTPRequestHandler):
    """A server that is an hour late and refuses the second event of each batch."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"detail": "event 1: no", "key": "data", "index": 1}'
        if self.path == "/events?agent=box":
            body = b'{"detail": "no", "key": "agent"}'
        self.send_response_only(422)
        self.send_header("Date", self.date_time_string(time.time() - 3600))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def odd() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Odd)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", ["far", "box"])
def test_an_answer_tells_the_clock_and_what_is_refused(odd: str, host: str) -> None:
    log = HTTPLog(odd, "t" * 16, agent=host)
    assert log.clock_offset is None
    with pytest.raises(Refused) as caught:
        log.append([SAMPLE] * 2)
    log._compare_clocks(f"Mon, 01 Jan {9**40} 00:00:00 GMT", time.time())
    assert log.clock_offset == pytest.approx(-3600, abs=30)
    # An agent whose very name is refused keeps what it has.
    assert caught.value.is_content is (host == "far")
    assert caught.value.index == (1 if host == "far" else None)
    log.close()
