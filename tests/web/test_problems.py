"""Errors are RFC 9457 problem documents, whoever raised them."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.service import ROOT, Service


def assert_is_problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert isinstance(document, dict)
    assert {"type", "title", "status", "detail"} <= document.keys()
    assert document["type"] == "about:blank"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert response.headers["cache-control"] == "no-store", "a cache would keep a 404 for minutes"
    return document


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/stream/", "/history/x", "/static/none.js", "/%00", "/../etc/passwd", "/a" * 500],
)
def test_what_is_not_there(service: Service, path: str) -> None:
    assert_is_problem(service.get(path), 404)


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_gets_a_page_and_a_program_the_document(service: Service) -> None:
    page = service.get("/stream?<script>=1", headers=BROWSER)
    assert page.status_code == 400
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert 'href="/"' in page.text, "it leads back to the wall"
    for accept in ("*/*", "application/json", "image/avif,*/*;q=0.8", "text/event-stream"):
        assert_is_problem(service.get("/nothing", headers={"Accept": accept}), 404)


def test_head_of_what_is_not_there_has_no_body(service: Service) -> None:
    response = service.request("HEAD", "/nothing")
    assert response.status_code == 404
    assert response.content == b""


@pytest.mark.parametrize("path", ["/", "/stream", "/history", "/healthz", "/readyz", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_method_that_is_not_allowed(service: Service, method: str, path: str) -> None:
    response = service.request(method, path)
    document = assert_is_problem(response, 405)
    allowed = response.headers["allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert document["detail"] == f"{method} is not allowed here; allowed: {allowed}"


@pytest.mark.parametrize("path", ["/stream", "/history"])
def test_an_unknown_key_is_named_with_what_is_allowed(service: Service, path: str) -> None:
    document = assert_is_problem(service.get(f"{path}?nonsense=1"), 400)
    assert document["key"] == "nonsense"
    assert "events" in str(document["detail"])


@pytest.mark.parametrize("path", ["/stream", "/history"])
def test_a_value_comes_back_as_text_only(service: Service, path: str) -> None:
    document = assert_is_problem(service.get(path, params={"<script>": "1"}), 400)
    assert document["key"] == "<script>"


def test_a_failure_of_our_own_is_told_without_its_insides(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service(arguments=("-c", str(ROOT / "tests" / "support" / "faulty.py")))
    service.environ = {"VITALS_FAULTS": str(tmp_path)}
    service.start()
    response = service.get("/fail")
    assert_is_problem(response, 500)
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "the secret of tests/support/faulty.py" in service.output.read_text()
    assert service.get("/healthz").status_code == 200
