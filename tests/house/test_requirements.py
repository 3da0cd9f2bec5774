"""requirements.txt alone is enough to serve: what the service imports comes from there."""

import re
import subprocess
import sys
from importlib import metadata

from tests.support.service import ROOT

LOADED = """
import gunicorn.workers.ggevent, gunicorn_h1c, app, dashboard.server.worker, sys
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def required() -> set[str]:
    """The distributions that requirements.txt installs, with what they require themselves."""
    found: set[str] = set()
    waiting = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.M)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found.add(name)
        try:
            requires = metadata.distribution(name).requires or ()
        except metadata.PackageNotFoundError:
            continue  # for another Python or system than this one
        for requirement in requires:
            # What only an extra or another system asks for is not installed.
            if "extra ==" not in requirement and "sys_platform" not in requirement:
                waiting += re.findall(r"^[\w.-]+", requirement)
    return found


def test_the_service_imports_nothing_that_requirements_txt_does_not_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    providers = metadata.packages_distributions()
    imported = {
        re.sub(r"[-_.]+", "-", distribution).lower()
        for module in done.stdout.split()
        for distribution in providers.get(module, ())
    }
    # setuptools puts a hook into every environment that has it; nobody imports that. msgspec takes
    # typing_extensions where it is, as here beside the tests' packages, and goes without.
    assert imported - required() - {"setuptools", "typing-extensions"} == set()
