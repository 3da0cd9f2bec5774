"""examples/tokens.py with a model of which the test says when it has the next token.

A list of them is posted to /say; in it null is the end, and false a failure.
"""

from collections.abc import Iterator

from flask import Response, jsonify, request
from gevent.queue import Queue

from examples import tokens

app = tokens.app
said: "Queue[str | bool | None]" = Queue()
asked: list[str] = []
count = {"produced": 0, "closed": 0}


def answer(question: str) -> Iterator[str]:
    """Wait for each token before it is given out."""
    asked.append(question)
    try:
        while True:
            token = said.get()
            if token is None:
                return
            if not isinstance(token, str):
                raise RuntimeError("the model fails")
            count["produced"] += 1
            yield token
    finally:
        count["closed"] += 1


tokens.answer = answer


@app.post("/say")
def say() -> Response:
    for token in request.get_json():
        said.put(token)
    return Response(status=204)


@app.get("/state")
def state() -> Response:
    return jsonify(asked=asked, **count)
