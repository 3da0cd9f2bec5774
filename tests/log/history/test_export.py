"""The history as CSV and NDJSON: by the command, and by GET /history."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from dashboard.cli.export import export
from dashboard.events.event import Event, EventId
from dashboard.jobs.model import decode_step
from dashboard.log.history.answer import FIELDS, head, lines_of, text_of
from dashboard.log.history.block import Column, Rows
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import MINUTES, SECONDS
from dashboard.log.sqlite.engine import SQLiteLog
from tests.support.service import Service, wait_for

DAYS = 86400.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a history of two machines: ten minutes, with a spike of one second."""
    monkeypatch.setenv("DASHBOARD_LOG", f"sqlite:///{tmp_path / 'events.db'}")
    monkeypatch.setenv("DASHBOARD_HOST_NAME", "box")
    run = tmp_path / "events.db-run"
    run.mkdir()
    store = HistoryStore(tmp_path / "events-history.db", run / "history-files.lock")
    now = time.time()
    builder = Builder(store, Limits(DAYS, 30 * DAYS, 1000 * DAYS, 1 << 30), lambda: now)
    start = now - 2400  # a window of ten minutes is reduced once it is over
    events: list[Event] = []
    for second in range(600):
        figures: dict[str, dict[str, float]] = {
            "cpu": {"percent": 97.0 if second == 300 else 5.0, "user": 1.0}
        }
        if second == 0:
            figures["memory"] = {"percent": 40.0}
        for host in ("web-1", "db-1"):
            for name, values in figures.items():
                data = {"host": host, "time": start + second, **values}
                event_id = EventId(int((start + second) * 1000), len(events))
                events.append(Event(host, name, msgspec.json.encode(data).decode(), event_id))
    builder.add(events)
    builder.finish()
    store.close()
    return tmp_path


def run(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(export, arguments, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def rows(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(*arguments).stdout)))


def test_samples_are_lines_of_csv(folder: Path) -> None:
    found = rows("--since", "1h", "--figures", "cpu.*", "--host", "web-*")
    assert tuple(found[0]) == FIELDS
    assert {row["host"] for row in found} == {"web-1"}
    assert {row["figure"] for row in found} == {"cpu.percent", "cpu.user"}
    assert len(found) == 1200
    assert sorted(float(row["mean"]) for row in found)[-2:] == [5.0, 97.0]
    assert all(row["span"] == "0.0" and row["low"] == "" for row in found)


def test_minutes_keep_the_spike_and_when_it_was(folder: Path) -> None:
    samples = rows("--figures", "cpu.percent", "--host", "web-1")
    spike = next(row for row in samples if row["mean"] == "97")
    found = rows(
        "--since", "1h", "--figures", "cpu.percent", "--host", "web-1", "--tier", "minutes"
    )
    assert 9 <= len(found) <= 11
    high = max(found, key=lambda row: float(row["high"]))
    assert (high["high"], high["span"]) == ("97", "60.0")
    assert high["high_at"][:19] == spike["time"][:19]
    assert sum(float(row["count"]) for row in found) in range(540, 601)


def test_ndjson_has_an_object_a_line(folder: Path) -> None:
    out = run("--format", "ndjson", "--figures", "memory.percent,cpu.user").stdout
    found = [json.loads(line) for line in out.splitlines()]
    assert {row["figure"] for row in found} == {"memory.percent", "cpu.user"}
    assert [row["mean"] for row in found if row["figure"] == "memory.percent"] == [40.0, 40.0]


def test_a_stretch_before_the_history_is_empty(folder: Path) -> None:
    assert run("--since", "25m").stdout == head("csv")
    assert run("--figures", "nobody.*").stdout == head("csv")


def test_a_job_shows_how_far_it_is(folder: Path) -> None:
    run("--job", "month")
    log = SQLiteLog(folder / "events.db", retention=1e11)
    steps = [decode_step(event) for event in log.read_after(EventId(0, 0), 100)]
    log.close()
    assert next((step.job, step.total) for step in steps if step) == ("month", 4)
    assert [(step.state, step.done) for step in steps if step][-1] == ("completed", 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "often"), "--since 'often'"),
        (("--tier", "days"), "'days' is not one of"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--job", "a b"), "--job"),
    ],
)
def test_wrong_options_are_named(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    assert words in run(*arguments, status=2).output


def test_without_a_history_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_LOG", f"sqlite:///{tmp_path / 'none.db'}")
    assert "nothing was kept there yet" in run(status=2).output


def test_a_host_that_looks_like_a_formula_is_text() -> None:
    line: tuple[Any, ...] = ("2026-01-01T00:00:00.000Z", "=1+1", "cpu.percent", 0.0, -1.0)
    text = text_of(iter([(*line, None, None, None, None, None)]), "csv")
    assert text.split(",")[1] == "'=1+1"
    assert text.split(",")[4] == "-1.0"


def test_tiers_have_a_line_for_each_figure() -> None:
    assert (SECONDS.span, MINUTES.span) == (0.0, 60.0)
    minute = Rows(60.0, [60.0], {"a": Column([2.0], [1.0], [3.0], [1.5], [59.0], [60.0])})
    (line,) = lines_of("box", "own", minute)
    assert dict(zip(FIELDS, line, strict=True)) == {
        **{"time": "1970-01-01T00:01:00.000Z", "host": "box", "figure": "own.a", "span": 60.0},
        **{"mean": 2.0, "low": 1.0, "low_at": "1970-01-01T00:01:01.500Z"},
        **{"high": 3.0, "high_at": "1970-01-01T00:01:59.000Z", "count": 60.0},
    }


def test_get_history_as_text(tmp_path: Path) -> None:
    service = Service(tmp_path, INTERVAL=0.2)
    try:
        service.append("queue", "box", time=time.time() - 5, length=41)
        service.start().wait_until_ready()
        address = "/history?events=queue&format="
        wait_for(lambda: "queue.length" in service.get(f"{address}csv").text, "the row")
        answer = service.get(f"{address}csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert (row["host"], row["figure"], row["mean"]) == ("box", "queue.length", "41")
        answer = service.get(f"{address}ndjson")
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert json.loads(answer.text)["mean"] == 41
        assert service.get(f"{address}xml").status_code == 400
    finally:
        service.close()
