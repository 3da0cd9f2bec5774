"""/machines in this process: who may invite and remove, what a join answers, what is refused."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import Client, TestResponse

from dashboard import cli
from tests.support.bare_app import PUBLISH_TOKEN, READ_TOKEN, bare_app

READ = {"Authorization": f"Bearer {READ_TOKEN}", "Accept": "application/json"}
PUBLISH = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
FROM = "192.0.2.7"
URL = "https://wall.example"


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(bare_app(tmp_path))


def invite(client: Client, **body: object) -> dict[str, Any]:
    options: dict[str, Any] = {"json": body} if body else {}
    answer = client.post("/machines/invitations", headers=PUBLISH, **options)
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    return dict(answer.json)


def join(client: Client, code: str, host: str, **more: object) -> TestResponse:
    asked = {"code": code, "host": host, "time": time.time(), "version": "1.2"} | more
    return client.post("/machines/join", json=asked, environ_overrides={"REMOTE_ADDR": FROM})


def problem(answer: TestResponse) -> tuple[int, str, str | None]:
    assert answer.json is not None
    return answer.status_code, answer.json["detail"], answer.json.get("key")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def listed(client: Client) -> dict[str, dict[str, Any]]:
    answer = client.get("/machines", headers=READ)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return {machine["name"]: machine for machine in answer.json["machines"]}


def test_a_machine_joins_renames_itself_and_is_removed(client: Client) -> None:
    made = invite(client)
    assert made["line"] == f"vitals join http://localhost {made['code']}"
    assert made["expires"] == pytest.approx(time.time() + 3600, abs=60)
    answer = join(client, made["code"], "web-1", time=time.time() + 90)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert told is not None
    assert told["host"] == "web-1"
    assert told["ahead"] == pytest.approx(90, abs=20)

    found = listed(client)["web-1"]
    assert (found["version"], found["address"]) == ("1.2", FROM)
    assert found["joined"] == pytest.approx(time.time(), abs=60)
    assert found["seen"] is None
    token = told["token"]
    for method, path in (("POST", "/machines/invitations"), ("DELETE", "/machines/web-1")):
        status, detail, _ = problem(client.open(path, method=method, headers=bearer(token)))
        assert (status, detail.split(",")[0]) == (403, "the token 'machine:web-1' is limited")
    assert client.get("/history", headers=bearer(token)).status_code == 401

    renamed = join(client, invite(client, host="shop-1")["code"], "shop-1", before=token)
    assert renamed.status_code == 201
    assert set(listed(client)) == {"shop-1"}
    assert client.post("/machines/invitations", headers=bearer(token)).status_code == 401
    assert client.delete("/machines/shop-1", headers=PUBLISH).status_code == 204
    assert problem(client.delete("/machines/shop-1", headers=PUBLISH))[0] == 404
    assert listed(client) == {}


def test_a_join_that_cannot_be_is_refused_by_name(client: Client) -> None:
    code = invite(client)["code"]
    status, detail, key = problem(join(client, code, os.uname().nodename))
    assert (status, key) == (409, "host")
    assert "samples itself: join with another name (--host)" in detail
    for host in ("two words", "", "-a", "a\nb"):
        assert problem(join(client, code, host))[0::2] == (422, "host")
    for name, wrong in (("time", "noon"), ("time", -1), ("version", "<b>"), ("more", 1)):
        assert problem(join(client, code, "web-1", **{name: wrong}))[0::2] == (422, name)
    assert join(client, code, "web-1").status_code == 201
    status, detail, _ = problem(join(client, code, "web-1"))
    assert (status, detail.split(",")[0]) == (403, "the code is wrong")
    status, detail, key = problem(join(client, invite(client)["code"], "web-1"))
    assert (status, key) == (409, "host")
    assert "vitals machines --remove web-1" in detail


def test_codes_are_guessed_no_faster_than_tokens(client: Client) -> None:
    answers = [join(client, f"guess-{number}", "web-1") for number in range(12)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:10] == [403] * 10
    assert statuses[-1] == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (
        join(client, invite(client)["code"], "web-1").status_code == 429
    )  # right, and not looked at


def test_who_may_look_and_who_may_invite(client: Client, tmp_path: Path) -> None:
    for headers, status in ((READ, 401), ({}, 401), (PUBLISH, 201)):
        assert client.post("/machines/invitations", headers=headers).status_code == status
    strange = PUBLISH | {"Origin": "https://evil.example"}
    assert client.post("/machines/invitations", headers=strange).status_code == 403
    assert client.get("/machines", headers={"Accept": "text/html"}).status_code == 303
    page = client.get("/machines", headers=READ | {"Accept": "text/html"})
    assert page.mimetype == "text/html"
    assert 'data-address="/machines"' in page.text
    key = client.post("/links", json={"label": "all"}, headers=READ).json["key"]  # type: ignore[index]
    assert client.get("/machines", headers=bearer(key)).status_code == 403
    status, _, key = problem(client.get("/machines?theme=blue", headers=READ))
    assert (status, key) == (400, "theme")
    (tmp_path / "machines.json").write_text("{")
    assert client.get("/machines", headers=READ).status_code == 503
    assert client.delete("/machines/web-1", headers=PUBLISH).status_code == 503


def test_the_commands_use_the_same_list(client: Client, tmp_path: Path) -> None:
    def command(*arguments: str) -> tuple[int, list[str], str]:
        done = CliRunner().invoke(
            cli.Commands(), arguments, env={"DASHBOARD_INSTANCE": str(tmp_path)}
        )
        return done.exit_code, done.stdout.splitlines(), done.stderr

    status, lines, told = command("invite", "--url", URL, "--host", "web-1")
    assert status == 0
    assert lines[1] == f"vitals join {URL} {lines[0]} --host web-1"
    assert "good once, for an hour" in told
    assert join(client, lines[0], "web-2").status_code == 409
    assert join(client, lines[0], "web-1").status_code == 201
    status, (line,), _ = command("machines")
    assert line.split("  ")[::4] == ["web-1", FROM]
    assert "version 1.2  not heard yet" in line
    assert command("machines", "--remove", "web-1")[0] == 0
    status, _, told = command("machines", "--remove", "web-1")
    assert (status, "no machine 'web-1' has joined" in told) == (2, True)
    assert listed(client) == {}
