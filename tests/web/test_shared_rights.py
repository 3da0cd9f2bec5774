"""Two dashboards on one Redis, each with its own files: what one gives or takes, the other knows.

A right that was taken away stays so when a file, or all that Redis had, is lost.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from tests.access.test_signed_links import SECRET, TOKEN
from tests.support.redis_server import RedisServer, delete_in_redis
from tests.support.service import Reader, Service, more, wait_for

PUBLISH = {"Authorization": "Bearer publish-me-if-you-can"}
READ = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}


@pytest.fixture(scope="module")
def dashboards(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Service]]:
    tokens = {
        "READ_TOKEN": TOKEN,
        "SECRET_KEY": SECRET,
        "PUBLISH_TOKEN": PUBLISH["Authorization"][7:],
    }
    made = []
    for name, workers in (("one", 1), ("two", 2)):
        folder = tmp_path_factory.mktemp(name)
        log = f"unix://{redis_server.path}?run_directory={folder / 'run'}"
        own = {"LOG": log, "HOST_NAME": name, "INSTANCE": folder, "INTERVAL": 0.5}
        made.append(Service(folder, workers=workers, **own, **tokens))
    for service in made:
        service.start().wait_until_ready()
    one, two = made
    yield one, two
    for service in made:
        service.close()


def made(service: Service, label: str) -> dict[str, str]:
    answer = service.request("POST", "/links", json={"label": label}, headers=READ)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def is_refused(service: Service, link: dict[str, str]) -> bool:
    answers = [service.get(f"/history?events=cpu&key={link['key']}") for _ in range(4)]
    assert {answer.status_code for answer in answers} <= {200, 401}
    return all("the key was revoked, at " in answer.text for answer in answers)


def test_a_link_that_one_dashboard_revokes_ends_at_the_other(
    dashboards: tuple[Service, Service], redis_server: RedisServer
) -> None:
    one, two = dashboards
    lobby, hall = made(one, "lobby"), made(two, "hall")
    ending = [Reader(two, f"?events=cpu&host=two&key={lobby['key']}") for _ in range(6)]
    going_on = Reader(two, f"?events=cpu&host=two&key={hall['key']}")
    try:
        for reader in (*ending, going_on):
            reader.wait_for(1, "cpu")

        def listed() -> dict[str, bool]:
            links = one.get("/links", headers=READ).json()["links"]
            return {link["label"]: bool(link["used"]) for link in links}

        wait_for(lambda: listed() == {"lobby": True, "hall": True}, "both, with the other's use")
        asked = one.request("DELETE", f"/links/{lobby['id']}", headers=READ)
        since = time.monotonic()
        assert asked.status_code == 204
        wait_for(lambda: all(reader._failure for reader in ending), "its streams to end")
        print(f"after {time.monotonic() - since:.2f} s")  # -s shows it
        assert all("the key was revoked, at " in str(reader._failure) for reader in ending)
        more(going_on, "cpu", 2)
    finally:
        for reader in (*ending, going_on):
            with suppress(AssertionError):  # it was refused, as was looked at above
                reader.close()

    # Whatever is lost, the rest knows it.
    for service in dashboards:
        (service.folder / "links.json").unlink()
        wait_for((service.folder / "links.json").exists, "the list to be there again")
        assert is_refused(service, lobby)
    delete_in_redis(f"unix://{redis_server.path}")
    two.stop()
    (two.folder / "links.json").unlink()
    two.start().wait_until_ready()
    wait_for(lambda: is_refused(two, lobby), "it to hear of the link")
    assert not is_refused(two, hall)


def test_a_machine_that_joined_by_one_dashboard_is_known_and_removed_by_the_other(
    dashboards: tuple[Service, Service],
) -> None:
    one, two = dashboards
    code = one.request("POST", "/machines/invitations", headers=PUBLISH).json()["code"]

    def join(service: Service, host: str) -> httpx.Response:
        asked = {"code": code, "host": host, "time": time.time()}
        return service.request("POST", "/machines/join", json=asked)

    token = wait_for(lambda: join(two, "web-1").json().get("token"), "the code to be known")
    bearer = {"Authorization": f"Bearer {token}"}

    def published(service: Service) -> int:
        event = {"event": "deploy", "host": "web-1", "data": {}}
        statuses = {
            service.request("POST", "/events", json=event, headers=bearer).status_code
            for _ in range(4)
        }
        return max(statuses)

    assert published(two) == 201
    wait_for(lambda: published(one) == 201, "the other to know the machine")
    assert join(one, "web-2").status_code == 403  # the code was good once
    assert one.request("DELETE", "/machines/web-1", headers=PUBLISH).status_code == 204
    assert published(one) == 401
    wait_for(lambda: published(two) == 401, "the other to know that it was removed")
    for service in dashboards:
        assert service.get("/machines", headers=READ).json()["machines"] == []


def test_a_list_that_was_deleted_comes_back_from_a_file_log(tmp_path: Path) -> None:
    service = Service(tmp_path, READ_TOKEN=TOKEN, SECRET_KEY=SECRET, INTERVAL=3600)
    try:
        service.start()
        lobby = made(service, "lobby")
        service.request("DELETE", f"/links/{lobby['id']}", headers=READ)
        file = tmp_path / "links.json"
        wait_for(lambda: is_kept(service, lobby["id"]), "the log to keep it")
        service.stop()
        file.unlink()
        service.start()
        wait_for(lambda: is_refused(service, lobby), "it to be back")
    finally:
        service.close()


def is_kept(service: Service, link_id: str) -> bool:
    """Whether the log's file has the list with a link that was revoked."""
    with closing(sqlite3.connect(service.log_file, timeout=20)) as database:
        rows = database.execute("SELECT data FROM kept WHERE name = 'links'").fetchall()
    return any(link_id.encode() in data and b'"revoked":null' not in data for (data,) in rows)
