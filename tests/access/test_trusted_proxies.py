"""Who asks behind proxies: headers are believed of the trusted ones alone."""

from collections.abc import Iterator

import httpx
import pytest

from dashboard.access.trusted_proxies import FORWARDED_HOST, Proxies
from tests.support.service import Service, wait_for

TOKEN = "correct-horse-battery-staple"


def seen(peer: str, trusted: str = "127.0.0.1,10.0.0.0/8", **headers: str) -> tuple[str, str, str]:
    """The address, the scheme and the forwarded host that a request has."""
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    Proxies([item for item in trusted.split(",") if item]).see_through(environ)
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ.get(FORWARDED_HOST, "")


@pytest.mark.parametrize(
    ("addresses", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("198.51.100.9, 192.0.2.1", "192.0.2.1"),  # the first may be the client's own invention
        ("192.0.2.1, 10.1.2.3", "192.0.2.1"),
        ("192.0.2.1, 10.1.2.3, 127.0.0.1", "192.0.2.1"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.1, unknown", "127.0.0.1"),
        ("unknown, 192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, not an address, 10.1.1.1", "10.1.1.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(
    addresses: str, client: str
) -> None:
    assert seen("127.0.0.1", x_forwarded_for=addresses)[0] == client


def test_strangers_are_not_believed() -> None:
    told = {"x_forwarded_for": "192.0.2.1", "x_forwarded_proto": "https"}
    for peer in ("192.0.2.77", "11.0.0.1", "::1", "not an address"):
        assert seen(peer, x_forwarded_host="wall.example", **told) == (peer, "http", "")
    assert seen("127.0.0.1", "", **told) == ("127.0.0.1", "http", "")


def test_scheme_and_host_are_taken_from_the_nearest_proxy() -> None:
    told = {"x_forwarded_proto": "http, https", "x_forwarded_host": "evil.example, wall.example"}
    assert seen("::ffff:127.0.0.1", **told) == ("::ffff:127.0.0.1", "https", "wall.example")
    assert seen("127.0.0.1", x_forwarded_proto="javascript")[1] == "http"
    assert seen("", x_forwarded_for="192.0.2.1")[0] == "192.0.2.1"  # a Unix socket


def test_the_standard_header_is_not_read() -> None:
    told = "for=192.0.2.1;proto=https;host=wall.example"
    assert seen("127.0.0.1", forwarded=told) == ("127.0.0.1", "http", "")
    assert seen("127.0.0.1", forwarded=told, x_forwarded_for="192.0.2.2")[0] == "192.0.2.2"


# The service: loopback is trusted by default, and may not be.


@pytest.fixture(scope="module", params=["127.0.0.1,::1", "none"])
def service(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("service"),
        READ_TOKEN=TOKEN,
        ALLOWED_HOSTS="wall.example",
        TRUSTED_PROXIES=request.param,
    )
    service.arguments = ["--access-logfile", "-"]
    yield service.start()
    service.close()


def sign_in(service: Service, **headers: str) -> httpx.Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{service.url}/sign-in", data={"token": TOKEN}, headers=told)


def test_what_is_believed_of_a_proxy(service: Service) -> None:
    believed = service.settings["TRUSTED_PROXIES"] != "none"
    cookie = sign_in(service, X_Forwarded_Proto="https").headers["Set-Cookie"]
    assert ("Secure" in cookie) is believed
    service.get("/healthz", headers={"X-Forwarded-For": "192.0.2.55"})
    if believed:  # the line about a request comes after its answer
        wait_for(lambda: "192.0.2.55 " in service.output.read_text(), "a line")
    else:
        assert "192.0.2.55 " not in service.output.read_text()
    # The proxy asks by another name than the browser did.
    page = {"Origin": "https://wall.example", "X_Forwarded_Host": "wall.example"}
    assert sign_in(service, **page).status_code == (303 if believed else 403)
    page["Origin"] = "https://evil.example"
    assert sign_in(service, **page).status_code == 403


def test_a_forwarded_host_opens_nothing(service: Service) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "wall.example"}
    assert service.get("/history", headers=headers | spoofed).status_code == 400
    foreign = {"X-Forwarded-Host": "evil.example"}
    believed = service.settings["TRUSTED_PROXIES"] != "none"
    assert service.get("/history", headers=headers | foreign).status_code == (
        400 if believed else 200
    )
    with service.dial() as connection:  # of a stream, too
        head = (
            f"Host: evil.example\r\nX-Forwarded-Host: wall.example\r\nAuthorization: Bearer {TOKEN}"
        )
        connection.sendall(f"GET /stream HTTP/1.1\r\n{head}\r\n\r\n".encode())
        assert b" 400 " in connection.recv(4096)
