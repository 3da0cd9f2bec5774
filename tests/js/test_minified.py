"""The page's modules are sent without comments, and nothing else of them is left out."""

import re
import subprocess
from pathlib import Path

import pytest

from dashboard.web.static_files import without_comments
from tests.support.service import ROOT, Service

STATIC = ROOT / "static"


def test_only_comments_that_fill_their_lines_are_left_out() -> None:
    script = b"""// @ts-check
/*! licence */
/**
 * One * two ** three.
 */
const url = "http://x"; // kept
  /* a */ run(1 /* b */);
  // c
/* d */ more(); /* e */
"""
    assert without_comments(script) == (
        b'\n/*! licence */\n\n\n\nconst url = "http://x"; // kept\n'
        b"/* a */ run(1 /* b */);\n\n/* d */ more(); /* e */\n"
    )


@pytest.mark.slow
def test_a_compiler_reads_every_module_alike_with_and_without_comments(tmp_path: Path) -> None:
    modules = [STATIC / "embed.js", *(STATIC / "js").rglob("*.js")]
    assert len(modules) > 100
    lean = tmp_path / "lean"
    for module in modules:
        copy = lean / module.relative_to(STATIC)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(without_comments(module.read_bytes()))
    assert compiled(STATIC, modules, tmp_path / "whole-out") == compiled(
        lean, [lean / module.relative_to(STATIC) for module in modules], tmp_path / "lean-out"
    )


def compiled(root: Path, modules: list[Path], out: Path) -> dict[str, str]:
    """What TypeScript makes of modules: their code in its own layout, without any comment.

    Not indented: in the templates of embed.js, which are style sheets, that means nothing.
    """
    flags = "--allowJs --noCheck --noResolve --removeComments --target es2022 --module es2022"
    command = [str(ROOT / "node_modules/.bin/tsc"), *flags.split(), "--types", "", "--ignoreConfig"]
    done = subprocess.run(
        [*command, "--rootDir", str(root), "--outDir", str(out), *map(str, modules)],
        cwd=out.parent,
        capture_output=True,
        text=True,
    )
    files = {
        str(path.relative_to(out)): re.sub(r"(?m)^[ \t]+", "", path.read_text("utf-8"))
        for path in out.rglob("*.js")
    }
    assert len(files) == len(modules), done.stdout
    return files


def test_a_module_is_sent_without_comments_whether_or_not_it_is_compressed(
    service: Service,
) -> None:
    path = "/static/js/ui/appearance.js"
    for coding in ("gzip", "identity"):
        text = service.get(path, headers={"Accept-Encoding": coding}).text
        assert "export class Theme" in text
        assert "/**" not in text
        assert text.count("\n") == (STATIC / "js/ui/appearance.js").read_text("utf-8").count("\n")
