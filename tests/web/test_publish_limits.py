"""What is published is bounded, of each token and in all, and agents are never locked out by it."""

import json
from collections.abc import Iterator, Sequence
from typing import cast

import httpx
import pytest

from dashboard.access.name_limit import LimitReached
from dashboard.alerts.history import OpenAlerts
from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.jobs.index import JobIndex
from dashboard.log.contract import EventLog
from dashboard.streaming.known_names import KnownNames
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.telemetry.counters import Instruments
from dashboard.web import publish_limits
from dashboard.web.publish_limits import (
    MOST_KINDS_OF_AGENT,
    MOST_KINDS_OF_HOST,
    Publication,
    PublishLimits,
)
from tests.support.service import Service, wait_for

MAIN, CI, OTHER = "plain-token-0123456", "deploy-token-of-ann", "another-token-0123456"
ALARMS = "token-for-alarms-0123456"


class Worker:
    """The limits of a worker whose log takes at once what they let through."""

    def __init__(self, *, bytes_per_minute: int = 1 << 20) -> None:
        self.buffer = ReplayBuffer(retention=3600.0, clock=lambda: self.now)
        self.now = 1000.0
        self.instruments = Instruments()
        self.jobs = JobIndex(cast(EventLog, None), retention=3600.0)
        self.open_alerts: set[tuple[str, str]] = set()
        self.limits = PublishLimits(
            self.buffer,
            self.jobs,
            cast(OpenAlerts, self.open_alerts),
            own_host="box",
            bytes_per_minute=bytes_per_minute,
            instruments=self.instruments,
        )
        self._id = 0

    def publish(
        self,
        token: str,
        *events: Event,
        agent: str | None = None,
        jobs: Sequence[str] = (),
        alerts: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.limits.admit(Publication(token, events, agent, None, jobs, alerts))
        self.open_alerts.update(alerts)
        self.log(*events)

    def log(self, *events: Event) -> None:
        for event in events:
            self._id += 1
            logged = Event(event.host, event.name, event.data, EventId(self._id, 0))
            self.buffer.add([Encoded.of(logged)])

    def refused(self, reason: str, token: str, *events: Event, **more: object) -> LimitReached:
        """Return why a publication finds no room; it is counted under its reason."""
        counter = self.instruments.publications_refused.labels(reason)
        before = counter._value.get()
        with pytest.raises(LimitReached) as caught:
            self.publish(token, *events, **more)  # type: ignore[arg-type]
        assert caught.value.reason == reason
        assert counter._value.get() == before + 1
        return caught.value


def deploys(hosts: Sequence[str], data: str = "{}") -> list[Event]:
    return [Event(host, "deploy", data) for host in hosts]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    for name, most in {
        "ALERTS": 5,
        "ALERTS_EACH": 3,
        "HOSTS": 8,
        "MACHINES": 8,
        "KINDS": 12,
        "KINDS_OF_HOST": 4,
    }.items():
        monkeypatch.setattr(publish_limits, f"MOST_{name}", most)
    monkeypatch.setattr(publish_limits, "MOST_NEWEST_BYTES", 1000)
    monkeypatch.setattr(publish_limits, "MOST_KEYS", 60)
    return Worker()


def test_a_token_takes_half_of_the_hosts_and_the_machines_have_their_own(worker: Worker) -> None:
    worker.publish("ci", *deploys(["a", "b", "c", "d"]))
    refusal = worker.refused("hosts", "ci", *deploys(["e"]))
    assert refusal.status == 409
    assert "e is new, and ci has 4 hosts that nobody samples already" in refusal.detail
    worker.publish("other", *deploys(["e", "f", "g", "h"]))
    assert "there are 8 hosts" in worker.refused("hosts", "third", *deploys(["i"])).detail
    # What is known goes on, so does the machine that serves, and so do agents.
    worker.publish("ci", *deploys(["a", "h", "box"]))
    for number in range(4):
        worker.publish("ci", Event(f"web-{number}", "cpu", "{}"), agent=f"web-{number}")
    worker.publish("ci", Event("web-1", "cpu", "{}"), agent="web-1")
    assert "hosts that are sampled" in worker.refused("hosts", "ci", agent="web-4").detail
    worker.publish("ci", *deploys(["web-1"]))  # which the log has as a machine


def test_a_batch_that_finds_no_room_takes_none(worker: Worker) -> None:
    worker.refused("hosts", "ci", *deploys(["a", "b", "c", "d", "e"]))
    worker.publish("ci", *deploys(["f", "g", "h", "i"]))


def test_names_of_a_host_are_bounded_also_within_a_batch(worker: Worker) -> None:
    events = [Event("box", f"e{number}", "{}") for number in range(5)]
    assert "box has 4 kinds of event" in worker.refused("events", "ci", *events).detail
    worker.publish("ci", *events[:4])
    worker.refused("events", "other", events[4])
    worker.publish("ci", Event("box", "e1", '{"n":1}'))


def test_kinds_of_event_are_bounded_by_token_and_in_all(worker: Worker) -> None:
    worker.publish("ci", *[Event("a", f"e{n}", "{}") for n in range(4)], *deploys(["b", "c"]))
    worker.refused("events", "ci", *deploys(["a"]))
    worker.log(*[Event("box", f"e{n}", "{}") for n in range(6)])  # another worker took them
    worker.refused("events", "other", *deploys(["d"]))


def test_the_newest_events_may_not_grow_beyond_their_bytes(worker: Worker) -> None:
    worker.publish("ci", *deploys(["a", "b"], "x" * 500))
    assert worker.refused("size", "ci", *deploys(["c"], "x")).status == 409
    worker.refused("size", "ci", *deploys(["a"], "x" * 501))
    worker.publish("ci", *deploys(["a"], "x" * 499))
    worker.publish("ci", *deploys(["a"], "x" * 5000))  # there was room; now there is none
    worker.refused("size", "ci", *deploys(["b"], "x" * 501))


def test_bytes_are_bounded_by_token_and_minute_and_agents_have_their_own() -> None:
    worker = Worker(bytes_per_minute=10_000)
    worker.publish("ci", *deploys(["box"], "x" * 9_850))
    refusal = worker.refused("bytes", "ci", *deploys(["box"], "x" * 9_800))
    assert (refusal.status, "MAX_PUBLISHED" in refusal.detail) == (429, True)
    assert refusal.retry_after == pytest.approx(59, abs=1)
    worker.publish("other", *deploys(["box"], "x" * 9_800))
    for machine in ("web-1", "web-2"):
        event = Event(machine, "cpu", "x" * 9_800)
        worker.publish("ci", event, agent=machine)
        worker.refused("bytes", "ci", event, agent=machine)


def test_keys_are_bounded_by_token_and_minute(worker: Worker) -> None:
    publication = Publication("ci", deploys(["box"]), None, "key", ())
    for _ in range(60):
        worker.limits.admit(publication)
    with pytest.raises(LimitReached, match="60 idempotency keys a minute"):
        worker.limits.admit(publication)
    worker.limits.admit(publication._replace(key=None))
    worker.limits.admit(publication._replace(publisher="other"))


def test_open_alerts_are_bounded_by_token_and_in_all(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(host: str, *numbers: int) -> list[tuple[str, str]]:
        return [(host, f"a{number}") for number in numbers]

    worker.publish("ci", alerts=named("box", 0, 1))
    worker.publish("ci", alerts=named("box", 0, 2))  # one of them is open already
    refusal = worker.refused("alerts", "ci", alerts=named("box", 3))
    assert refusal.status == 409
    assert "a3 of box is new, and ci has 3 open alerts already" in refusal.detail
    assert refusal.detail.endswith("one makes room when it is over")
    worker.publish("other", alerts=named("box", 3, 4))
    assert "there are 5 open alerts" in worker.refused("alerts", "x", alerts=named("b", 1)).detail
    # An agent has room of its own.
    worker.publish("ci", alerts=named("web-1", 1, 2, 3), agent="web-1")
    assert (
        "web-1 has 3"
        in worker.refused("alerts", "ci", alerts=named("web-1", 4), agent="web-1").detail
    )
    worker.open_alerts.clear()
    monkeypatch.setattr("dashboard.access.name_limit._UNDER_WAY", -1.0)  # all came long ago
    monkeypatch.setattr("dashboard.access.name_limit._LOOK", 0.0)
    worker.publish("ci", alerts=named("box", 5))


def test_names_that_leave_the_log_leave_the_counts() -> None:
    worker = Worker()
    names = worker.buffer.names
    worker.log(*deploys(["a"], "xyz"), Event("a", None, "{}"), Event("b", "cpu", "{}"))
    worker.log(*deploys(["a"], "wxyz"), Event("b", "screen.lobby", "{}"), Event("b", "alert", ""))
    assert (names.hosts, names.published_hosts, names.sampled_hosts) == ({"a", "b"}, 1, 1)
    assert (names.published, names.published_bytes, names.published_of("a")) == (3, 8, 2)
    assert list(names.screens) == [("b", "screen.lobby")]
    worker.now += 3601
    assert worker.buffer.hosts() == set()
    assert vars(names) == vars(KnownNames())


# Over HTTP.

FILE = f"""
publish_token = "{MAIN}"
publish = [
    {{ name = "ci", token = "{CI}", events = ["deploy", "progress"] }},
    {{ name = "other", token = "{OTHER}" }},
    {{ name = "alarms", token = "{ALARMS}" }},
]
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "vitals.toml").write_text(FILE)
    service = Service(folder, CONFIG=str(folder / "vitals.toml"), MAX_PUBLISHED="1MiB")
    yield service.start().wait_until_ready()
    service.close()


def post(service: Service, token: str, body: object, path: str = "/events") -> httpx.Response:
    return service.request("POST", path, json=body, headers={"Authorization": f"Bearer {token}"})


def test_a_limited_token_can_not_fill_the_hello_nor_keep_an_agent_out(service: Service) -> None:
    def batch(start: int) -> list[dict[str, object]]:
        return [
            {"event": "deploy", "host": f"h{n:05}", "data": {}} for n in range(start, start + 250)
        ]

    statuses = [post(service, CI, batch(start)).status_code for start in range(0, 2500, 250)]
    assert statuses == [201, 201] + [409] * 8
    answer = post(service, CI, {"event": "deploy", "host": "one-more", "data": {}})
    assert answer.json()["detail"].startswith("one-more is new, and ci has 500 hosts")
    assert service.total("vitals_publications_refused_total", reason="hosts") == 9
    sample = {"event": "load", "data": {"load1": 1.0}}
    assert post(service, MAIN, sample, "/events?agent=web-1").status_code == 201
    wait_for(lambda: service.total("vitals_events_total") > 500, "the events")
    with httpx.stream("GET", f"{service.url}/stream?events=none") as stream:
        hello = next(line for line in stream.iter_lines() if line.startswith("data:"))
    assert {"h00000", "h00499", "web-1"} <= set(json.loads(hello[5:])["hosts"])
    assert len(hello) < 16_000


def test_a_token_that_publishes_too_much_waits(service: Service) -> None:
    event = {"event": "large", "data": {"text": "x" * 60_000}}
    answers = [post(service, OTHER, [event] * 15) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 60
    assert answers[1].headers["Content-Type"] == "application/problem+json"
    assert post(service, MAIN, event).status_code == 201


def test_jobs_are_a_tokens_own(service: Service) -> None:
    def report(token: str, job: str = "backup") -> int:
        return post(service, token, {"message": "on"}, f"/progress/{job}").status_code

    def step(token: str, job: str = "backup") -> int:
        data = {"job": job, "state": "completed", "publisher": "ci"}
        return post(service, token, {"event": "progress", "data": data}).status_code

    assert report(CI) == 201
    assert (report(OTHER), step(OTHER)) == (403, 403)
    assert (report(MAIN), report(CI), step(CI)) == (201, 201, 201)
    assert (report(OTHER), step(OTHER)) == (403, 403)
    assert (step(OTHER, "nightly"), report(CI, "nightly"), report(OTHER, "nightly")) == (
        201,
        403,
        201,
    )
    publishers = [each.data["publisher"] for each in service.logged("progress")]
    assert publishers == ["ci"] * 4 + ["other"] * 2


def test_jobs_are_bounded(service: Service) -> None:
    def steps(count: int, start: int) -> list[dict[str, object]]:
        data = {"state": "running"}
        names = [f"job-{number}" for number in range(start, start + count)]
        return [{"event": "progress", "data": {"job": name, **data}} for name in names]

    assert post(service, MAIN, steps(501, 0)).status_code == 409
    assert post(service, MAIN, steps(500, 0)).status_code == 201
    answer = post(service, MAIN, {"done": 1}, "/progress/job-500")
    assert answer.status_code == 409
    assert "PUBLISH_TOKEN has 500 jobs already" in answer.json()["detail"]
    assert post(service, MAIN, {"done": 1}, "/progress/job-0").status_code == 201
    assert post(service, CI, {"done": 1}, "/progress/of-another").status_code == 201


def test_an_agents_sources_have_places_that_others_do_not_use_up() -> None:
    worker = Worker()
    for number in range(MOST_KINDS_OF_HOST):
        worker.publish("ci", Event("web-1", f"mine-{number}", "{}"))
    for number in range(MOST_KINDS_OF_AGENT):
        worker.publish("ci", Event("web-1", f"source-{number}", "{}"), agent="web-1")
    worker.publish("ci", Event("web-1", "cpu", "{}"), agent="web-1")
    worker.refused("events", "ci", Event("web-1", "one-more", "{}"), agent="web-1")


def test_alerts_of_a_token_are_bounded_until_they_are_over(service: Service) -> None:
    def say(state: str, *numbers: int) -> httpx.Response:
        return post(
            service,
            ALARMS,
            [
                {"event": "alert", "host": "box", "data": {"alert": f"a{n}", "state": state}}
                for n in numbers
            ],
        )

    assert say("raised", *range(1000)).status_code == 201
    refused = say("raised", 1000)
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("a1000 of box is new, and alarms has 1000 open")
    assert say("still", 7).status_code == 201, "what is open goes on"
    assert say("cleared", 1, 2).status_code == 201
    wait_for(lambda: say("raised", 1000).status_code == 201, "the room of those that are over")
    assert service.total("vitals_publications_refused_total", reason="alerts") >= 1
