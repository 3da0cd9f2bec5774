"""No script or style sheet needs a newer browser than docs/tv.md promises, as eslint knows them."""

import json
import subprocess
from typing import Any

import pytest

from tests.support.service import ROOT

pytestmark = pytest.mark.slow  # eslint takes ten seconds of CPU

# A line of each, and nothing else of it is wrong.
SCRIPT = [
    "structuredClone({});",
    "URL.canParse(location.href);",
    "AbortSignal.any([]);",
    "await 1;",
    "class Block { static { stop(); } }",
    "class Brand { #brand = 1; static is(other) { return #brand in other; } }",
    "/a/d.exec('a');",
    "/(?<=a)b/.test('ab');",
]
SHEET = [
    "a:is(b, c) { color: red; }",
    "a:has(b) { color: red; }",
    "a { aspect-ratio: 1; }",
    "a { color: color-mix(in srgb, red, red); }",
    "@container (min-width: 1px) { a { color: red; } }",
    "@layer base { a { color: red; } }",
]


def lint(*arguments: str, text: str | None = None) -> list[dict[str, Any]]:
    """Return what eslint says of each file."""
    command = ["node_modules/.bin/eslint", "--format", "json", *arguments]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True)
    assert done.stdout, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_nothing_is_too_new() -> None:
    files = lint("static")
    assert len(files) > 140
    said = [
        f"{file['filePath']}:{message['line']}: {message['message']}"
        for file in files
        for message in file["messages"]
    ]
    assert not said, "\n".join(said)


@pytest.mark.parametrize(("name", "lines"), [("js/new.js", SCRIPT), ("css/new.css", SHEET)])
def test_what_is_too_new_is_found(name: str, lines: list[str]) -> None:
    (file,) = lint("--stdin", "--stdin-filename", f"static/{name}", text="\n".join(lines))
    found = {message["line"] for message in file["messages"]}
    assert [line for number, line in enumerate(lines, 1) if number not in found] == []
