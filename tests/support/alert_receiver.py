"""A receiver of alerts: a tiny server for the JSON that apprise's json:// URLs send."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.service import wait_for


class Receiver:
    """Keeps what it is sent, and answers as the test wants."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.arrived: list[float] = []  # when each of them came
        self.asked = 0
        self.status = 200
        self.open = threading.Event()  # while it is not set, nothing is answered
        self.open.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.asked += 1
                if receiver.status == 200:
                    receiver.arrived.append(time.time())
                    receiver.messages.append(message)
                receiver.open.wait(30)
                try:
                    self.send_response(receiver.status)
                    self.end_headers()
                except OSError:
                    pass  # who asked has gone

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_address[1]}/alerts?rto=60"

    def titles(self) -> list[str]:
        return [message["title"] for message in list(self.messages)]

    def wait_for(self, *titles: str) -> None:
        """Wait until exactly these have come, and fail at once when others have."""

        def have_come() -> bool:
            found = self.titles()
            assert found == list(titles)[: len(found)], found
            return len(found) == len(titles)

        wait_for(have_come, f"the messages {titles}")

    def close(self) -> None:
        self.open.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(30)
