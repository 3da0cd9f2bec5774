"""An event stream from a Flask view, under any WSGI server.

gunicorn -k gevent examples.countdown:app     # or: flask --app examples.countdown run -p 8000
curl -N http://127.0.0.1:8000/countdown
"""

from collections.abc import Iterator
from time import sleep

from flask import Flask, Response

from vitals import ServerSentEvent, event_stream

app = Flask(__name__)


@app.get("/countdown")
def countdown() -> Response:
    def steps() -> Iterator[str | ServerSentEvent]:
        for number in range(10, 0, -1):
            yield str(number)
            sleep(1)
        yield ServerSentEvent("lift-off", event="completed")

    return event_stream(steps())
