"""Names of machines: letters and digits of any script, in one form, and nothing unseen."""

import unicodedata

import pytest

from dashboard.errors import ClientError
from dashboard.events.event import HOST, check_host
from dashboard.events.scope import Scope

APART = unicodedata.normalize("NFD", "größe-1")


@pytest.mark.slow
def test_a_sign_alone_is_a_letter_a_digit_or_a_mark_and_stays_so_when_it_is_composed() -> None:
    taken = [sign for sign in map(chr, range(0xD800)) if HOST.fullmatch(sign)]
    taken += [sign for sign in map(chr, range(0xE000, 0x110000)) if HOST.fullmatch(sign)]
    unseen = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
    assert not [sign for sign in taken if unicodedata.category(sign) in unseen]
    for sign in taken:
        assert HOST.fullmatch(check_host(sign)), ascii(sign)
    assert {"a", "ß", "機", "ह", "7", "٣"} < set(taken)


@pytest.mark.parametrize("name", ["a\u037eb", "a\u1fefb", "a\u2028b", "a\u202eb", "\U000e0041b"])
def test_what_would_become_a_sign_of_the_shell_or_is_not_seen_is_refused(name: str) -> None:
    with pytest.raises(ClientError):
        check_host(name)


def test_a_name_that_is_too_long_once_it_is_composed_is_refused() -> None:
    with pytest.raises(ClientError):
        check_host("\u0958" * 253)  # each becomes two


def test_a_right_holds_whichever_form_its_patterns_have() -> None:
    name = check_host(APART)
    assert name == "größe-1" != APART
    for pattern in (APART, APART[:-1] + "*"):
        assert Scope(hosts=(pattern,)).allows_host(name)
