"""Machines to read: one that is frozen in files, and ones that exist only as psutil's answers."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from dashboard.metrics import family_factories

FROZEN = Path(__file__).parent / "frozen"


class Watch:
    """A clock that goes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


class Machine:
    """A Linux server of four CPUs whose /proc is a folder, at one moment and then a second later.

    `ps` is the real psutil reading that folder, with made-up answers for what isn't in /proc.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proc = folder / "proc"
        self.sysfs = folder / "sys"
        self.root = folder / "root"
        (self.root / "run").mkdir(parents=True)
        (self.root / "run" / "utmp").touch()
        self.watch = Watch()
        shutil.copytree(FROZEN / "server", self.proc)
        shutil.copytree(FROZEN / "server_sys", self.sysfs)
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(self.proc))
        for card in ("eno1", "eno2"):
            interface = self.sysfs / "class" / "net" / card
            (interface / "device").mkdir(parents=True)
            (interface / "master").symlink_to("../bond0")
        disks = {
            "/": (100_000, 40_000, 60_000, 40.0),
            "/boot/efi": (500, 100, 400, 20.0),
            "/srv/backup disk": (4_000_000, 3_900_000, 100_000, 97.5),
            "/mnt/share": (9_000_000, 0, 9_000_000, 0.0),
        }

        def disk_usage(path: str) -> Any:
            if path not in disks:
                raise PermissionError(13, "Permission denied", path)
            return SimpleNamespace(
                **dict(zip(("total", "used", "free", "percent"), disks[path], strict=True))
            )

        self.ps: Any = SimpleNamespace(
            **{
                **vars(psutil),
                "cpu_count": lambda: 4,
                "getloadavg": lambda: (1.234, 0.5, 0.25),
                "disk_usage": disk_usage,
                "users": lambda: [SimpleNamespace(name="ada"), SimpleNamespace(name="ada")],
                "sensors_temperatures": lambda: {
                    "coretemp": [("Package id 0", 54.5, 84.0, 100.0), ("Core 0", 53.0, 84.0, 100.0)]
                },
            }
        )

    def write(self, path: str, content: str | bytes) -> None:
        """Change one file of its /proc."""
        raw = content if isinstance(content, bytes) else content.encode()
        (self.proc / path).write_bytes(raw)

    def attributes(self, folder: str, **files: str | bytes) -> None:
        """Write attributes into a folder of its /sys."""
        (self.sysfs / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (self.sysfs / folder / name).write_bytes(raw + b"\n")

    def remove(self, path: str) -> None:
        shutil.rmtree(self.proc / path)

    def replace(self, path: str, old: str, new: str) -> None:
        """Changes one place of one file, which must be there."""
        content = (self.proc / path).read_text()
        assert content.count(old) == 1
        self.write(path, content.replace(old, new))

    def limited(self) -> None:
        """It is a container whose cgroup (v2) allows 2 GiB and one CPU and a half."""
        self.attributes(
            "fs/cgroup",
            **{"memory.max": str(2 << 30), "cpu.max": "150000 100000"},
            **{"memory.current": str(1536 << 20)},
            **{"memory.stat": f"anon 5\ninactive_file {512 << 20}\nactive_file 7"},
        )

    def a_second_passes(self) -> None:
        """Its counters go on; agent 860 to 862 end, curl starts, and pid 850 is given out again."""
        shutil.copytree(FROZEN / "server_later", self.proc, dirs_exist_ok=True)
        shutil.copytree(FROZEN / "server_sys_later", self.sysfs, dirs_exist_ok=True)
        for pid in ("860", "861", "862"):
            self.remove(pid)
        self.watch.forward(1)

    def readers(self) -> dict[str, Any]:
        """All families, reading this machine by those of its parts that they ask for."""
        seams = {"ps": self.ps, "clock": self.watch, "sysfs": self.sysfs}
        parts: dict[str, Any] = {
            "root": self.root,
            "is_directory": lambda path: True,
            "system": lambda proc: "machine",
        }
        readers: dict[str, Any] = {}
        for family in family_factories(("web",), 0.25):
            make: Any = family
            asked = inspect.signature(getattr(family, "make", family)).parameters
            own = {key: parts[key] for key in asked if key in parts}
            readers[family.name] = make(**seams, **own)
        return readers


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)
