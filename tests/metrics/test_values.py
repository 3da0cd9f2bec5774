"""Names and sizes of the machine as JSON holds them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.values import MAX_NAME, byte_count, printable


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("eth0", "eth0"),
        ("Ærøskøbing 温度", "Ærøskøbing 温度"),
        (b"caf\xe9", r"caf\xe9"),
        ("caf\udce9", r"caf\xe9"),
        ("half \ud800", r"half \ud800"),
        ("a\nb\x1b[2J", r"a\nb\x1b[2J"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        (b"", ""),
    ],
)
def test_a_name_can_be_printed(name: bytes | str, text: str) -> None:
    assert printable(name) == text


@given(st.binary(max_size=64) | st.text(st.characters(), max_size=64))
def test_any_name_is_text_of_one_line(name: bytes | str) -> None:
    text = printable(name)
    assert text.isprintable()
    msgspec.json.encode(text)


def test_a_name_has_an_end() -> None:
    assert len(printable("x" * 10**6)) == MAX_NAME
    assert len(printable(b"\xff" * 10**6)) == MAX_NAME


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (0, 0),
        (2**53, 2**53),
        (2**60 + 1, 2.0**60),
        (2**63, None),
        (2**64, None),
        (-1, None),
        (float("nan"), None),
        (None, None),
    ],
)
def test_sizes(value: float | None, size: float | None) -> None:
    assert byte_count(value) == size
