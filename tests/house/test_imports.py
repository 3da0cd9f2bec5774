"""Hold the packages of dashboard/ to one direction of imports."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter

import pytest

from tests.support.service import ROOT

# From the top down. A package imports from lower lines only; "" is dashboard/__init__.py.
LAYERS = [
    {"", "server", "agent"},
    {"web", "cli"},
    {"doctor"},
    {"runtime"},
    {"jobs"},
    {"sampling", "publications"},
    {"alerts", "streaming"},
    {"access"},
    {"log"},
    {"client"},
    {"metrics", "telemetry"},
    {"events"},
    {"settings", "errors", "posix", "installation"},
]
# The places that may import a package of others.
ONLY_IN = {
    "psutil": {"metrics"},
    "sqlite3": {"log/sqlite"},
    "redis": {"log/redis"},
    "flask": {"web", "cli", "__init__.py"},
    "click": {"cli"},
    "gunicorn": {"server"},
    "apprise": {"alerts"},
    "prometheus_client": {"telemetry", "web", "sampling/sources"},
    "segno": {"web"},
    "yaml": {"web/openapi"},
}
NO_GEVENT = {
    "errors",
    "events",
    "settings",
    "metrics",
    "access",
    "client",
    "doctor",
    "installation",
}
FILES = {str(f.relative_to(ROOT / "dashboard")): f for f in (ROOT / "dashboard").rglob("*.py")}


def room(module: str) -> str:
    """Return the package, or the module at the top, that a file or a dotted name belongs to."""
    first = module.removesuffix(".py").replace("/", ".").split(".")[0]
    return "" if first == "__init__" else first


def file_of(module: str) -> str | None:
    """Return the file of a dotted name below dashboard, or None for any other name."""
    path = module.replace(".", "/").removeprefix("dashboard/")
    if module == "dashboard":
        return "__init__.py"
    candidates = (f"{path}.py", f"{path}/__init__.py") if module.startswith("dashboard.") else ()
    return next((each for each in candidates if each in FILES), None)


@cache
def tree(file: str) -> ast.Module:
    """Return what Python's parser makes of a file."""
    return ast.parse(FILES[file].read_text("utf-8"))


@cache
def imports(file: str) -> tuple[str, ...]:
    """Return the modules that a file imports, wherever in it."""
    return tuple(_imports(file))


def _imports(file: str) -> Iterator[str]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            # gunicorn.conf.py loads dashboard/settings alone, under another name.
            assert (node.level, room(file)) == (1, "settings"), f"{file}: relative import"
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if file_of(name) else node.module or "" for name in names)


def own_imports(file: str) -> set[str]:
    """Return the files of dashboard/ that a file imports; no file of its own is `__init__.py`."""
    return {found for module in imports(file) if (found := file_of(module))} - {file}


def line(file: str) -> int:
    """Return the line of a file's package, 0 the topmost."""
    places = [number for number, layer in enumerate(LAYERS) if room(file) in layer]
    assert places, f"dashboard/{file} is in no package of LAYERS"
    return places[0]


def may_import(file: str, imported: str) -> bool:
    """Return whether a file of dashboard/ may import another."""
    if room(imported) == room(file) or line(imported) > line(file):
        return True
    # An app's commands come with it, and a command may make an app.
    return imported == "__init__.py" and room(file) in ("cli", "")


# One test for all files: pytest takes longer for a case of its own than this takes for a file.
def test_a_module_imports_only_its_own_package_and_lower_lines() -> None:
    pairs = [(file, imported) for file in sorted(FILES) for imported in own_imports(file)]
    assert len(pairs) > len(FILES)
    wrong = [f"{file} imports {other}" for file, other in pairs if not may_import(file, other)]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_through_others() -> None:
    graph = {file: own_imports(file) - {"__init__.py"} for file in FILES}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


def test_a_package_of_others_is_imported_only_where_it_belongs() -> None:
    pairs = {(file, module.split(".")[0]) for file in FILES for module in imports(file)}
    assert {package for _, package in pairs} >= {*ONLY_IN, "gevent"}
    wrong = [
        f"{file} imports {package}"
        for file, package in sorted(pairs)
        if not any(file.startswith(place) for place in ONLY_IN.get(package, {""}))
        or (package == "gevent" and room(file) in NO_GEVENT)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_master_loads_only_modules_that_import_nothing_else_of_dashboard() -> None:
    alone = [file for file in FILES if room(file) == "settings"]
    parts = ["telemetry/logging.py", "telemetry/systemd.py", "telemetry/start_report.py"]
    for file in [*alone, *parts, "posix/free_port.py", "server/options.py"]:
        assert not own_imports(file) - set(alone), file


def loaded_by(*modules: str) -> set[str]:
    """Return the names in sys.modules of a new process that has imported some modules."""
    program = "import importlib, json, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    command = [sys.executable, "-c", f"{program}\nprint(json.dumps([*sys.modules]))", *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=100)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("package", sorted(NO_GEVENT))
def test_a_package_without_gevent_loads_none_and_nothing_above_it(package: str) -> None:
    names = [file.removesuffix(".py") for file in FILES if room(file) == package]
    modules = [f"dashboard.{name.removesuffix('/__init__').replace('/', '.')}" for name in names]
    assert modules
    loaded = loaded_by(*modules)
    assert not {"gevent", "flask"} & loaded
    rooms = {name.split(".")[1] for name in loaded if name.startswith("dashboard.")}
    lowest = min(line(file) for file in FILES if room(file) == package)
    above = {each for each in rooms - {package} if line(each) <= lowest}
    assert not above


def test_the_wire_format_is_imported_alone() -> None:
    loaded = {name for name in loaded_by("dashboard.events.sse") if name.startswith("dashboard")}
    assert loaded == {"dashboard", "dashboard.events", "dashboard.events.sse"}


def test_a_view_of_others_loads_the_stream_and_nothing_else_of_the_dashboard() -> None:
    loaded = {name for name in loaded_by("dashboard.web.event_stream") if "dashboard." in name}
    own = {"event_stream", "event_pump", "departures"}
    assert loaded == {
        *("dashboard.web", "dashboard.events", "dashboard.events.sse"),
        *(f"dashboard.web.{name}" for name in own),
    }


def test_there_are_few_packages_and_few_modules_at_the_top() -> None:
    rooms = {room(file) for file in FILES}
    assert rooms == set().union(*LAYERS)
    assert len(rooms) <= 22
    top = [file for file in FILES if "/" not in file and file != "__init__.py"]
    assert len(top) <= 5, top


def test_a_module_and_its_functions_are_short() -> None:
    long = []
    for file in sorted(FILES):
        if (lines := len(FILES[file].read_text("utf-8").splitlines())) > 250:
            long.append(f"{file} has {lines} lines, over 250")
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 60:
                    long.append(f"{file}: {node.name} has {length} lines, over 60")
    assert not long, "\n".join(long)
