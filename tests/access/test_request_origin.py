"""Host and Origin headers, and paths to redirect to: strings that programs read differently."""

import pytest

from dashboard.access.request_origin import HostValidator, is_cross_site
from dashboard.access.trusted_proxies import FORWARDED_HOST
from dashboard.web.sign_in import _PATH

OURS = ["box", "wall.example"]


@pytest.mark.parametrize(
    "host",
    [
        *("", "box", "BOX:8000", "wall.example.", "localhost", "a.localhost:1", "127.0.0.1:80"),
        *("[::1]", "[::1]:8000", "[2001:db8::1]"),
    ],
)
def test_a_host_of_ours_is_trusted(host: str) -> None:
    validator = HostValidator(OURS)
    assert validator.untrusted_host({"HTTP_HOST": host}) is None
    assert validator.untrusted_host({"HTTP_HOST": "box", FORWARDED_HOST: host}) is None


@pytest.mark.parametrize(
    "host",
    [
        *("[::1]evil", "[::1]evil.example", "[::1].evil:80", "[::1", "::1]", "[evil.example]"),
        *("127.0.0.1@evil.example", "box:80@evil.example", "box:evil", "box evil.example", "box/x"),
        *("evil.example", "box.evil.example", "[127.0.0.1]x", "box:123456", "[]", ":80", "box\tx"),
        "127.0.0.1.evil",
    ],
)
def test_any_other_host_is_not(host: str) -> None:
    validator = HostValidator(OURS)
    assert validator.untrusted_host({"HTTP_HOST": host}) == host
    assert validator.untrusted_host({"HTTP_HOST": "box", FORWARDED_HOST: host}) == host


@pytest.mark.parametrize("origin", ["null", "", "http://[", "http://[::1]evil", "http://box.evil"])
def test_any_origin_can_be_compared(origin: str) -> None:
    assert is_cross_site({"HTTP_HOST": "box", "HTTP_ORIGIN": origin})


@pytest.mark.parametrize("target", ["/", "/?theme=light", "/host/web-1?a=/b//c"])
def test_a_path_of_this_service_is_one_to_go_on_to(target: str) -> None:
    assert _PATH.fullmatch(target)


SKIPPED = [chr(code) for code in range(0x21)] + ["\x7f"]  # a browser drops them, or some of them


@pytest.mark.parametrize(
    "target",
    [
        *("", "//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example"),
        *("javascript:alert(1)", "evil.example"),
        *(f"/{each}/evil.example/" for each in SKIPPED),
        *(f"{each}//evil.example/" for each in SKIPPED),
        *(f"/{each}\\evil.example/" for each in SKIPPED),
    ],
)
def test_whatever_a_browser_could_take_for_another_site_is_not(target: str) -> None:
    assert not _PATH.fullmatch(target)
