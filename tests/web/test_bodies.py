"""Bodies of every route that takes one: none makes a 500, whatever text is in it."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import Client

from dashboard.alerts.model import Alert
from dashboard.events.event import Event
from tests.support.bare_app import running_app

TOKEN = "t" * 20  # to read and to publish
HALF = "\ud800"  # of a surrogate pair, which JSON can say and UTF-8 can't
# What is right at each route, which lacks nothing.
RIGHT: dict[str, dict[str, object]] = {
    "/events": {"event": "deploy", "data": {"version": "1"}, "host": "web-1"},
    "/progress/backup": {"done": 1, "message": "half", "host": "web-1"},
    "/alerts/memory/ack": {"for": "1h", "why": "known"},
    "/silences": {"for": "1h", "why": "known", "host": "web-1", "rule": "disk"},
    "/machines/invitations": {"host": "web-1"},
    "/machines/join": {"code": "a", "host": "web-1", "time": 1.7e9, "version": "1", "before": "b"},
    "/links": {"label": "lobby", "events": ["cpu"], "hosts": ["web-1"], "for": "1h", "path": "/"},
    "/screens/lobby": {"build": "1", "link": "live", "width": 1, "height": 1, "every": 60}
    | {"url": "/"},
    "/screens/hall/show": {"url": "/"},
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    alert = Alert(host="box", time=1.7e9, alert="memory", rule="memory", state="raised")
    report = {**RIGHT["/screens/lobby"], "host": "box", "time": 1.7e9, "screen": "hall"}
    events = [alert.event(), Event("box", "screen.hall", json.dumps(report))]
    folder = tmp_path_factory.mktemp("app")
    with running_app(folder, events, read_token=TOKEN, publish_token=TOKEN) as app:
        yield app


def test_each_route_that_takes_a_body_is_asked(app: Flask) -> None:
    posting = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    adapter = app.url_map.bind("localhost")
    asked = {adapter.match(path, "POST", return_rule=True)[0].rule for path in RIGHT}
    # A form, and three without a body.
    others = {"/sign-in", "/sign-out", "/screens/<name>/reload", "/screens/<name>/identify"}
    assert asked == posting - others


@pytest.mark.parametrize("path", [*RIGHT, "/screens/hall/reload", "/screens/hall/identify"])
def test_a_query_that_is_not_known_is_refused(app: Flask, path: str) -> None:
    head = {"Authorization": f"Bearer {TOKEN}"}
    answer = Client(app).post(f"{path}?hots=web-1", json=RIGHT.get(path), headers=head)
    assert (answer.status_code, (answer.json or {})["key"]) == (400, "hots")


@pytest.mark.parametrize("path", RIGHT)
def test_a_text_that_is_no_text_is_a_mistake_of_the_client(app: Flask, path: str) -> None:
    client, head = Client(app), {"Authorization": f"Bearer {TOKEN}"}
    wrong: list[object] = [HALF, [HALF], {HALF: 1}, RIGHT[path] | {HALF: HALF}]
    for key, value in RIGHT[path].items():
        texts = [HALF, [HALF], {"a": HALF}, {HALF: "a"}]
        wrong += [RIGHT[path] | {key: text} for text in texts if value != text]
    for body in wrong:
        answer = client.post(path, json=body, headers=head)
        assert 400 <= answer.status_code < 500, (body, answer.text)
