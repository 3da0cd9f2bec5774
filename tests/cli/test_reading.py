"""What the commands read, purely: lines of programs, how far a job is, levels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.cli.meter import Meter
from dashboard.cli.tail import _as_json, _as_text
from dashboard.cli.text import LEVELS, MOST_LINE, Lines, level_of
from dashboard.client import Message
from dashboard.doctor.observation import Chunk, Response
from dashboard.jobs.model import Number

# How far a job is.


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("42", (42, 100, None)),
        ("42.5", (42.5, 100, None)),
        ("0", (0, 100, None)),
        ("101", (None, None, "101")),
        (" 42%", (42, 100, None)),
        ("42 %", (42, 100, None)),
        ("42,5 %", (42.5, 100, None)),
        ("3/10", (3, 10, None)),
        ("3 / 10", (3, 10, None)),
        ("3 of 10", (3, 10, None)),
        ("1.5/2.5", (1.5, 2.5, None)),
        ("[3/10] Building x.o", (3, 10, "Building x.o")),
        ("[ 42%] Building x.o", (42, 100, "Building x.o")),
        ("step 3/10", (3, 10, None)),
        ("  1,238,099  42%  146.38kB/s    0:00:08 (xfr#5, to-chk=169/396)", (42, 100, None)),
        ("Receiving objects:  45% (450/1000), 1.2 MiB", (45, 100, None)),
        (" 45%|####5     | 45/100 [00:10<00:12, 3.9it/s]", (45, 100, None)),
        ("home/2/3", (None, None, "home/2/3")),
        ("22/11/2026", (None, None, "22/11/2026")),
        ("11/10", (None, None, "11/10")),
        ("0/0", (None, None, "0/0")),
        ("1e3%", (None, None, "1e3%")),
        ("v1.2/3", (None, None, "v1.2/3")),
        ("120%", (None, None, "120%")),
        ("-5%", (None, None, "-5%")),
        ("٤٢", (None, None, "٤٢")),
        ("  copying /home  ", (None, None, "copying /home")),
        ("", (None, None, None)),
    ],
)
def test_a_line_moves_the_bar_or_is_a_message(
    line: str, wanted: tuple[Number | None, Number | None, str | None]
) -> None:
    meter = Meter()
    meter.read(line)
    assert (meter.done, meter.total, meter.message) == wanted


def test_bare_numbers_count_up_to_the_total() -> None:
    meter = Meter(1000)
    meter.read("250")
    assert (meter.done, meter.total) == (250, 1000)
    meter.read("a file")
    assert (meter.done, meter.total, meter.message) == (250, 1000, "a file")


@given(st.text(max_size=60))
def test_no_line_upsets_the_meter(line: str) -> None:
    meter = Meter()
    meter.read(line)
    assert meter.done is None or (meter.total is not None and 0 <= meter.done <= meter.total)


# Lines as text.


@given(st.lists(st.binary(max_size=8)), st.booleans())
def test_lines_end_where_they_end_however_the_bytes_come(pieces: list[bytes], ends: bool) -> None:
    pieces = [*pieces, b"\n"] if ends else pieces
    lines = Lines()
    found = [line for piece in pieces for line in lines.feed(piece)] + lines.end()
    whole = Lines()
    assert found == whole.feed(b"".join(pieces)) + whole.end()
    wanted = b"".join(pieces).count(b"\n")
    assert len(found) in (wanted, wanted + 1)
    assert all(not any(ord(c) < 32 and c != "\t" for c in line) for line in found)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain\r", "plain"),
        (b"tab\there", "tab\there"),
        (b"\xff\xfe broken", "\ufffd\ufffd broken"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x00\x07\x1b]0;title\x07", "␀␇␛]0;title␇"),
        ("a\u2028b\x85c".encode(), "a\u2028b\ufffdc"),
        (b"x" * MOST_LINE, "x" * MOST_LINE),
        (b"x" * (MOST_LINE + 5), "x" * MOST_LINE + " … [5 bytes cut]"),
        ("ä".encode() * MOST_LINE, "ä" * (MOST_LINE // 2) + f" … [{MOST_LINE} bytes cut]"),
        (
            b"x" + "ä".encode() * MOST_LINE,
            "x" + "ä" * (MOST_LINE // 2 - 1) + " … [16385 bytes cut]",
        ),
    ],
)
def test_a_line_becomes_text_that_harms_nobody(line: bytes, text: str) -> None:
    assert Lines().feed(line + b"\n") == [text]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("hello", "info"),
        ("2026-11-22 12:00:00 ERROR disk full", "error"),
        ("[warn] a", "warning"),
        ("<crit> b", "critical"),
        ("DEBUG: no error here", "debug"),
        ("panic: runtime error", "critical"),
        ('{"level":"warning","error":"x"}', "warning"),
        ('ts=1 level=debug msg="error"', "debug"),
        ("GET /error.html 200", "info"),
        ("errors=0 error=0 no-error", "info"),
        ("terrors of warnings", "info"),
        ("it failed.", "error"),
        ("level=loud, fatal", "critical"),
    ],
)
def test_the_level_is_that_of_the_lines_words(line: str, level: str) -> None:
    assert level_of(line) == level


WORDS = st.sampled_from(["error", "\u017fevere", "cr\u0131tical", "level", "=", ":", '"', " ", "x"])


@given(st.lists(WORDS | st.text(max_size=3)))
def test_any_line_has_a_level(words: list[str]) -> None:
    assert level_of("".join(words)) in LEVELS


# What others may have put into a stream.


@pytest.mark.parametrize(
    "data",
    [
        *(
            '{"x": "\\ud800", "host": "\\udfff"}',
            '{"message": "\\ud800"}',
            '{"time": NaN, "x": 1e999}',
        ),
        *(f'{{"x": 1{"0" * 400}}}', "[" * 100_000, "1", '"\\ud800"', "null", "\ud800"),
    ],
)
@pytest.mark.parametrize("name", ["cpu", "log", "progress"])
def test_whatever_a_stream_has_can_be_printed(name: str, data: str) -> None:
    message = Message(name, data)
    for line in (_as_text(message), _as_json(message)):
        assert line.encode()
        assert "\n" not in line
    assert isinstance(Response(chunks=(Chunk(1.0, (Message("hello", data),)),)).hello, dict)
