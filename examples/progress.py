"""How far a task is, from a Flask view, with a page that has a bar; under any WSGI server.

gunicorn -k gevent examples.progress:app      # or: flask --app examples.progress run -p 8000
Then open http://127.0.0.1:8000/, or: curl -N http://127.0.0.1:8000/progress/sums
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, send_file

from vitals import ServerSentEvent, event_stream

app = Flask(__name__)
FILES = [path for path in sorted(Path(__file__).parent.iterdir()) if path.is_file()]


@app.get("/progress/<job>")
def progress(job: str) -> Response:
    def steps() -> Iterator[dict[str, object] | ServerSentEvent]:
        for done, path in enumerate(FILES, 1):
            message = f"{sha256(path.read_bytes()).hexdigest()} {path.name}"
            yield {"done": done, "total": len(FILES), "message": message}
        yield ServerSentEvent({"message": f"{job}: done"}, event="completed")

    return event_stream(steps())


@app.get("/")
def page() -> Response:
    return send_file(Path(__file__).with_name("progress.html"))
