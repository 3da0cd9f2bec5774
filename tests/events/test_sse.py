"""The writer, by the byte and through parsers that this project did not write."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import httpx
import httpx_sse
import msgspec
import pytest
import sseclient
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.events.sse import ServerSentEvent, encode
from tests.support.sse_cases import ALL, CASES, Case
from tests.support.sse_reading import Received, read

by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def wire(events: list[ServerSentEvent] | tuple[ServerSentEvent, ...]) -> bytes:
    return b"".join(encode(event) for event in events)


# --- the table -----------------------------------------------------------------------------------


def test_case_names_are_unique() -> None:
    assert len({case.name for case in ALL}) == len(ALL)


@by_name
def test_writes_exactly_these_bytes(case: Case) -> None:
    assert wire(case.events) == case.wire


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_the_standards_algorithm_reads_them(case: Case) -> None:
    reading = read(case.wire)
    assert tuple(reading.events) == case.received
    assert tuple(reading.retries) == case.retries


# --- parsers of others ---------------------------------------------------------------------------


class InPieces(httpx.SyncByteStream):
    """A response body that comes a byte at a time: no parser may depend on where packets end."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream

    def __iter__(self) -> Iterator[bytes]:
        for i in range(len(self.stream)):
            yield self.stream[i : i + 1]


def read_httpx_sse(stream: bytes) -> tuple[list[Received], list[int]]:
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    response = httpx.Response(200, headers=headers, stream=InPieces(stream))
    found = list(httpx_sse.EventSource(response).iter_sse())
    events = [Received(event.event, event.data, event.id) for event in found]
    return events, [event.retry for event in found if event.retry is not None]


def read_sseclient(stream: bytes) -> tuple[list[Received], list[int]]:
    found: list[Any] = list(sseclient.SSEClient(iter(InPieces(stream))).events())
    events = [Received(event.event, event.data, event.id or "") for event in found]
    return events, [int(event.retry) for event in found if event.retry is not None]


Parser = Callable[[bytes], tuple[list[Received], list[int]]]
PARSERS: dict[str, Parser] = {"httpx-sse": read_httpx_sse, "sseclient-py": read_sseclient}

# Where a parser departs from the standard, and what it gives instead: (events, retries). Pinned, so
# that a fixed or a newly broken parser is noticed. Two habits are behind all of them:
# httpx-sse dispatches blocks without data when they have another field, and once an id is known
# every blank line; sseclient-py forgets the id after each event, and drops blocks without data
# together with the id and the retry in them.
message = "message"
DEPARTURES: dict[tuple[str, str], tuple[list[Received], list[int]]] = {
    ("httpx-sse", "id without data"): (
        [Received(message, "", "a"), Received(message, "1", "a")],
        [],
    ),
    ("httpx-sse", "retry without data"): (
        [Received(message, "", ""), Received(message, "1", "")],
        [2000],
    ),
    ("sseclient-py", "id lasts"): (
        [Received(message, "1", "a"), Received(message, "2", ""), Received(message, "3", "b")],
        [],
    ),
    ("sseclient-py", "id without data"): ([Received(message, "1", "")], []),
    ("sseclient-py", "retry without data"): ([Received(message, "1", "")], []),
}


@pytest.mark.parametrize("parser", PARSERS)
@by_name
def test_others_read_them(case: Case, parser: str) -> None:
    standard = (list(case.received), list(case.retries))
    assert PARSERS[parser](case.wire) == DEPARTURES.get((parser, case.name), standard)


def test_each_departure_is_one() -> None:
    cases = {case.name: case for case in CASES}
    for (parser, name), given_ in DEPARTURES.items():
        assert parser in PARSERS
        assert given_ != (list(cases[name].received), list(cases[name].retries)), name


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize(
    ("character", "named"), [("\r", "CR"), ("\n", "LF"), ("\r\n", "CR"), ("\0", "NUL")]
)
@pytest.mark.parametrize("around", ["{}", "a{}b", "a{}", "{}b"])
def test_names_and_ids_are_one_line(field: str, character: str, named: str, around: str) -> None:
    fields: dict[str, Any] = {field: around.format(character)}
    with pytest.raises(ValueError, match=rf"^{field} must not have {named} in it"):
        ServerSentEvent("data", **fields)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^event must not be empty"):
        ServerSentEvent("data", event="")


@pytest.mark.parametrize("retry", [-1, True, False, 1.0, "1", timedelta(-1)])
def test_retry_is_a_whole_number(retry: Any) -> None:
    with pytest.raises(ValueError, match=r"^retry must be a whole number"):
        ServerSentEvent("data", retry=retry)


@pytest.mark.parametrize("field", ["data", "event", "id", "comment"])
@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "\udc93\ud83d"])
def test_lone_surrogates_are_refused(field: str, text: str) -> None:
    fields: dict[str, Any] = {field: text}
    with pytest.raises(ValueError, match=rf"^{field} must not have lone surrogates: U\+D") as info:
        ServerSentEvent(**fields)
    assert not isinstance(info.value, UnicodeError)


