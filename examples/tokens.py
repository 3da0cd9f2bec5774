"""A language model's answer as it comes, one message for each token.

    gunicorn -k gevent examples.tokens:app        # then open http://127.0.0.1:8000/

Put your model into `answer`: any iterator of text will do. When the reader leaves it is closed, and
the model has no more to do. Under gevent it should wait as HTTP clients do, by gevent's leave.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from time import sleep

from flask import Flask, Response, request, send_from_directory

from vitals import ServerSentEvent, event_stream

app = Flask(__name__)


def answer(question: str) -> Iterator[str]:
    """Stands in for a model, and has but one answer."""
    for token in re.findall(r"\s*\S+", f"You ask: {question}\nThat, I think, is a good question."):
        sleep(0.1)
        yield token


@app.get("/")
def page() -> Response:
    return send_from_directory(Path(__file__).parent, "tokens.html")


@app.get("/answer")
def tokens() -> Response:
    question = request.args.get("question", "")

    def events() -> Iterator[str | ServerSentEvent]:
        yield from answer(question)
        yield ServerSentEvent(event="completed")

    # That a reader has left shows when something is written: so also while the model thinks.
    return event_stream(events(), heartbeat=1)
