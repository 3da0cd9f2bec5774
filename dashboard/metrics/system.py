"""What the machine is, and how long it has been up.

The uptime comes from a clock that setting the time doesn't move. The boot's time is the wall
clock minus that, so it follows when the clock is set.
"""

from __future__ import annotations

import platform
import time
from typing import Any, ClassVar

import psutil

from dashboard.metrics import procfs
from dashboard.metrics.family import Clock, Field


class System:
    """Uptime, sessions and names."""

    name: ClassVar[str] = "system"
    cadence: ClassVar[float] = 60
    fields: ClassVar[tuple[Field, ...]] = (
        Field("uptime_seconds", "s", "since the boot, sleep included", "/proc/uptime"),
        Field("boot_time", "s since 1970", "when it booted", "psutil.boot_time"),
        Field("users", "sessions", "logged in now, as `who` counts", "psutil.users"),
        Field("os", "", "the system's name and version", "os-release PRETTY_NAME"),
        Field("kernel", "", "the kernel's release", "uname(2)"),
        Field("tags[]", "", "what it is for; the first one is its group", "the setting HOST_TAGS"),
        Field("interval", "s", "time between samples of the fast families", "the setting INTERVAL"),
    )
    tags: ClassVar[tuple[str, ...]] = ()
    interval: ClassVar[float | None] = None

    def __init__(self, *, ps: Any = psutil, wall_clock: Clock = time.time) -> None:
        self.absent_reason: str | None = None
        self._ps = ps
        self._wall_clock = wall_clock
        self._proc = procfs.root(ps)

    def read(self) -> dict[str, Any]:
        """The family's fields. Raises OSError when the system doesn't tell."""
        boot = self._ps.boot_time()
        if self._proc is not None:
            uptime = float(procfs.read(f"{self._proc}/uptime").split()[0])
        else:
            uptime = max(0.0, self._wall_clock() - boot)
        return {
            "uptime_seconds": round(uptime),
            "boot_time": round(boot),
            "users": self._sessions(),
            "os": _system_name(),
            "kernel": platform.release(),
            "tags": list(self.tags),
            "interval": self.interval,
        }

    def _sessions(self) -> int | None:
        try:
            return len(self._ps.users())
        except (AttributeError, NotImplementedError, OSError, RuntimeError):
            return None


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (KeyError, OSError):
        return f"{platform.system()} {platform.release()}"
