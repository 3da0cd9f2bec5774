"""/openapi.json describes what there is, and what there is behaves as described.

schemathesis makes requests from the description, good ones and bad ones, and holds each answer to
it: a status, a media type, headers and a body that are described, and never a 5xx. A stream has no
end, so of each event stream the first block is read, and then it is left.
"""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import app
from dashboard.publications import MOST_BYTES, MOST_EVENT_BYTES, MOST_EVENTS
from dashboard.web.openapi import document
from tests.support.service import Service, running

READ_TOKEN = "read-me-if-you-can"
PUBLISH_TOKEN = "publish-me-if-you-can"
DOCUMENT = document()


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the description, or the component that it refers to."""
    found: Any = DOCUMENT if "$ref" in part else part
    for key in part.get("$ref", "#").split("/")[1:]:
        found = found[key]
    return dict(found)


OPERATIONS = {
    (method, path): operation
    | {"parameters": [resolved(each) for each in common + operation.get("parameters", [])]}
    for path, item in DOCUMENT["paths"].items()
    for common in [item.get("parameters", [])]
    for method, operation in item.items()
    if method != "parameters"
}
# Whose query is read by the page, or by nobody.
UNREAD_QUERIES = {"/", "/host/{name}", "/embed/{panel}", "/static/{build}/{filename}"} | {
    f"/{name}"
    for name in ("compare", "sign-in", "healthz", "readyz", "metrics", "static/{filename}")
}
EXAMPLES = 8  # requests of an operation, good ones and bad ones each
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


# The description.


def test_every_route_and_method_is_described_and_nothing_else_is() -> None:
    there = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert set(OPERATIONS) == there


def test_where_get_is_there_are_head_and_options_too() -> None:
    for rule in app.url_map.iter_rules():
        methods = rule.methods or set()
        assert "OPTIONS" in methods
        assert ("HEAD" in methods) == ("GET" in methods)


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_components_are_there_and_used() -> None:
    kinds = ("schemas", "parameters", "responses")
    there = {f"#/components/{kind}/{n}" for kind in kinds for n in DOCUMENT["components"][kind]}
    events = {"#/components/schemas/Step"}  # of which only the stream tells
    assert set(references(DOCUMENT)) | events == there


def test_the_bounds_of_a_publication_are_those_of_the_code() -> None:
    said = OPERATIONS["post", "/events"]["description"]
    bounds = (MOST_BYTES, MOST_EVENTS, MOST_EVENT_BYTES)
    assert re.findall(r"\d[\d,]+", said) == [f"{each:,}" for each in bounds]


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)


# The service, by the description.


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with both tokens."""
    folder = tmp_path_factory.mktemp("guarded")
    with running(folder, READ_TOKEN=READ_TOKEN, PUBLISH_TOKEN=PUBLISH_TOKEN) as service:
        yield service.wait_until_ready()


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without tokens."""
    with running(tmp_path_factory.mktemp("free")) as service:
        yield service.wait_until_ready()


class FirstBlocks(HTTPAdapter):
    """Reads of an event stream its first block, and of anything else all."""

    def send(self, request: PreparedRequest, *_: object, **options: Any) -> Response:
        response = super().send(request, **(options | {"stream": True}))
        if response.headers.get("Content-Type", "").startswith("text/event-stream"):
            response._content = next(response.iter_content(None))
            response._content_consumed = True
            response.close()
        return response


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as session:
        session.mount("http://", FirstBlocks())
        yield session


@schemathesis.serializer("application/x-ndjson")
def _(_: object, value: Any) -> bytes:
    """Of any text make a line that is an event; of what is no text a line that is none."""
    line = {"data": {"text": value}} if isinstance(value, str) else value
    return json.dumps(line).encode()


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.generation.update(with_security_parameters=False)  # tokens are given below
each_way = pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        pytest.param(method, path, mode, id=f"{mode.value} {method} {path}")
        for (method, path), operation in OPERATIONS.items()
        for mode in GenerationMode
        # Where nothing is asked for, and where any text will do, nothing can be wrong.
        if mode is GenerationMode.POSITIVE
        or ((operation["parameters"] or "requestBody" in operation) and "{filename}" not in path)
    ],
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who sends the requests to a service, and the statuses of its answers."""

    service: Service
    token: str | None = None
    checks: Sequence[CheckFunction] = ()
    statuses: set[int] = field(default_factory=set)


