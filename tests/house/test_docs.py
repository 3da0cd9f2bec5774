"""What the documents list is what there is."""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from dashboard import settings
from dashboard.publications import read_events
from examples.countdown import app
from tests.support.service import ROOT
from tests.support.snippets import snippets

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def rows(heading: str) -> list[str]:
    """The first cells of the table under a heading."""
    section = ARCHITECTURE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| ([^|]+?) \|", section, re.M)[1:]


def test_the_architecture_is_short_and_draws_every_package() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 120
    drawing = ARCHITECTURE.split("```")[1]
    package = ROOT / "dashboard"
    for name in [f"{file.parent.name}/" for file in package.glob("*/__init__.py")]:
        assert re.search(rf"(?<![\w/]){name}", drawing), name
    for name in [file.name for file in package.glob("[a-z]*.py")]:
        assert name in drawing, name


def test_the_architecture_names_files_that_are_there() -> None:
    named = re.findall(r"`([\w.][\w/.]*/[\w.]*)`", ARCHITECTURE)
    assert named
    roots = (ROOT, ROOT / "dashboard")
    for name in named:
        assert any((root / name).exists() for root in roots), name


def test_the_architecture_gives_a_reason_for_every_dependency() -> None:
    required = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.M)
    cells = [name for cell in rows("Dependencies") for name in cell.split(", ")]
    assert sorted(cells) == sorted([*required, "uPlot", "@fontsource/arimo (npm)"])


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def anchors(page: Path) -> set[str]:
    """The ids that GitHub gives to a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_documents_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"`[^`\n]*`", "", page.read_text("utf-8"))  # patterns look like links, too
        for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text):
            if "://" not in target:
                there = page.parent / target if target else page
                assert there.exists(), f"{page.name}: {target}"
                assert not anchor or anchor in anchors(there), f"{page.name}: {target}#{anchor}"


def test_every_command_and_snippet_is_run_or_says_why_not() -> None:
    found = snippets()
    assert [problem for each in found if (problem := each.problem())] == []
    assert sum(each.is_run for each in found) > len(found) / 2


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    listed = re.findall(r"^\| \[(\w+\.md)\]", index, re.M)
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md"]
    assert sorted(listed) == sorted([*pages, "CONTRIBUTING.md"])


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_settings_that_can_be_copied_are_there_and_have_their_prefix() -> None:
    keys = {field.name.upper() for field in fields(settings.Settings)} | {"CONFIG"}
    for page in PAGES:
        text = page.read_text("utf-8")
        unknown = set(re.findall(r"\bDASHBOARD_([A-Z_]+)\b", text)) - keys
        assert not unknown, f"{page.name}: {unknown}"
        for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.M | re.S):
            bare = set(re.findall(r"(?:^|\s)([A-Z_]+)=", block)) & keys
            assert not bare, f"{page.name}: {bare}"


def test_the_readmes_own_number_can_be_published() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (body,) = re.findall(r"^ +-d '(.+)'$", readme, re.M)
    (event,) = read_events(body.encode(), lines=False, host="web-1", now=0.0)
    assert f"panels={event.name}.{next(iter(json.loads(body)['data']))}," in readme


def test_the_readmes_example_is_the_one_in_the_folder_and_works() -> None:
    example = (ROOT / "examples" / "countdown.py").read_text("utf-8")
    shown = (ROOT / "README.md").read_text("utf-8").split("```python\n")[1].split("```")[0]
    for line in ("return event_stream(steps())", 'yield ServerSentEvent("lift-off", event='):
        assert line in shown
        assert line in example
    response = app.test_client().get("/countdown", buffered=False)
    blocks = iter(response.response)
    first = b""
    while b"data: 9" not in first:
        first += next(blocks)  # type: ignore[operator]
    assert first.count(b"data: 10\n\n") == 1
    response.close()


def test_the_version_is_one_of_the_changelog() -> None:
    project = tomllib.loads(Path(ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## {project['version']}" in changelog


def test_the_tests_and_metrics_that_security_names_are_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    names = set(re.findall(r"`(test_\w+)`", page))
    assert names
    assert not {name for name in names if f"def {name}(" not in tests}
    for file in re.findall(r"`(tests/[\w/.]+)`", page):
        assert (ROOT / file).exists(), file
    counters = (ROOT / "dashboard" / "telemetry" / "counters.py").read_text("utf-8")
    for metric in re.findall(r"`(vitals_\w+)", page):
        assert f'"{metric}"' in counters, metric


def test_every_limit_has_its_setting_in_security() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    limits = [key for key, _, _ in settings.table() if key.startswith("MAX_")]
    for key in (*limits, "HEADER_TIMEOUT", "KEEP_ALIVE", "BODY_TIMEOUT", "FAILED_ATTEMPTS"):
        assert f"`{key}`" in page, key


@pytest.mark.full
def test_the_pictures_of_the_docs_can_be_taken(tmp_path: Path) -> None:
    command = [sys.executable, "docs/screenshot.py", "3", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=240, capture_output=True)
    assert {path.name for path in tmp_path.iterdir()} == {p.name for p in ROOT.glob("docs/*.png")}
