"""Imports run one way: each module only from its own line and those below it."""

import ast
from collections.abc import Iterator

import pytest

from tests.service import ROOT

# From the top down, DESIGN section 2. The modules of one line may know each other.
LAYERS = [
    {"", "worker", "agent"},  # "" is dashboard itself: the composition
    {"web", "cli", "life", "doctor"},
    {"stream", "job_stream"},
    {"place"},
    {"access"},
    {"runtime", "exposition", "build", "origins"},
    {"sampler", "holding", "hub", "behind", "tail", "leadership", "worker_metrics", "alerting"}
    | {"notify", "duty", "agent_log", "alert_notes", "paces"},
    {"feeds"},
    {"starts"},
    {"connections", "recent", "admission", "jobs", "screens", "alert_log", "arrivals"},
    {"progress"},
    {"credentials"},
    {"feed", "parking", "instruments", "uncounted", "signing", "attempts", "proxies"},
    {"filter", "periods"},
    {"rights"},
    {"metrics", "log", "alerts", "columns", "frame", "wire", "publishing", "job"}
    | {"figures"}
    | {"alert", "alert_rules", "alert_trend", "outbox", "sender"},
    {"fields", "patterns", "batches"},
    {"event"},
    {"sse", "settings", "strict_json", "output", "systemd"},
]
ONLY_IN = {
    "psutil": {"metrics"},
    "sqlite3": {"log/sqlite.py", "log/sqlite_connection.py"},
    "redis": {"log/redis_server.py", "log/redis_tail.py", "log/redis_words.py"},
    "flask": {"web", "__init__.py", "access.py"},
    "click": {"cli"},
    "gunicorn": set[str](),
    "apprise": {"sender.py"},
}
ALERTS = {"alert", "alerts", "alert_rules", "alert_trend", "outbox"}
NO_GEVENT = (
    ALERTS
    | {"event", "sse", "settings", "metrics", "columns", "wire", "frame", "filter", "fields"}
    | {"batches", "periods", "output", "systemd"}
    | {
        "strict_json",
        "publishing",
        "figures",
        "job",
    }
)
FILES = {str(f.relative_to(ROOT / "dashboard")): f for f in (ROOT / "dashboard").rglob("*.py")}


def part(module: str) -> str:
    """The part of the package that a file or a dotted name belongs to."""
    first = module.removesuffix(".py").replace("/", ".").split(".")[0]
    return "" if first == "__init__" else first


def imports(file: str) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(FILES[file].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                # gunicorn.conf.py loads this package alone, under another name.
                assert (node.level, part(file)) == (1, "settings"), f"{file}: relative import"
                yield f".{node.module}"
            elif node.module == "dashboard":  # its modules, or what it exports itself
                parts = set[str]().union(*LAYERS)
                names = {alias.name for alias in node.names}
                yield from (f"dashboard.{name}" if name in parts else "dashboard" for name in names)
            else:
                yield node.module or ""


def level(name: str) -> int:
    """The line of a part, 0 the topmost."""
    places = [n for n, layer in enumerate(LAYERS) if name in layer]
    assert places, f"dashboard/{name} is in no layer: place it"
    return places[0]


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_module_imports_only_from_its_own_line_and_below(file: str) -> None:
    for module in imports(file):
        if module.split(".")[0] == "dashboard":
            imported = module.partition(".")[2]
            assert level(part(file)) <= level(part(imported)), f"{file} imports {module}"


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_package_is_imported_only_where_it_belongs(file: str) -> None:
    for package in {module.split(".")[0] for module in imports(file)}:
        places = ONLY_IN.get(package, {file})
        assert {file, file.split("/")[0]} & places, f"{file} imports {package}"
        assert not (package == "gevent" and part(file) in NO_GEVENT), f"{file} imports gevent"


@pytest.mark.parametrize("name", ["settings", "output", "systemd"])
def test_what_the_master_loads_imports_nothing_else_of_the_package(name: str) -> None:
    for file in [each for each in FILES if part(each) == name]:
        assert not [module for module in imports(file) if module.startswith("dashboard")], file
