"""The page's files: for good below /static/BUILD/, asked for anew each time below /static/.

The pages name the build in the address of what they load, and a module's relative imports keep it.
Whoever writes an address down, such as that of embed.js, uses the one without a build.
"""

import mimetypes
import re
from functools import lru_cache, partial
from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from werkzeug.routing import BaseConverter

from dashboard.web.answers import takes_gzip
from dashboard.web.compression import compress_once

_LEAST = 500  # bytes; less does not pay
_SCRIPT = "text/javascript"
_COMMENTED = frozenset({_SCRIPT, "text/css"})
_COMPRESSED = _COMMENTED | {"image/svg+xml"}
_FOR_GOOD = "max-age=31536000, immutable"
# From the start of a line to the end of one, or how far it is indented. A licence (/*!) stays.
_COMMENT = re.compile(
    rb"^[ \t]*(?://[^\n]*|/\*(?!!)[^*]*(?:\*(?!/)[^*]*)*\*/[ \t]*)$|^[ \t]+", re.MULTILINE
)


class _BuildConverter(BaseConverter):
    regex = "[0-9a-f]{12}"


def register(app: Flask, folder: Path, build: str) -> None:
    """Serve the files of a folder, of this build."""
    mimetypes.add_type("font/woff2", ".woff2")  # which not every system's list has
    mimetypes.add_type("application/manifest+json", ".webmanifest")
    app.url_map.converters["build"] = _BuildConverter
    view = partial(_file, folder, build)
    app.add_url_rule("/static/<build:build>/<path:filename>", "static", view)
    app.add_url_rule("/static/<path:filename>", "static", view)

    @app.url_defaults
    def _(endpoint: str, values: dict[str, str]) -> None:
        if endpoint == "static":
            values.setdefault("build", build)


def _file(folder: Path, own_build: str, filename: str, build: str | None = None) -> Response:
    response = send_from_directory(folder, filename)
    # A worker of another build may be asked while workers are replaced: it answers with its own
    # files, which must not be kept under that build's address.
    if build == own_build:
        response.headers["Cache-Control"] = _FOR_GOOD
        # What says nothing weighs on each file: a validator that is never used, and the charset
        # of modules, which is always UTF-8.
        response.headers.pop("ETag", None)
        if response.mimetype == _SCRIPT:
            response.headers["Content-Type"] = _SCRIPT
    return _compressed(response) if response.mimetype in _COMPRESSED else response


def _compressed(response: Response) -> Response:
    """Return the response as it is sent: scripts without comments, all by gzip to who takes it."""
    response.headers["Vary"] = "Accept-Encoding"
    # A hundred small files: what says nothing beside the ETag would be a tenth of them.
    for name in ("Content-Disposition", "Last-Modified", "Accept-Ranges"):
        response.headers.pop(name, None)
    if response.status_code != 200 or request.method != "GET":
        return response
    if response.mimetype in _COMMENTED:
        response.direct_passthrough = False
        response.set_data(without_comments(response.get_data()))
    if (response.content_length or 0) >= _LEAST and takes_gzip():
        response.direct_passthrough = False
        response.set_data(compress_once(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=256)
def without_comments(script: bytes) -> bytes:
    """Return a script or style sheet without whole lines of comment, and without indentation.

    They are a third of the bytes sent. Each line keeps its number, for messages of errors.

    Code decides nothing by its place in a line, so only text in backquotes could be mistaken.
    tests/js/test_minified.py holds the page's modules to having none of that kind.
    """
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)
