"""A web server that is not Vitals: other people's pages, on another port: another origin."""

import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.service import ROOT

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title>
<link rel="icon" href="data:,">{head}</head><body>{body}</body></html>"""


class Elsewhere(ThreadingHTTPServer):
    """Serves the folder examples/, and the pages that tests write."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = f"http://127.0.0.1:{self.server_port}"
        # Another origin by its name, and another site for cookies, though it is the same server.
        self.stranger = f"http://localhost:{self.server_port}"
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def write(self, body: str, *, head: str = "", **headers: str) -> str:
        """Write a page; returns its path. Headers are given with _ for -."""
        path = f"/written-{len(self.pages)}.html"
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (_PAGE.format(head=head, body=body), told)
        return path

    def close(self) -> None:
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Handler(SimpleHTTPRequestHandler):
    server: Elsewhere

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=str(ROOT / "examples"))

    def do_GET(self) -> None:
        written = self.server.pages.get(self.path.partition("?")[0])
        if written is None:
            super().do_GET()
            return
        text, headers = written
        body = text.encode()
        self.send_response(200)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass  # not into the test's output
