"""The build: a short hash of what this version is made of, the same wherever it runs."""

import hashlib
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_PARTS = ("app.py", "dashboard", "templates", "static")
_SUFFIXES = {".py", ".html", ".js", ".css", ".svg", ".woff2"}


def build_id(root: Path = _ROOT) -> str:
    """Twelve hexadecimal digits that change whenever a file of code or page does."""
    digest = hashlib.sha256()
    for part in _PARTS:
        start = root / part
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.suffix in _SUFFIXES and path.is_file():
                digest.update(path.relative_to(root).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
