"""The fenced blocks of the documents.

A block is run by tests/house/test_snippets.py, by its language, unless a comment before it says
`<!-- not run: REASON -->` or `<!-- run by tests/FILE.py -->`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
# What tests/house/test_snippets.py knows how to run. Nothing can be done with a text.
LANGUAGES = {"sh", "toml", "json", "html", "python", "js", "css", "address"}
_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<mark>[^\n]+) -->\n(?P=indent))?"
    r"```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.M | re.S,
)


@dataclass(frozen=True)
class Snippet:
    """One block: where it is, what it is, and what the comment before it says."""

    page: Path
    line: int
    language: str
    text: str
    mark: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_run(self) -> bool:
        """True where tests/house/test_snippets.py runs it."""
        return self.mark is None and self.language in LANGUAGES

    def problem(self) -> str:
        """Return what is wrong with its mark, or with having none; empty for nothing."""
        if self.mark is None:
            known = self.language in LANGUAGES or self.language == "text"
            return "" if known else f"{self}: nothing runs {self.language or 'it'}: mark it"
        if (by := re.fullmatch(r"run by (tests/[\w/]+\.py)", self.mark)) is not None:
            test = ROOT / by[1]
            names_it = test.is_file() and self.page.name in test.read_text("utf-8")
            return "" if names_it else f"{self}: {by[1]} does not name {self.page.name}"
        reason = re.fullmatch(r"not run: \w.{8,}", self.mark)
        return "" if reason else f"{self}: {self.mark!r} is no mark"


def snippets() -> list[Snippet]:
    """Return all blocks of all pages."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in _BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("language")) + 1
            body = re.sub(rf"^{block['indent']}", "", block["text"], flags=re.M)
            found.append(Snippet(page, line, block["language"], body, block["mark"]))
        assert len(re.findall(r"^ *```", text, re.M)) == 2 * len(
            [each for each in found if each.page == page]
        ), f"{page.name}: a block that begins or ends strangely"
    return found
