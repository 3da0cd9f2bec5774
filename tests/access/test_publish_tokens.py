"""Several tokens to publish with: named, limited, and never seen."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.settings import Publisher, SettingError, as_variables, load
from tests.support.service import Service

DEPLOY, ANY, PLAIN = "deploy-token-of-ann", "anything-goes-123", "plain-token-0123456"
NEAR = "only-of-web-servers-1"
READ = "correct-horse-battery-staple"
FILE = f"""
publish_token = "{PLAIN}"

[[publish]]
name = "ci"
token = "{DEPLOY}"
events = ["deploy", "build.*"]
hosts = ["web-*", "box"]

[[publish]]
name = "jobs"
token = "{ANY}"
events = ["progress", "message"]

[[publish]]
name = "near"
token = "{NEAR}"
events = ["progress"]
hosts = ["web-*"]
"""


def config(folder: Path, text: str) -> dict[str, str]:
    path = folder / "vitals.toml"
    path.write_text(text)
    return {"DASHBOARD_CONFIG": str(path)}


# Settings.


def test_the_file_gives_publishers(tmp_path: Path) -> None:
    environ = config(tmp_path, FILE)
    ci, jobs, _ = load(environ).publish
    assert ci == Publisher(
        name="ci", token=DEPLOY, events=("deploy", "build.*"), hosts=("web-*", "box")
    )
    assert (jobs.events, jobs.hosts) == (("progress", "message"), None)
    assert DEPLOY not in repr(ci)
    assert load(as_variables(environ)) == load(environ)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"token": DEPLOY}, "publish number 1: name"),
        ({"name": "a b", "token": DEPLOY}, "publish 'a b': name"),
        ({"name": "a"}, "publish 'a': token is missing: allowed is 16 to 512"),
        ({"name": "a", "token": DEPLOY[:15]}, "publish 'a': token (not shown"),
        ({"name": "a", "token": [DEPLOY]}, "publish 'a': token (not shown"),
        ({"name": "a", "token": DEPLOY, "event": []}, "unknown key 'event'; allowed: name, token"),
        ({"name": "a", "token": DEPLOY, "events": []}, "publish 'a': events=[]"),
        ({"name": "a", "token": DEPLOY, "events": "deploy"}, "publish 'a': events='deploy'"),
        ({"name": "a", "token": DEPLOY, "events": ["De ploy"]}, "publish 'a': events=['De ploy']"),
        ({"name": "a", "token": DEPLOY, "hosts": [1]}, "publish 'a': hosts=[1]"),
    ],
)
def test_a_wrong_table_is_named_without_its_token(table: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError) as caught:
        load({"DASHBOARD_PUBLISH": json.dumps([table])})
    assert words in str(caught.value)
    assert DEPLOY[:15] not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [f'"{DEPLOY}"', f'["{DEPLOY}"]', DEPLOY, f'{{"{DEPLOY}": 1}}', f'[{{"name": "{DEPLOY}'],
)
def test_what_is_no_table_is_not_shown(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        load({"DASHBOARD_PUBLISH": text})
    assert DEPLOY not in str(caught.value)


@pytest.mark.parametrize(("other", "key"), [({"name": "a"}, "name"), ({"token": DEPLOY}, "token")])
def test_two_that_cannot_be_told_apart_are_refused(other: dict[str, str], key: str) -> None:
    tables = [{"name": "a", "token": DEPLOY}, {"name": "b", "token": ANY} | other]
    with pytest.raises(SettingError, match=f"another has the same {key}"):
        load({"DASHBOARD_PUBLISH": json.dumps(tables)})


# The service.


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    file = config(folder, FILE)["DASHBOARD_CONFIG"]
    service = Service(folder, READ_TOKEN=READ, CONFIG=file)
    service.arguments = ["--access-logfile", "-", "--log-level", "debug"]
    yield service.start().wait_until_ready()
    service.close()


def post(service: Service, token: str, body: object, path: str = "/events") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return service.request("POST", path, json=body, headers=headers)


@pytest.mark.parametrize(
    ("token", "event", "host", "status"),
    [
        (DEPLOY, "deploy", "web-1", 201),
        (DEPLOY, "build.main", None, 201),
        (DEPLOY, "deploy", "db-1", 403),
        (DEPLOY, "build", "web-1", 403),
        (DEPLOY, None, "web-1", 403),
        (ANY, None, "anywhere", 201),
        (ANY, "deploy", "web-1", 403),
        (PLAIN, "whatever", "anywhere", 201),
        (READ, "deploy", "web-1", 401),
        (DEPLOY + "x", "deploy", "web-1", 401),
    ],
)
def test_each_publishes_what_it_may(
    service: Service, token: str, event: str | None, host: str | None, status: int
) -> None:
    body = {"event": event, "host": host, "data": {"at": time.time()}}
    answer = post(service, token, body)
    assert answer.status_code == status, answer.text
    assert token not in answer.text
    if status == 403:
        name = "ci" if token == DEPLOY else "jobs"
        assert f"the token '{name}' may not publish {event or 'unnamed events'}" in answer.text
        assert "allowed are the events" in answer.json()["detail"]
        assert answer.json()["key"] == ("host" if host == "db-1" else "event")


def test_a_batch_with_one_that_may_not_leaves_nothing(service: Service) -> None:
    events = [{"event": "deploy", "host": "web-1", "data": {"only": 1}} for _ in range(2)]
    answer = post(service, DEPLOY, [*events, {"event": "other", "data": {}}])
    assert answer.status_code == 403
    assert not [one for one in service.logged("deploy") if "only" in one.data]


def test_progress_is_the_event_progress(service: Service) -> None:
    assert post(service, ANY, {"done": 1}, "/progress/backup").status_code == 201
    assert post(service, DEPLOY, {"done": 1}, "/progress/backup").status_code == 403


def test_no_token_is_ever_logged(service: Service) -> None:
    post(service, DEPLOY, {"event": "deploy", "host": "web-1", "data": {}})
    log = service.output.read_text()
    assert "POST /events" in log
    for token in (DEPLOY, ANY, PLAIN, READ):
        assert token not in log


def test_idempotency_keys_are_a_tokens_own(service: Service) -> None:
    def publish(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one-and-the-same"}
        body = {"host": "web-1", "data": {}}
        return service.request("POST", "/events", json=body, headers=headers).json()["ids"]

    first, others, again = publish(ANY), publish(PLAIN), publish(ANY)
    assert first == again
    assert first != others


def test_jobs_of_hosts_that_a_token_is_not_for_are_none_of_its_own(service: Service) -> None:
    assert post(service, PLAIN, {"done": 7, "host": "db-1"}, "/progress/nightly").status_code == 201
    answer = post(service, NEAR, {"message": "?", "host": "web-1"}, "/progress/nightly")
    assert answer.status_code == 403
    assert "may not publish progress of db-1" in answer.json()["detail"]
    assert post(service, NEAR, {"done": 1, "host": "web-1"}, "/progress/own").status_code == 201
    assert post(service, NEAR, {"completed": True, "host": "web-1"}, "/progress/own").is_success
