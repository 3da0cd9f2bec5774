"""Alerts are acknowledged and silenced over HTTP and by commands, and GET /alerts says so."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cli.test_commands import environ, run
from tests.support.service import Service
from tests.web.test_problems import assert_is_problem

TOKEN = "publish-me-if-you-can"
WEB = "publish-for-web-only"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("silences"),
        INTERVAL=1,
        PUBLISH_TOKEN=TOKEN,
        PUBLISH=json.dumps([{"name": "web", "token": WEB, "hosts": ["web-*"]}]),
        ALERTS='{"defaults": false}',
    )
    yield service.start().wait_until_ready()
    service.close()


def post(service: Service, path: str, body: Any = None, token: str = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return httpx.post(service.url + path, json=body, headers=headers, timeout=30, verify=False)


def shown(service: Service, name: str, host: str = "box") -> dict[str, Any]:
    found = service.json("/alerts")["alerts"]
    (alert,) = [each for each in found if (each["alert"], each["host"]) == (name, host)]
    return dict(alert)


def test_an_alert_is_acknowledged_until_it_is_worse(service: Service) -> None:
    for host in ("box", "web-1"):
        service.append("alert", host, time=1, alert="full:/", state="raised", level="warning")
    answer = post(service, "/alerts/full:%2F/ack", {"for": "1h", "why": "Ann is at it"})
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["ids"]) == 2
    for host in ("box", "web-1"):
        known = shown(service, "full:/", host)["acknowledged"]
        assert (known["by"], known["why"]) == ("PUBLISH_TOKEN", "Ann is at it")
        assert abs(known["until"] - time.time() - 3600) < 60
    assert post(service, "/alerts/box/full:%2F/ack", {"for": 0}).status_code == 201
    assert "acknowledged" not in shown(service, "full:/")
    assert "acknowledged" in shown(service, "full:/", "web-1")
    assert post(service, "/alerts/box/full:%2F/ack").status_code == 201
    service.append("alert", "box", time=2, alert="full:/", state="still", level="critical")
    assert "acknowledged" not in shown(service, "full:/")
    assert len(service.json("/alerts")["silences"]) == 2
    assert len(service.json("/alerts?host=box")["alerts"]) == 1


def test_alerts_of_some_hosts_and_rules_are_silenced(service: Service) -> None:
    service.append("alert", "web-2", time=1, alert="hot", rule="hot", state="raised")
    body = {"host": "web-*", "rule": "h*", "for": "30m", "why": "deploy"}
    assert post(service, "/silences", body).status_code == 201
    assert shown(service, "hot", "web-2")["silenced"]["why"] == "deploy"
    (found,) = [each for each in service.json("/alerts")["silences"] if "alert" not in each]
    assert (found["hosts"], found["rule"], found["by"]) == ("web-*", "h*", "PUBLISH_TOKEN")
    assert post(service, "/silences", body | {"for": "0s"}).status_code == 201
    assert "silenced" not in shown(service, "hot", "web-2")


def test_a_limited_token_silences_what_it_is_for(service: Service) -> None:
    for host in ("web-2", "web-*"):
        assert post(service, "/silences", {"host": host, "for": 1}, WEB).status_code == 201
    assert_is_problem(post(service, "/silences", {"host": "w*", "for": 1}, WEB), 403)
    assert_is_problem(post(service, "/silences", {"for": 1}, WEB), 403)
    service.append("alert", "box", time=1, alert="own", state="raised")
    assert_is_problem(post(service, "/alerts/own/ack", {}, WEB), 403)
    assert_is_problem(post(service, "/alerts/own/ack", {}, "wrong-wrong-wrong-wrong"), 401)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/alerts/nothing/ack", {}, 404),
        ("/alerts/box/nothing/ack", {}, 404),
        ("/alerts/full:%2F/ack", {"for": "long"}, 422),
        ("/alerts/full:%2F/ack", {"for": "2y"}, 422),
        ("/alerts/full:%2F/ack", {"why": "two\nlines"}, 422),
        ("/alerts/full:%2F/ack", {"who": "me"}, 422),
        ("/silences", {}, 422),
        ("/silences", {"for": True}, 422),
        ("/silences", {"for": 60, "host": "a b"}, 422),
        ("/silences", {"for": 60, "rule": ""}, 422),
    ],
)
def test_what_is_wrong_is_refused(
    service: Service, path: str, body: dict[str, Any], status: int
) -> None:
    assert_is_problem(post(service, path, body), status)


def test_what_was_is_told_with_a_link_to_its_moment(service: Service) -> None:
    begin = time.time() - 100
    told = {"alert": "was:/", "rule": "was", "threshold": 90, "since": begin}
    service.append("alert", "web-9", time=begin, state="raised", value=91, **told)
    service.append("alert", "web-9", time=begin + 60, state="cleared", value=5, worst=97, **told)
    found = service.json("/alerts?since=1h&host=web-9")
    assert found["alerts"] == []
    (past,) = found["past"]
    assert (past["from"], past["to"], past["duration"]) == (begin, begin + 60, 60)
    assert (past["worst"], past["url"]) == (97, f"/host/web-9?at={round(begin)}")
    assert service.get(past["url"]).status_code == 200
    assert "past" not in service.json("/alerts")
    assert service.json("/alerts?since=30s&host=web-9")["past"] == []
    for wrong in ("long", "4000d", "-1"):
        assert_is_problem(service.get(f"/alerts?since={wrong}"), 400)


def test_the_name_of_the_event_is_reserved(service: Service) -> None:
    assert_is_problem(post(service, "/events", {"event": "silence", "data": {}}), 422)


def test_the_commands_do_the_same_here_and_over_http(service: Service) -> None:
    service.append("alert", "box", time=1, alert="cmd:/", state="raised")

    def succeed(*arguments: str) -> None:
        done = run(*arguments, env=environ(service))
        assert done.returncode == 0, done.stderr
        assert re.fullmatch(rb"\d+-\d+\n", done.stdout)

    there = ["--to", service.url, "--token", TOKEN]
    succeed("ack", "cmd:/", "--for", "2h", "--why", "seen")
    assert shown(service, "cmd:/")["acknowledged"]["why"] == "seen"
    succeed("ack", "cmd:/", "--for", "0", *there)
    assert "acknowledged" not in shown(service, "cmd:/")
    succeed("silence", "b*", "1h", "--rule", "cmd*", *there)
    assert "silenced" in shown(service, "cmd:/")
    succeed("silence", "b*", "0", "--rule", "cmd*")
    assert "silenced" not in shown(service, "cmd:/")
    wrong = run("ack", "other", env=environ(service))
    assert wrong.returncode == run("ack", "other", *there, env=environ(service)).returncode == 2
    assert b"other of box: no such alert is open; open are: cmd:/ of box" in wrong.stderr
    assert run("silence", "a b", "1h", env=environ(service)).returncode == 2
