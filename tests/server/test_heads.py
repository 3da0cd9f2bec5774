"""Heads that strangers send: line ends, names and paths that mean something else elsewhere."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service

TOKEN = "a-token-of-this-test"


# gunicorn's own parser, which a wheel has, and the one in C, which it uses where it is installed.
@pytest.fixture(scope="module", params=["python", "fast"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    proxy = {"TRUSTED_USER_HEADER": "Remote-User", "TRUSTED_PROXIES": "127.0.0.1"}
    service = Service(folder, READ_TOKEN=TOKEN, **proxy)  # type: ignore[arg-type]
    service.arguments = [
        "--http-parser",
        request.param,
        "--access-logfile",
        "-",
        "--log-level",
        "debug",
    ]
    yield service.start().wait_until_ready()
    service.close()


def answers(service: Service, request: bytes) -> bytes:
    """Return all that comes until the server closes the connection."""
    with service.dial() as connection:
        connection.sendall(request)
        seen = b""
        while part := connection.recv(65536):
            seen += part
    return seen


WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: b\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("number", range(WHOLE.count(b"\r\n")))
def test_a_line_that_ends_without_its_cr_is_refused(service: Service, number: int) -> None:
    lines = WHOLE.split(b"\r\n")
    head = b"\r\n".join(lines[: number + 1]) + b"\n" + b"\r\n".join(lines[number + 1 :])
    assert answers(service, head).startswith(b"HTTP/1.1 400 ")
    behind_another = WHOLE.replace(b"Connection: close\r\n", b"") + head
    first, _, second = answers(service, behind_another).partition(b"ok\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 400 ")


def test_the_same_head_with_its_line_ends_is_answered_and_closed(service: Service) -> None:
    answer = answers(service, WHOLE)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in answer.lower()


def test_letters_that_are_not_encoded_are_refused_with_what_is_wanted(service: Service) -> None:
    answer = answers(service, "GET /stream?host=größe HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"wanted is visible ASCII, else percent codes" in answer


ENDS = ["%0A", "%0D%0A", "%0D", "%E2%80%A8", "%C2%85", "%00", "%FF"]


@pytest.mark.parametrize(
    "path", ["/x", "/host/x", "/embed/x", "/static/x", "/static/a/x", "/progress/x", "/screens/x"]
)
def test_a_line_end_in_a_path_is_no_500_and_forges_no_line(service: Service, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for end in ENDS:
        for method in ("GET", "POST"):
            answer = service.request(method, f"{path}{end}FORGED", headers=headers)
            assert 400 <= answer.status_code < 500, answer.text
    lines = service.output.read_bytes().decode("utf-8", "replace").splitlines()
    assert any("FORGED" in line for line in lines)  # the access log, which is on here
    assert not [line for line in lines if line.startswith("FORGED")]


@pytest.mark.parametrize(
    "name",
    [b"SCRIPT_NAME", b"Script-Name", b"X_FORWARDED_FOR", b"PATH_INFO", b"Remote_User"],
)
def test_a_header_is_no_variable_of_the_server(service: Service, name: bytes) -> None:
    """And none with `_` is one with `-`: a proxy takes only the latter away from its clients."""
    head = b"GET /?a=1 HTTP/1.1\r\nHost: localhost\r\n%s: /evil\r\nConnection: close\r\n\r\n" % name
    answer = answers(service, head)
    assert answer.startswith((b"HTTP/1.1 303 ", b"HTTP/1.1 400 "))
    assert b"evil" not in answer
