"""Views that do what Vitals does and keep nothing: what Flask and gunicorn alone allow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from gevent.event import Event

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

app = Flask(__name__)
_never = Event()


@app.post("/publish")
def publish() -> ResponseReturnValue:
    events = request.get_json()
    return {"ids": [str(len(events))]}, 201


@app.get("/stream")
def stream() -> Response:
    return Response(_events(), content_type="text/event-stream")


def bare(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
    """Answer with the same stream without Flask."""
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    return _events()


def _events() -> Iterator[bytes]:
    """An event of the size that Vitals begins with, and then nothing."""
    yield b"event: bench\ndata: " + b"x" * 800 + b"\n\n"
    _never.wait()
