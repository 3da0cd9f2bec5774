"""A small Flask app of the kind that users write, with `event_stream` in its views.

Served by tests/web/test_event_stream.py, which reads through /state how the iterators ended.
"""

import os
from collections.abc import Iterator

import gevent
from flask import Flask, Response, jsonify, request

from dashboard import ServerSentEvent, event_stream

app = Flask(__name__)
begun: dict[str, int] = {}
ended: dict[str, int] = {}


def _note(where: dict[str, int], key: str) -> None:
    where[key] = where.get(key, 0) + 1


class Closable:
    """An iterator that is no generator: silent until it is closed."""

    def __iter__(self) -> "Closable":
        return self

    def __next__(self) -> str:
        _note(begun, "closable")
        gevent.sleep(3600)
        return ""

    def close(self) -> None:
        _note(ended, "closable")


@app.get("/table")
def table() -> Response:
    """Every form of an event, then the end."""

    def events() -> Iterator[ServerSentEvent | str]:
        yield "unnamed"
        yield ServerSentEvent("named", event="news")
        yield ServerSentEvent("with an id", id="7")
        yield ServerSentEvent("with all", event="news", id="8", retry=1234, comment="not seen")
        yield ServerSentEvent("", event="empty")
        yield "two\nlines"

    return event_stream(events())


@app.get("/empty")
def empty() -> Response:
    """No event at all."""
    return event_stream([])


@app.get("/list")
def from_list() -> Response:
    """Any iterable will do."""
    return event_stream(["one", "two"])


@app.get("/retry")
def retry() -> Response:
    """A pause of the view's own choice."""
    return event_stream(["one"], retry=4321)


@app.get("/burst")
def burst() -> Response:
    """Many events without a pause, in order."""
    return event_stream(str(number) for number in range(2000))


@app.get("/silent/<key>")
def silent(key: str) -> Response:
    """An iterator that waits for ever, after `events` events."""
    count = request.args.get("events", 0, int)

    def events() -> Iterator[str]:
        _note(begun, key)
        try:
            for number in range(count):
                yield str(number)
            gevent.sleep(3600)
        finally:
            _note(ended, key)

    return event_stream(events(), heartbeat=request.args.get("heartbeat", 0.1, float))


@app.get("/steady/<key>")
def steady(key: str) -> Response:
    """An event each 10 ms, for ever."""

    def events() -> Iterator[ServerSentEvent]:
        _note(begun, key)
        try:
            number = 0
            while True:
                yield ServerSentEvent(f"{key} {number}", id=str(number))
                number += 1
                gevent.sleep(0.01)
        finally:
            _note(ended, key)

    return event_stream(events())


@app.get("/closable")
def closable() -> Response:
    """An iterator with a close method of its own."""
    return event_stream(Closable(), heartbeat=0.1)


@app.get("/fails")
def fails() -> Response:
    """An error after the first event."""

    def events() -> Iterator[str]:
        yield "fine"
        raise RuntimeError("the iterator fails")

    return event_stream(events())


@app.get("/bad-item")
def bad_item() -> Response:
    """Something that is no event."""

    def events() -> Iterator[object]:
        yield "fine"
        yield object()

    return event_stream(events())


@app.get("/no-iterable")
def no_iterable() -> Response:
    """Nothing to iterate over."""
    return event_stream(None)  # type: ignore[arg-type]


@app.get("/context")
def context() -> Response:
    """The request, while it is long answered."""

    def events() -> Iterator[str]:
        yield request.args["word"]
        gevent.sleep(0.05)
        yield f"{request.path} {request.args['word']}"

    return event_stream(events())


@app.get("/state")
def state() -> Response:
    """How many iterators began and ended, by key, and what this process has open."""
    return jsonify(begun=begun, ended=ended, descriptors=len(os.listdir("/proc/self/fd")))
