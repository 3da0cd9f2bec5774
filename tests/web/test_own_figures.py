"""What was published, in /metrics: present while it is new, with labels that no name can break."""

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.scope import FULL, Scope
from dashboard.settings import FigureRow
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.web import exposition
from dashboard.web.exposition import own_figures
from tests.support.service import Reader, running, wait_for

Labels = tuple[str, str, str]


class Log:
    """A replay buffer with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.buffer = ReplayBuffer(retention=86400, clock=lambda: self.now)

    def publish(self, name: str, host: str = "box", /, **data: Any) -> None:
        text = json.dumps({"time": self.now, **data})
        self.buffer.add([Encoded(Event(host, name, text, EventId(int(self.now * 1000), 0)))])

    def scrape(
        self, declared: Iterable[FigureRow] = (), scope: Scope = FULL, **paces: float
    ) -> dict[Labels, float]:
        """The figures, by event, field and host, as another program reads the text."""
        by_host = {f"{name}@box": every for name, every in paces.items()}
        found = [*own_figures(self.buffer, declared, by_host, ["cpu"], scope)]
        text = generate_latest(SimpleNamespace(collect=lambda: found)).decode()  # type: ignore[no-untyped-call]
        (family,) = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        return {
            (each.labels["event"], each.labels["field"], each.labels["host"]): each.value
            for each in family.samples
        }


@pytest.fixture
def log() -> Log:
    return Log()


def test_what_is_published_is_there_and_a_familys_is_not(log: Log) -> None:
    log.publish("queue", length=41, waiting=[{"name": "a", "n": 1}], text="x", nothing=None)
    log.publish("queue", "far", length=7)
    log.publish("cpu", percent=3)
    log.publish("alert", alert="a", state="raised", value=9)
    assert log.scrape() == {
        ("queue", "length", "box"): 41,
        ("queue", "waiting.a.n", "box"): 1,
        ("queue", "length", "far"): 7,
    }


def test_a_scope_has_its_own(log: Log) -> None:
    log.publish("queue", length=41)
    log.publish("queue", "far", length=7)
    assert set(log.scrape(scope=Scope(hosts=("far",)))) == {("queue", "length", "far")}
    assert not log.scrape(scope=Scope(events=("cpu",)))


def test_an_old_figure_is_absent(log: Log) -> None:
    log.publish("once", n=1)
    for _ in range(4):
        log.publish("often", n=1)
        log.now += 20
    log.publish("said", n=1)
    declared = [FigureRow(name="said.n", every=5)]

    def there() -> set[str]:
        return {event for event, _, _ in log.scrape(declared)}

    assert there() == {"once", "often", "said"}
    log.now += 15.5  # three times what was declared, and more
    assert there() == {"once", "often"}
    log.now += 25  # three times the distance in which it came, and more
    assert there() == {"once"}
    log.now += 500  # ten minutes, and more
    assert there() == set()


def test_a_figure_of_a_command_is_absent_when_the_next_should_have_come(log: Log) -> None:
    for host in ("box", "far"):
        log.publish("mails", host, n=1)
    log.now += 61
    assert {host for _, _, host in log.scrape(mails=20)} == {"far"}
    assert {host for _, _, host in log.scrape([FigureRow(name="mails.n", every=30)], mails=20)} == {
        "box",
        "far",
    }


def test_no_name_breaks_the_text(log: Log) -> None:
    names = ['a"} 1\n# EOF\n', "back\\slash\nline", "\N{RIGHT-TO-LEFT OVERRIDE}x\0", "<b>", "a,b=c"]
    log.publish("odd", **dict.fromkeys(names, 1), **{"x" * 300: 2}, big=10**400)
    assert {field for _, field, _ in log.scrape()} == set(names)


def test_a_scrape_is_bounded(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "MOST_FIGURES", 7)
    log.publish("many", n=list(range(20)))
    log.publish("more", n=1)
    assert len(log.scrape()) == 7


def test_a_number_that_nobody_declared_is_everywhere(tmp_path: Path) -> None:
    rule = {"name": "queue-long", "when": "queue.length > 40"}
    token = "publish-me-if-you-can"
    with running(tmp_path, PUBLISH_TOKEN=token, ALERT=json.dumps([rule])) as service:
        service.wait_until_ready()
        asked = {"Authorization": f"Bearer {token}"}

        def publish(length: int) -> None:
            event = {"event": "queue", "host": "far", "data": {"length": length}}
            assert service.request("POST", "/events", json=event, headers=asked).is_success

        def alerts() -> list[tuple[str, str, str]]:
            return [(a["alert"], a["host"], a["judge"]) for a in service.json("/alerts")["alerts"]]

        def row() -> dict[str, Any]:
            rows = service.json("/catalogue")["figures"]
            return next((each for each in rows if each["name"] == "queue.length"), {})

        publish(41)
        wait_for(alerts, "the alert")
        assert alerts() == [("queue-long", "far", "box")]
        labels = {"event": "queue", "field": "length", "host": "far"}
        assert service.metric("vitals_figure") == [(labels, 41)]
        wait_for(lambda: row().get("levels"), "the level of the rule")
        assert (row()["title"], row()["value"], row()["source"]) == ("Queue length", 41, "seen")
        (level,) = row()["levels"]
        assert (level["rule"], level["host"], level["limit"]) == ("queue-long", None, 40)
        assert service.get("/embed/queue.length").status_code == 200
        assert "rules" not in service.json("/history?lines=100")["lines"]
        publish(40)
        wait_for(lambda: not alerts(), "the end of the alert")


def test_others_figures_cost_the_page_of_one_machine_nothing(tmp_path: Path) -> None:
    hosts, fields = 100, {f"f{number}": number for number in range(200)}
    with running(tmp_path, HEARTBEAT=0.5) as service:
        service.append("app", "m0", **fields)
        service.wait_until_ready()

        def sizes() -> dict[str, int]:
            asked = "host=m0&events=app,rules,system"
            with closing(Reader(service, f"?{asked}")) as reader:
                reader.wait_for(1, "heartbeat")
                names = [each.event for each in reader.events]
                received = sum(len(each.data) for each in reader.events[: names.index("heartbeat")])
            assert names[:2] == ["hello", "app"]
            return {
                "page": len(service.get("/host/m0?panels=app.f7&tiles=app.f7").content),
                "history": len(service.get(f"/history?{asked}&form=spans&since=300").content),
                "stream": received,
            }

        alone = sizes()
        service.append_all([("app", f"m{number}", fields) for number in range(1, hosts)])
        last = f"/now?host=m{hosts - 1}&figures=app.f1"
        wait_for(lambda: service.get(last).status_code == 200, "all machines")
        among = sizes()
        # Times differ in their digits; the page and the hello may have the machines' names.
        assert among["page"] <= alone["page"] + 10 * hosts
        assert among["history"] <= alone["history"] + 100
        assert among["stream"] <= alone["stream"] + 10 * hosts
        rows = service.json("/catalogue")["figures"]
        assert {f"app.{field}" for field in fields} <= {row["name"] for row in rows}
