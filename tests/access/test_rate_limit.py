"""Wrong tokens: slowed per address, counted, and nobody's right token is locked out for long."""

import ipaddress
from collections.abc import Iterator

import httpx
import pytest

from dashboard.access import rate_limit as attempts
from dashboard.access.addresses import network_of
from dashboard.access.rate_limit import TokenThrottle
from tests.support.service import Service

TOKEN = "correct-horse-battery-staple"
PUBLISH = "publish-token-0123456"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_so_many_guesses_a_minute_and_then_one_at_a_time(clock: Clock) -> None:
    ours = TokenThrottle(10, clock)
    for n in range(10):
        assert ours.wait("1.2.3.4", TOKEN) == 0
        ours.record_failure("1.2.3.4", f"guess {n}")
    assert 5 < ours.wait("1.2.3.4", TOKEN) <= 6
    assert ours.wait("1.2.3.5", TOKEN) == 0
    clock.now += 6
    assert ours.wait("1.2.3.4", TOKEN) == 0
    ours.record_failure("1.2.3.4", "another")
    assert ours.wait("1.2.3.4", TOKEN) > 0
    clock.now += 60
    for n in range(10):
        assert ours.wait("1.2.3.4", TOKEN) == 0
        ours.record_failure("1.2.3.4", f"again {n}")
    assert ours.wait("1.2.3.4", TOKEN) > 0


def test_the_same_wrong_token_is_one_guess(clock: Clock) -> None:
    ours = TokenThrottle(3, clock)
    for _ in range(100):
        ours.record_failure("1.2.3.4", "an old one")
        assert ours.wait("1.2.3.4", TOKEN) == 0


def test_an_address_that_had_the_right_one_is_listened_to(clock: Clock) -> None:
    ours = TokenThrottle(3, clock)
    ours.record_success("1.2.3.4", TOKEN)
    for n in range(100):
        ours.record_failure("1.2.3.4", f"guess {n}")
    assert ours.wait("1.2.3.4", TOKEN) == 0
    clock.now += 90_000
    for n in range(100):
        ours.record_failure("1.2.3.4", f"later {n}")
    assert ours.wait("1.2.3.4", TOKEN) > 0


def test_a_right_token_earns_no_free_guesses_at_another(clock: Clock) -> None:
    ours = TokenThrottle(3, clock)
    ours.record_success("1.2.3.4", PUBLISH)
    for n in range(3):
        assert ours.wait("1.2.3.4", f"guess {n}") == 0
        ours.record_failure("1.2.3.4", f"guess {n}")
    assert ours.wait("1.2.3.4", "guess 3") > 0
    assert ours.wait("1.2.3.4", PUBLISH) == 0
    for n in range(100):
        ours.record_success("1.2.3.4", f"right {n}")
    assert len(ours._addresses["1.2.3.4"].right) == 16


def test_memory_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_ADDRESSES", 50)
    ours = TokenThrottle(3, clock)
    for n in range(200):
        ours.record_failure(str(ipaddress.ip_address(n)), "x")
        ours.record_success(str(ipaddress.ip_address(1000 + n)), TOKEN)
    assert len(ours) == 50
    for n in range(1000):
        ours.record_failure("9.9.9.9", f"guess {n}")
    assert len(ours._addresses["9.9.9.9"].wrong) <= 16


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


# The service. Each test has an address of its own, which the trusted proxy on loopback tells.


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    service = Service(folder, READ_TOKEN=TOKEN, PUBLISH_TOKEN=PUBLISH, FAILED_ATTEMPTS=3)
    yield service.start()
    service.close()


def ask(service: Service, address: str, token: str, method: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    path = "/history" if method == "GET" else "/events"
    return service.request(method, path, headers=headers, content=b'{"data": {}}')


def sign_in(service: Service, address: str, token: str) -> httpx.Response:
    headers = {"X-Forwarded-For": address}
    return service.request("POST", "/sign-in", headers=headers, data={"token": token})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_guessing_is_slowed_for_its_address_alone(service: Service, method: str) -> None:
    address = f"203.0.113.{len(method)}"
    right = TOKEN if method == "GET" else PUBLISH
    statuses = [ask(service, address, f"guess-{n}-{'x' * 16}", method) for n in range(6)]
    assert [one.status_code for one in statuses] == [401] * 3 + [429] * 3
    assert 1 <= int(statuses[-1].headers["Retry-After"]) <= 20
    assert "too many wrong tokens" in statuses[-1].json()["detail"]
    assert ask(service, address, right, method).status_code == 429  # nor is the right one told
    assert ask(service, "203.0.113.99", right, method).status_code in (200, 201)


def test_the_sign_in_page_slows_as_well_and_says_so(service: Service) -> None:
    answers = [sign_in(service, "203.0.113.7", f"guess-{n}") for n in range(4)]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
    assert "too many wrong tokens" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert ask(service, "203.0.113.7", TOKEN).status_code == 429  # they count together
    # A cookie cannot be guessed, and is always good.
    name, value = next(iter(sign_in(service, "203.0.113.8", TOKEN).cookies.items()))
    headers = {"X-Forwarded-For": "203.0.113.7", "Cookie": f"{name}={value}"}
    assert service.get("/history", headers=headers).status_code == 200


def test_a_program_with_an_old_token_locks_nobody_out(service: Service) -> None:
    for _ in range(20):
        assert ask(service, "203.0.113.20", "the-one-of-last-year").status_code == 401
    assert ask(service, "203.0.113.20", TOKEN).status_code == 200


def test_who_had_the_right_one_is_not_locked_out_by_a_neighbour(service: Service) -> None:
    assert ask(service, "203.0.113.30", TOKEN).status_code == 200
    for n in range(10):
        status = ask(service, "203.0.113.30", f"guess-{n}-{'x' * 16}").status_code
        assert status == (401 if n < 3 else 429)
    assert ask(service, "203.0.113.30", TOKEN).status_code == 200


def test_failures_are_counted(service: Service) -> None:
    def failed(kind: str) -> float:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        text = service.get("/metrics", headers=headers).text
        lines = [line for line in text.splitlines() if f'failed_total{{kind="{kind}"' in line]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    before = {kind: failed(kind) for kind in ("token", "key", "sign-in", "publish")}
    ask(service, "203.0.113.40", "x" * 20)
    sign_in(service, "203.0.113.40", "y" * 20)
    ask(service, "203.0.113.40", "z" * 20, "POST")
    service.get("/history?key=no.such.key")
    for kind, count in before.items():
        assert failed(kind) == count + 1, kind
