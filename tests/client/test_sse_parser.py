"""The parser of event streams: the table of cases, anything against the standard, and its cost."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.client import EventTooLong, Message, Parser
from tests.support import sse_reading
from tests.support.sse_cases import ALL, Case
from tests.support.sse_reading import Received


def parse(parser: Parser, stream: bytes, size: int) -> list[Message]:
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    return [message for piece in pieces for message in parser.feed(piece)]


def received(messages: list[Message]) -> list[Received]:
    return [Received(one.event, one.data, one.last_event_id) for one in messages]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_it_reads_the_table_wherever_the_chunks_are_cut(case: Case) -> None:
    last_event_id = sse_reading.read(case.wire).last_event_id
    for size in (1, 2, 3, 1000, 1_000_000):
        parser = Parser()
        assert received(parse(parser, case.wire, size)) == list(case.received), size
        assert parser.retry == (case.retries[-1] if case.retries else None), size
        assert parser.last_event_id == last_event_id, size


FRAGMENTS = st.sampled_from(
    [
        *(b"data", b"event", b"id", b"retry", b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"x"),
        *(b"7", b"\0", b"\xc3\xa4", b"\xff", "\ufeff".encode(), "\u2028".encode()),
        *(b"\xef", b"\xbb", b"\xf0\x9f", b"data: y\n", b"id: z\r"),
    ]
)


@example([b"data", b"\r", b"\r", b"x"], 1)
@example([b"data:x", b"\r\n", b"\r\n"], 1)
@example([b"data:x", b"\r", b"data:x", b"\n\n"], 7)
@given(st.lists(FRAGMENTS), st.integers(1, 5))
def test_it_agrees_with_the_standard_on_anything(fragments: list[bytes], size: int) -> None:
    stream = b"".join(fragments)
    wanted = sse_reading.read(stream)
    parser = Parser()
    assert received(parse(parser, stream, size)) == wanted.events
    assert parser.last_event_id == wanted.last_event_id
    assert parser.retry == (wanted.retries[-1] if wanted.retries else None)


def test_a_cr_at_the_end_of_a_chunk_ends_its_line_at_once() -> None:
    parser = Parser()
    assert [one.data for one in parser.feed(b"data: a\r\r")] == ["a"]
    assert [one.data for one in parser.feed(b"\ndata: b\r")] == []
    assert [one.data for one in parser.feed(b"\n\r")] == ["b"]
    assert parser.feed(b"\ndata: c") == []


def test_an_events_own_id_is_told_from_the_one_that_lasts() -> None:
    found = Parser("begin").feed(b"data: a\n\nid: 1\ndata: b\n\ndata: c\n\nid:\ndata: d\n\n")
    assert [(one.id, one.last_event_id) for one in found] == [
        (None, "begin"),
        ("1", "1"),
        (None, "1"),
        ("", ""),
    ]


def test_an_id_counts_from_the_end_of_its_block_on() -> None:
    parser = Parser("0")
    parser.feed(b"id: 1\n")
    assert parser.last_event_id == "0"
    parser.feed(b"\n")
    assert parser.last_event_id == "1"


def test_a_retry_of_many_digits_costs_nothing() -> None:
    parser = Parser()
    parser.feed(b"retry: " + b"9" * 1_000_000 + b"\n")
    assert parser.retry is None
    parser.feed(b"retry: " + b"0" * 3_000 + b"5\n")
    assert parser.retry == 5


@pytest.mark.parametrize("cut", [b"data: %s", b": %s", b"%s", b"data: x\ndata: %s"])
def test_the_cost_is_linear_in_a_lines_length(cut: bytes) -> None:
    """A line of 4 MB in small chunks takes some 4 times as long as one of 1 MB, and not 16."""

    def cost(length: int) -> float:
        stream = cut % (b"y" * length) + b"\n\n"
        pieces = [stream[start : start + 256] for start in range(0, len(stream), 256)]
        best = float("inf")
        for _ in range(3):
            parser, began = Parser(), time.process_time()
            for piece in pieces:
                parser.feed(piece)
            best = min(best, time.process_time() - began)
        return best

    costs = [cost(length) for length in (1 << 20, 1 << 22)]
    assert all(after < 10 * before for before, after in pairwise(costs)), costs


@pytest.mark.parametrize("stream", [b"data: " + b"x" * 2000, b"data: x\n" * 600, b"x" * 2000])
@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_an_event_without_end_is_bounded(stream: bytes, size: int) -> None:
    with pytest.raises(EventTooLong, match="more than 1000 characters"):
        parse(Parser(most=1000), stream, size)
    parse(Parser(most=1000), (stream[:900] + b"\n\n" + b": x\n" * 600) * 9, size)
