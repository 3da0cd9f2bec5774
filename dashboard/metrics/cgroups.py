"""Files of a control group (cgroup v2), each read by as few calls as can be."""

import os
import re
import resource
from contextlib import suppress

from dashboard.metrics.values import printable

_MOST = 8192  # bytes
_MOST_OPEN = 2048
_WAITING = re.compile(rb"some avg10=(\d+\.\d+)")
_CONTAINER = re.compile(r"(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?|lxc\.payload\.(.+)")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
_MOVED = re.compile(rb"rbytes=(\d+) wbytes=(\d+)")


class GroupFiles:
    """Files that stay open, as reading one again takes a fifth of opening it.

    They are at most a quarter of those that the process may open.
    """

    def __init__(self) -> None:
        may_open = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = _MOST_OPEN if may_open < 0 else min(_MOST_OPEN, may_open // 4)
        self._read: dict[str, _OpenFile] = {}
        self._before: dict[str, _OpenFile] = {}

    def content(self, path: str) -> bytes:
        """Return the first bytes of a file; nothing of one that is gone."""
        file = self._read.get(path)
        if file is None:
            file = self._before.pop(path, None)
            if file is None:
                if len(self._read) + len(self._before) >= self._most:
                    return group_file(path)
                file = _OpenFile(path)
            self._read[path] = file
        try:
            return os.pread(file.descriptor, _MOST, 0)
        except OSError:
            del self._read[path]  # another group may come by its name
            return b""

    def close_unread(self) -> None:
        """Close the files that were not read since the last call."""
        self._read, self._before = {}, self._read


class _OpenFile:
    """A descriptor that is closed with its last user; -1 of a file that is gone."""

    _close = staticmethod(os.close)  # also while the interpreter ends

    def __init__(self, path: str) -> None:
        self.descriptor = -1
        with suppress(OSError):
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            self._close(self.descriptor)


def group_file(path: str) -> bytes:
    """Return the first bytes of a file; nothing of one that is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _MOST)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def number(content: bytes) -> int | None:
    """Return the number in a file; None without one, and for `max`."""
    text = content.strip()
    return int(text) if text.isdigit() else None


def waiting(content: bytes) -> float | None:
    """Return the ten-second average in the first line of a pressure file, in percent."""
    match = _WAITING.match(content)
    return float(match[1]) if match else None


def moved_bytes(content: bytes) -> tuple[float, float]:
    """Return bytes read from disks and written to them since a group's beginning, from io.stat."""
    found = _MOVED.findall(content)
    return float(sum(int(read) for read, _ in found)), float(sum(int(each) for _, each in found))


def group_text(folder: str) -> str:
    """Return what a group's folder is called, for people."""
    return printable(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), folder))


def unit_name(folder: str) -> tuple[str, str] | None:
    """Return name and kind of the unit whose group a folder is; None for another group's."""
    if container := _CONTAINER.fullmatch(folder):
        return container[1] or group_text(container[2]), "container"
    if folder.endswith((".service", ".scope")) and not folder.startswith("user@"):
        return group_text(folder), folder.rpartition(".")[2]
    return None


def short_name(name: str) -> str:
    """Return a unit's name, of a container's id its beginning."""
    return name[:12] if len(name) == 64 else name


def unit_of(content: bytes) -> str | None:
    """Return the unit in /proc/PID/cgroup (cgroups(7)); None where the process is in none."""
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        if line.startswith("0::/"):
            units = filter(None, map(unit_name, line.split("/")))
            return next((short_name(name) for name, _ in units), None)
    return None


def links(group: str) -> int:
    """Return how many links a group's folder has: two more than groups inside."""
    with suppress(OSError):
        return os.stat(group).st_nlink  # noqa: PTH116
    return 0
