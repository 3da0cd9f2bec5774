"""Names of the machine, its uptime, and who is logged in.

The uptime comes from a clock that setting the time doesn't move. The boot's time is the wall
clock minus that, so it follows when the clock is set.
"""

import math
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.container import whose_system
from dashboard.metrics.family import Family, Field
from dashboard.metrics.values import printable


class System(Family):
    """Uptime, sessions and names."""

    name = "system"
    cadence = 60.0
    fields = (
        Field("uptime_seconds", "s", "since the boot, sleep included", title="Uptime"),
        Field("boot_time", "s since 1970", "when it booted", title="Booted"),
        Field(
            "users",
            "sessions",
            "people logged in now, with a terminal or a desktop; null where nothing counts them",
        ),
        Field(
            "of",
            "",
            "`machine`, or `container`: then users and os are its own, kernel the machine's, and"
            " uptime one or the other",
        ),
        Field("os", "", "the system's name and version"),
        Field("kernel", "", "the kernel's release"),
        Field("tags[]", "", "what it is for; the first one is its group"),
        Field("interval", "s", "time between samples of the fast families"),
    )

    def __init__(
        self,
        *,
        tags: Sequence[str] = (),
        interval: float | None = None,
        root: Path = Path("/"),
        **seams: Any,
    ) -> None:
        """`tags` and `interval` (seconds) are settings of the machine, sent as they are."""
        super().__init__(**seams)
        self._tags = list(tags)
        self._interval = interval
        self._root = root

    def read(self) -> dict[str, Any]:
        """Return the family's fields; each that the system doesn't tell is null."""
        boot, uptime = self._boot_time(), self._uptime()
        if uptime is None and boot is not None:
            uptime = max(0.0, self._wall_clock() - boot)
        if boot is None and uptime is not None:
            boot = self._wall_clock() - uptime
        return {
            "uptime_seconds": None if uptime is None else round(uptime),
            "boot_time": None if boot is None else round(boot),
            "users": self._sessions(),
            "of": whose_system(self._proc, root=self._root),
            "os": printable(_system_name()),
            "kernel": printable(platform.release()),
            "tags": self._tags,
            "interval": self._interval,
        }

    def _boot_time(self) -> float | None:
        try:
            boot = float(self._ps.boot_time())
        except (OSError, RuntimeError, ValueError, IndexError):
            return None
        return boot if math.isfinite(boot) else None

    def _uptime(self) -> float | None:
        if self._proc is None:
            return None
        try:
            uptime = float(procfs.read(f"{self._proc}/uptime").split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return uptime if math.isfinite(uptime) else None

    def _sessions(self) -> int | None:
        """Return the number of sessions: logind's where it runs, else those in utmp.

        An entry of utmp whose process has ended was left by a crash, and `who` leaves it out, too.
        """
        logind = self._root / "run/systemd/sessions"
        if self._proc is not None and logind.is_dir():
            return sum(_is_user_session(file) for file in logind.iterdir())
        if self._proc is not None and not any((self._root / file).exists() for file in _UTMP):
            return None
        try:
            return sum(self._is_there(user) for user in self._ps.users())
        except (AttributeError, NotImplementedError, OSError, RuntimeError):
            return None

    def _is_there(self, user: Any) -> bool:
        pid = getattr(user, "pid", None)
        return self._proc is None or pid is None or Path(self._proc, str(pid)).exists()


_UTMP = ("run/utmp", "var/run/utmp")


def _is_user_session(file: Path) -> bool:
    """Return whether a file of logind is of somebody logged in, not of a greeter or a service."""
    if file.suffix == ".ref":
        return False
    lines = (procfs.read_text(str(file)) or "").split("\n")
    state = dict(line.split("=", 1) for line in lines if "=" in line)
    is_user = state.get("CLASS", "") in {"user", "user-early", "user-incomplete", "user-light"}
    return is_user and state.get("STATE") != "closing"


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (KeyError, OSError, ValueError):
        return f"{platform.system()} {platform.release()}"