def ask(
    session: Session, operation: tuple[str, str], mode: GenerationMode, clients: list[Client]
) -> None:
    """Make requests of an operation, and hold the answers to each client to the description.

    To make a request up takes longer than it takes to answer it, so all clients send the same.
    """
    method, path = operation
    good = mode is GenerationMode.POSITIVE

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=SCHEMA[path][method].as_strategy(generation_mode=mode))
    def make(case: Case[Any]) -> None:
        if path == "/events" and good:
            case.query.pop("agent", None)  # it allows other names: test_agent.py
        if path == "/history" and good:
            # A description can't say which of them go together; tests/web/test_history.py does.
            for key in ("from", "to", "at"):
                case.query.pop(key, None)
        for client in clients:
            send(case, client)

    def send(case: Case[Any], client: Client) -> None:
        token = client.token
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if "Idempotency-Key" in case.headers and good:
            headers["Idempotency-Key"] = uuid.uuid4().hex  # each publication has its own
        if path == "/sign-in" and method == "post" and token is not None and good:
            case.body = {"token": token}
        session.cookies.clear()
        url = client.service.url
        response = case.call(url, session, headers, timeout=20, allow_redirects=False)
        client.statuses.add(response.status_code)
        case.validate_response(response, checks=[*CHECKS, *client.checks])

    make()


def token_of(operation: tuple[str, str]) -> str:
    return PUBLISH_TOKEN if {"publish": []} in OPERATIONS[operation]["security"] else READ_TOKEN


@each_way
def test_answers_with_and_without_a_token_are_as_described(
    guarded: Service, free: Service, session: Session, method: str, path: str, mode: GenerationMode
) -> None:
    good = mode is GenerationMode.POSITIVE
    operation = (method, path)
    where_none_is_set, without = Client(free), Client(guarded)
    check = positive_data_acceptance if good else negative_data_rejection
    with_it = Client(guarded, token_of(operation), [check])
    # Who signs in sends his token in the body, which no other client may do.
    ask(session, operation, mode, [where_none_is_set, *([without] if good else []), with_it])
    assert 401 not in with_it.statuses
    assert 401 not in where_none_is_set.statuses
    security = OPERATIONS[operation]["security"]
    if {"publish": []} in security:
        assert where_none_is_set.statuses == {403}
    if good and security:
        assert without.statuses <= {401, 303}
    elif good:
        assert 401 not in without.statuses
    assert with_it.statuses


def test_the_description_itself_is_open_and_the_same_everywhere(guarded: Service) -> None:
    assert guarded.get("/openapi.json").json() == DOCUMENT


@pytest.mark.parametrize("path", [path for method, path in OPERATIONS if method == "get"])
def test_the_query_keys_are_those_that_are_described(free: Service, path: str) -> None:
    parameters = OPERATIONS["get", path]["parameters"]
    described = [each["name"] for each in parameters if each["in"] == "query"]
    values = {"job": "a", "name": "a", "panel": "cpu", "build": "0" * 12, "filename": "embed.js"}
    target = path.format_map(values)
    # A browser is told what is wrong on a page.
    accept = "text/html" if path in UNREAD_QUERIES else "application/json"
    answer = free.get(f"{target}?none-of-them=1", headers={"Accept": accept})
    if path in UNREAD_QUERIES:
        assert answer.status_code == (302 if path == "/compare" else 200)
    else:
        assert answer.status_code == 400
        allowed = answer.json()["detail"].partition("allowed: ")[2]
        assert sorted(allowed.split(", ")) == sorted(described or ["none"])
