"""Chromiums of years ago: from npm packages, unpacked for a test run, and driven by playwright."""

import subprocess
from pathlib import Path

from tests.support.service import ROOT

# Chromium 87 is 88 without these: what a television of 2022 has, and the oldest that is promised.
LACKS_OF_87 = ("CSSPseudoIs", "CSSPseudoWhere", "CSSPseudoNot", "CSSAspectRatioProperty")
PACKAGES = {"87": "chrome-aws-lambda", "103": "@sparticuz/chromium"}
INFLATE = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"


def unpack(version: str, folder: Path) -> Path:
    """Return the path of an engine's program, which is unpacked into an empty folder."""
    packed = ROOT / "node_modules" / PACKAGES[version] / "bin" / "chromium.br"
    program = folder / "chromium"
    with packed.open("rb") as source, program.open("wb") as target:
        subprocess.run(["node", "-e", INFLATE], stdin=source, stdout=target, check=True)
    program.chmod(0o755)
    return program
