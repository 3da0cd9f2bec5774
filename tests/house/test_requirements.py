"""requirements.txt alone is enough to serve, and the lock files are of it, to the last file."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.service import ROOT

LOADED = """
import gunicorn.workers.ggevent, app, dashboard.server.worker, sys
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

# Of each package the newest advisory that its maintainers have answered, and the version that did:
# what a lock file must not go back behind. Newer ones are found by pip-audit: CONTRIBUTING.md.
MENDED_IN = {
    "apprise": ("0.9.5.1", "CVE-2021-39229"),
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "flask": ("3.1.1", "CVE-2025-47278"),
    "gevent": ("23.9.0", "CVE-2023-41419"),
    "gunicorn": ("23.0.0", "CVE-2024-6827"),
    "idna": ("3.7", "CVE-2024-3651"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "psutil": ("5.6.6", "CVE-2019-18874"),
    "pyyaml": ("5.4", "CVE-2020-14343"),
    "redis": ("4.5.4", "CVE-2023-28859"),
    "requests": ("2.32.4", "CVE-2024-47081"),
    "urllib3": ("2.6.0", "CVE-2025-66471"),
    "werkzeug": ("3.1.4", "CVE-2025-66221"),
}
LICENCES = re.compile(r"MIT|BSD|Apache|ISC|MPL-2\.0|PSF-2\.0|ZPL-2\.1|Mozilla Public License 2\.0")


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


def locked(purpose: str) -> dict[str, str]:
    """Return the version of each distribution in a lock file, whose files all have hashes."""
    text = (ROOT / f"requirements{purpose}.lock").read_text()
    found = {}
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip()):
        match = re.fullmatch(
            r"([a-z0-9.-]+)(?:\[\w,]+)?==(\S+)(?: ; [^#]+?)?((?:\s+--hash=sha256:[0-9a-f]{64})+)",
            entry,
        )
        assert match, entry[:200]
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("purpose", ["", "-dev", "-node"])
def test_the_lock_file_has_what_the_requirements_name(purpose: str) -> None:
    text = (ROOT / f"requirements{purpose}.txt").read_text()
    wanted = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in re.findall(r"^([\w.-]+)(?:\[\w,]+)?==(\S+)", text, re.M)
    }
    assert wanted
    assert wanted.items() <= locked(purpose).items(), "make the lock file anew, see CONTRIBUTING.md"


def test_what_is_required_in_turn_is_locked_and_the_tests_use_the_same() -> None:
    installed = {
        re.sub(r"[-_.]+", "-", distribution.name).lower()
        for distribution in metadata.distributions()
    }
    assert required() & installed <= locked("").keys() | {"setuptools"}
    assert locked("").items() <= locked("-dev").items()


def test_the_agents_wheel_requires_a_part_of_the_whole() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    agent = tomllib.loads((ROOT / "deploy/agent-wheel/pyproject.toml").read_text())["project"]
    assert agent["optional-dependencies"] == whole["optional-dependencies"]
    others = set(agent["dependencies"]) - set(whole["dependencies"])
    assert [Requirement(each).name for each in others] == ["click"]  # which Flask has, too
    assert all(Requirement(each).specifier.contains(locked("")["click"]) for each in others)


def test_a_wheel_requires_what_the_checkout_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = dict(project["optional-dependencies"])
    del extras["gpu"]  # whoever has such a card installs it into the checkout, too
    texts = [*project["dependencies"], *(each for group in extras.values() for each in group)]
    wanted = {found.name: found for found in map(Requirement, texts)}
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M))
    assert wanted.keys() == pinned.keys()
    for name, requirement in wanted.items():
        assert requirement.specifier.contains(pinned[name]), requirement


def test_no_locked_version_is_one_with_a_known_hole() -> None:
    versions = locked("")
    assert MENDED_IN.keys() <= versions.keys()
    for name, (mended, advisory) in MENDED_IN.items():
        assert Version(versions[name]) >= Version(mended), f"{name}: {advisory}"


def needs_a_compiler(name: str) -> bool:
    """Whether a package was compiled here: the index has no wheel of it for this system."""
    wheel = metadata.distribution(name).read_text("WHEEL") or ""
    tags = re.findall(r"^Tag: \S+-(\S+)$", wheel, re.M)
    return not any(re.match(r"any$|manylinux|musllinux|macosx", tag) for tag in tags)


def test_nothing_that_is_required_wants_a_compiler() -> None:
    installed = {re.sub(r"[-_.]+", "-", each.name).lower() for each in metadata.distributions()}
    assert sys.platform != "linux" or needs_a_compiler("gunicorn_h1c")  # as is known
    assert [
        name for name in required() & locked("").keys() & installed if needs_a_compiler(name)
    ] == []


def test_what_is_installed_with_it_has_a_licence_that_lets_anybody_use_it() -> None:
    for name in required() & locked("").keys():
        try:
            told = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # for another Python or system than this one
        words = [*(told.get_all("License-Expression") or told.get_all("License") or ())]
        words += [each for each in told.get_all("Classifier") or () if each.startswith("License")]
        assert LICENCES.search(" ".join(words)), f"{name}: {words}"
        assert "GPL" not in " ".join(words), name
