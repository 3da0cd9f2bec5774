"""The build: a short hash of what this version is made of, the same wherever it runs."""

import hashlib
import tomllib
from functools import cache
from typing import Any

from dashboard.installation import FILES, IS_WHEEL, PACKAGE

_PARTS = (FILES / "app.py", FILES / "templates", FILES / "static", PACKAGE)
_SUFFIXES = {".py", ".html", ".js", ".css", ".svg", ".woff2"}


def build_id() -> str:
    """Twelve hexadecimal digits that change whenever a file of code or page does."""
    digest = hashlib.sha256()
    for part in _PARTS:
        for path in sorted(part.rglob("*")) if part.is_dir() else [part]:
            # From a wheel the other parts lie inside of the package.
            is_again = IS_WHEEL and part == PACKAGE and FILES in path.parents
            if path.suffix in _SUFFIXES and path.is_file() and not is_again:
                digest.update(path.relative_to(part.parent).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def version() -> str:
    """Return the project's version, "unknown" where its pyproject.toml is missing."""
    try:
        return str(project()["version"])
    except OSError:
        return "unknown"


@cache
def project() -> dict[str, Any]:
    """Return what pyproject.toml says of the project: `version`, `description` and the like."""
    found: dict[str, Any] = tomllib.loads((FILES / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def release(build: str) -> str:
    """Return what people are told of a build: its version, and the id itself."""
    return f"{version()}, build {build}"