@pytest.mark.parametrize("field", ["event", "id", "comment"])
@pytest.mark.parametrize("value", [b"a", 1.5, False, {"a": 1}])
def test_text_is_str(field: str, value: Any) -> None:
    fields: dict[str, Any] = {field: value}
    with pytest.raises(TypeError, match=rf"^{field} must be str, not {type(value).__name__}$"):
        ServerSentEvent(**fields)


def test_a_changed_copy_is_checked_too() -> None:
    with pytest.raises(ValueError, match=r"^id must not have LF"):
        replace(ServerSentEvent("data", id="1"), id="1\n2")


@dataclass
class Reading:
    """An object of a user's."""

    celsius: float
    taken: date


class Struct(msgspec.Struct):
    """An object of msgspec's."""

    name: str


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([], "[]"),
        (0, "0"),
        (False, "false"),
        (1.5, "1.5"),
        (Reading(20.5, date(2026, 1, 2)), '{"celsius":20.5,"taken":"2026-01-02"}'),
        (Struct("é"), '{"name":"é"}'),
        ("é\n".encode(), "é\n"),  # bytes are sent as they are, as .NET's formatter does
        ('{"a": 1}', '{"a": 1}'),
        ("", ""),
    ],
)
def test_objects_become_json_and_text_stays(data: object, text: str) -> None:
    assert ServerSentEvent(data).data == text


@pytest.mark.parametrize(
    ("data", "error"),
    [(object(), TypeError), ({1j: 1}, TypeError), (b"\xff", ValueError)],
)
def test_what_becomes_no_text_is_refused(data: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^data must be "):
        ServerSentEvent(data)


def test_data_without_end_are_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(TypeError, match=r"^data must be text or become JSON, which list does not"):
        ServerSentEvent(endless)


def test_a_name_alone_is_dispatched_with_empty_data() -> None:
    assert encode(ServerSentEvent(event="completed")) == b"event: completed\ndata:\n\n"
    assert encode(ServerSentEvent(id="7")) == b"id: 7\n\n", "an id alone needs no event"


def test_ids_and_pauses_are_of_the_types_that_people_have() -> None:
    event = ServerSentEvent("x", id=0, retry=timedelta(seconds=1.5))
    assert (event.id, event.retry) == ("0", 1500)
    assert ServerSentEvent(retry=timedelta(microseconds=600)).retry == 1


# --- round trips ---------------------------------------------------------------------------------

# Half of the characters are the ones that have a meaning somewhere, or are taken for line ends.
HARD = "\r\n\0 :\t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\ufeff💓"
characters = st.sampled_from(HARD) | st.characters(exclude_categories=["Cs"])
text = st.text(characters, max_size=30)
line = st.text(characters.filter(lambda character: character not in "\r\n\0"), max_size=30)
in_any_time = settings(deadline=None)  # A slow machine is not a wrong writer.


def events(data: st.SearchStrategy[Any], id_: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    event = st.builds(
        ServerSentEvent,
        data=data,
        event=st.none() | line.filter(bool),
        id=id_,
        retry=st.none() | st.integers(min_value=0, max_value=2**53),
        comment=st.none() | text,
    )
    return st.lists(event, max_size=5)


def received(sent: list[ServerSentEvent]) -> list[Received]:
    """What a page must get: line ends as LF, the last id kept, blocks without data left out."""
    found, last_id = [], ""
    for event in sent:
        last_id = last_id if event.id is None else event.id
        if event.data is not None:
            data = event.data.replace("\r\n", "\n").replace("\r", "\n")
            found.append(Received(event.event or "message", data, last_id))
    return found


@in_any_time
@given(events(data=st.none() | text, id_=st.none() | line))
def test_round_trip_by_the_standard(sent: list[ServerSentEvent]) -> None:
    reading = read(wire(sent))
    assert reading.events == received(sent)
    assert reading.retries == [event.retry for event in sent if event.retry is not None]


# httpx-sse is right as long as every block has data; sseclient-py when each has an id as well.
@in_any_time
@given(events(data=text, id_=st.none() | line))
def test_round_trip_through_httpx_sse(sent: list[ServerSentEvent]) -> None:
    retries = [event.retry for event in sent if event.retry is not None]
    assert read_httpx_sse(wire(sent)) == (received(sent), retries)


@in_any_time
@given(events(data=text, id_=line))
def test_round_trip_through_sseclient(sent: list[ServerSentEvent]) -> None:
    retries = [event.retry for event in sent if event.retry is not None]
    assert read_sseclient(wire(sent)) == (received(sent), retries)


@in_any_time
@given(st.lists(text, min_size=1, max_size=5), st.integers(min_value=0))
def test_a_stream_cut_anywhere_gives_no_wrong_event(texts: list[str], cut: int) -> None:
    sent = [ServerSentEvent(one) for one in texts]
    stream = wire(sent)
    events_read = read(stream[: cut % (len(stream) + 1)]).events
    assert events_read == received(sent)[: len(events_read)]
