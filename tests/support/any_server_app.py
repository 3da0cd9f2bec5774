"""A small Flask app with `event_stream` that runs under any server, and in Vitals itself.

What its iterators go through is written into the file STREAMS_NOTES, because a server with one
process and no threads answers nothing else meanwhile.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint, Flask, Response, jsonify, request

from dashboard import create_app, event_stream

views = Blueprint("any_server", __name__)


def _note(text: str) -> None:
    with Path(os.environ["STREAMS_NOTES"]).open("a") as notes:
        notes.write(text + "\n")


@views.get("/polling/<key>")
def polling(key: str) -> Response:
    """An iterator that looks for news again and again and finds none."""

    def events() -> Iterator[str]:
        _note(f"begun {key}")
        try:
            yield "one"
            while True:
                time.sleep(0.05)
        finally:
            _note(f"ended {key}")

    return event_stream(events(), heartbeat=float(request.args.get("heartbeat", 3600)))


@views.get("/steady/<key>")
def steady(key: str) -> Response:
    """An event a tenth of a second, by gevent's sleep where the process is patched or not."""
    from gevent import sleep

    def events() -> Iterator[dict[str, int]]:
        _note(f"begun {key}")
        try:
            for number in range(10**6):
                yield {"number": number}
                sleep(0.1)
        finally:
            _note(f"ended {key}")

    return event_stream(events(), event="count")


@views.get("/open")
def what_is_open() -> Response:
    """Count what this process has open for streams."""
    threads = [each.name for each in threading.enumerate()]
    return jsonify(
        descriptors=len(os.listdir("/proc/self/fd")),
        threads=sum(name.startswith(("event_stream", "departures")) for name in threads),
    )


app = Flask(__name__)
app.register_blueprint(views)


def vitals() -> Flask:
    """Make the whole of Vitals with these views beside its own."""
    made = create_app()
    made.register_blueprint(views)
    return made
