"""Imports between the page's modules run one way, those of JSDoc types included."""

import posixpath
import re
from graphlib import CycleError, TopologicalSorter

import pytest

from dashboard.events.paths import TOLD_ELSEWHERE
from dashboard.web.pages import DISPLAY_KEYS
from tests.support.service import ROOT

JS = ROOT / "static" / "js"
FILES = {str(file.relative_to(JS)): file.read_text("utf-8") for file in sorted(JS.rglob("*.js"))}

# Each folder and those that its modules may import from beside their own.
FOLDERS = {
    "pages": {"desk", "kiosk", "fleet", "embed", "panels", "streaming", "ui", "config"},
    "desk": {"panels", "charts", "ui", "config"},
    "kiosk": {"streaming", "ui", "config"},
    "fleet": {"panels", "charts", "state", "streaming", "ui", "config"},
    "embed": {"panels", "state", "streaming", "ui", "config"},
    "panels": {"charts", "state", "streaming", "ui", "config"},
    "charts": {"ui"},
    "state": {"streaming"},
    "streaming": {"ui"},
    "ui": set[str](),
    "config": set[str](),
}
ENTRIES = {"wall", "fleet", "screens", "links", "machines", "embed_frame"}

# A module's path in `from "…"`, `import "…"`, `import("…")` and `new URL("…", import.meta.url)`.
PATH = re.compile(r"""(?:\bfrom|\bimport|\bURL)\s*\(?\s*["'`](\.[^"'`]+\.js)["'`]""")


def imports(name: str) -> set[str]:
    """Paths of the modules that one imports, at load, later, or for a type; below static/js."""
    folder = posixpath.dirname(name)
    found = {posixpath.normpath(f"{folder}/{path}") for path in PATH.findall(FILES[name])}
    return {path for path in found if not path.startswith("../vendor/")}


def folder(name: str) -> str:
    return name.split("/")[0]


def in_order(edges: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " <- ".join(error.args[1]))


def test_each_module_is_in_one_of_the_folders() -> None:
    assert {folder(name) for name in FILES} == set(FOLDERS)
    assert all(name.count("/") == 1 for name in FILES), "folders have no folders"
    assert len(FOLDERS) == 11


def test_pages_holds_the_entry_points_and_nothing_imports_them() -> None:
    pages = {name for name in FILES if folder(name) == "pages"}
    assert pages == {f"pages/{entry}.js" for entry in ENTRIES}
    templates = "".join(file.read_text("utf-8") for file in (ROOT / "templates").glob("*.html"))
    assert all(f"js/{name}" in templates for name in pages)


# One test for all modules: pytest takes longer for a case of its own than this for a module.
def test_a_module_imports_only_what_its_folder_may() -> None:
    pairs = [(name, imported) for name in FILES for imported in sorted(imports(name))]
    assert len(pairs) > len(FILES)
    wrong = [
        f"{name} imports {imported}"
        for name, imported in pairs
        if imported not in FILES or folder(imported) not in {folder(name), *FOLDERS[folder(name)]}
    ]
    assert not wrong, "\n".join(wrong)


def test_no_circle_between_modules_or_folders() -> None:
    in_order({name: imports(name) for name in FILES})
    in_order(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_s_row_names_no_more_than_it_imports(name: str) -> None:
    used = {folder(path) for file in FILES if folder(file) == name for path in imports(file)}
    assert FOLDERS[name] == used - {name}


def test_a_module_has_at_most_250_lines_and_opens_with_what_it_is_or_does() -> None:
    assert len(FILES) > 100
    wrong = {name: said for name, text in FILES.items() if (said := wrong_with(text))}
    assert not wrong


def wrong_with(text: str) -> str:
    """Name what is wrong with a module's length or its head, if anything."""
    lines = text.splitlines()
    if len(lines) > 250:
        return f"{len(lines)} lines"
    if lines[0] != "// @ts-check":
        return "not checked by tsc"
    header = re.match(r"/\*\*(?:\n \*)? (.+)", "\n".join(lines[1:]))
    if not header:
        return "no comment at its head"
    beginnings = r"What|Whether|How|Where|Which|When|Why|Who|One |The same"
    return header[0] if re.match(beginnings, header[1]) else ""


SHIM = 'import "../ui/older_browsers.js";'


def test_whatever_is_loaded_first_makes_up_for_older_browsers() -> None:
    first = {name for name in FILES if folder(name) == "pages"} | {"streaming/worker.js"}
    for name in sorted(first | {"embed/vitals-chart.js", "embed/vitals-number.js"}):
        found = re.findall(r"^import .*", FILES[name], re.M)
        assert found[0] == SHIM, name


def test_sheets_need_nothing_newer_that_eslint_does_not_know() -> None:
    for sheet in (ROOT / "static" / "css").glob("*.css"):
        text = sheet.read_text("utf-8").replace("(width: 1cqw)", "")
        assert not re.search(r":not\([^()]*,", text), f"{sheet.name}: one :not() for each"
        text = re.sub(r"--cq[wh]: 1cq[wh];", "", text)
        assert not re.search(r"\dcq[wh]", text), f"{sheet.name}: use var(--cqw) and var(--cqh)"


def words_of(file: str, name: str) -> set[str]:
    """Return the texts of a constant list of a module, and those of its own constants in it."""
    text = FILES[file]
    declared = re.search(rf"const {name} = [^\[]*\[([^\]]*)\]", text)
    assert declared, f"{file} has no list {name}"
    constants = dict(re.findall(r'const ([A-Z]+) = "([^"]*)"', text))
    words = (word.strip() for word in declared[1].split(","))
    return {constants.get(word, word.strip('"')) for word in words}


def test_lists_that_stand_in_python_and_javascript_are_the_same() -> None:
    assert words_of("panels/plan.js", "TOLD") == TOLD_ELSEWHERE | {"screen"}
    assert words_of("kiosk/wishes.js", "DISPLAY_KEYS") == set(DISPLAY_KEYS)
