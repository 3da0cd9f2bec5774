"""How full the filesystems are.

Shown are filesystems that keep files: those on a block device, and those over a network. Left out
are the kernel's own (proc, tmpfs, cgroup …), images that are always full (squashfs, iso9660), and
automount points, which a mere look would mount. `/` is shown whatever it is, because in a
container it is an overlay. One filesystem mounted in several places has one size, so it is shown
once, by its shortest path.

Asking a mount whose server is gone blocks for as long as it likes. `read` keeps no state, so a
reading that was given up on and comes back late changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple

import psutil

from dashboard.metrics import procfs
from dashboard.metrics.family import Field

# "nodev" in /proc/filesystems says that no block device is needed; these keep files nevertheless.
_WITHOUT_DEVICE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "9p", "virtiofs", "vboxsf", "zfs", "ubifs")
)
_IN_USER_SPACE = frozenset(("sshfs", "rclone", "glusterfs", "mergerfs", "s3fs"))
_ALWAYS_FULL = frozenset(("squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"))

_ESCAPE = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mounted filesystem: `device` is equal for two mounts of one filesystem."""

    mountpoint: bytes
    device: bytes
    type: str
    part: bool
    """Only a folder or a file of the filesystem is mounted here (a bind mount, a subvolume)."""


class Filesystem:
    """Size and use of each mounted filesystem."""

    name: ClassVar[str] = "filesystem"
    cadence: ClassVar[float] = 10
    fields: ClassVar[tuple[Field, ...]] = (
        Field("mounts[].mountpoint", "path", "where it is mounted", "/proc/self/mountinfo"),
        Field("mounts[].total", "bytes", "its size", "statvfs(3) by psutil.disk_usage"),
        Field("mounts[].used", "bytes", "what is in use", "statvfs(3) by psutil.disk_usage"),
        Field(
            "mounts[].percent",
            "%",
            "used of what users can use (without root's reserve), as `df` has it",
            "statvfs(3) by psutil.disk_usage",
        ),
    )

    def __init__(
        self, *, ps: Any = psutil, is_directory: Callable[[str], bool] = os.path.isdir
    ) -> None:
        self.absent_reason: str | None = None
        self._ps = ps
        self._proc = procfs.root(ps)
        self._is_directory = is_directory

    def read(self) -> dict[str, Any] | None:
        """The family's fields, sorted by path; None where nothing can be shown.

        A mount that refuses is left out, and the others are shown.
        """
        mounts = []
        for mount in once_each(self._mounts()):
            path = os.fsdecode(mount.mountpoint)
            try:
                # A container has single files mounted (/etc/hosts), which have the disk's size.
                if mount.part and not self._is_directory(path):
                    continue
                usage = self._ps.disk_usage(path)
            except OSError:
                continue
            if usage.total > 0:
                mounts.append(
                    {
                        "mountpoint": mount.mountpoint.decode("utf-8", "replace"),
                        "total": usage.total,
                        "used": usage.used,
                        "percent": min(100.0, max(0.0, usage.percent)),
                    }
                )
        self.absent_reason = None if mounts else "no mounted filesystem can be read"
        return {"mounts": mounts} if mounts else None

    def _mounts(self) -> list[Mount]:
        if self._proc is None:
            return [
                Mount(os.fsencode(p.mountpoint), os.fsencode(p.device), p.fstype, False)
                for p in self._ps.disk_partitions(all=False)
            ]
        on_devices = {
            line.strip().decode()
            for line in procfs.read(f"{self._proc}/filesystems").split(b"\n")
            if not line.startswith(b"nodev")
        }
        kept = (on_devices | _WITHOUT_DEVICE | _IN_USER_SPACE) - _ALWAYS_FULL
        mounts = parse_mountinfo(procfs.read(f"{self._proc}/self/mountinfo"))
        return [
            mount
            for mount in mounts
            if mount.type.removeprefix("fuse.") in kept or mount.mountpoint == b"/"
        ]


def parse_mountinfo(content: bytes) -> Iterable[Mount]:
    """The mounts that can be seen: a later one hides an earlier one in the same place.

    The format is in proc_pid_mountinfo(5); lines that don't have it are passed over.
    """
    visible: dict[bytes, Mount] = {}
    for line in content.split(b"\n"):
        left, _, right = line.partition(b" - ")
        words = left.split(b" ")
        if len(words) < 5 or not right:
            continue
        mountpoint = _ESCAPE.sub(lambda match: bytes((int(match[1], 8) & 255,)), words[4])
        kind = right.split(b" ", 1)[0].decode("ascii", "replace")
        visible[mountpoint] = Mount(mountpoint, words[2], kind, words[3] != b"/")
    return visible.values()


def once_each(mounts: Iterable[Mount]) -> list[Mount]:
    """One mount per filesystem, that with the shortest path, sorted by path."""
    chosen: dict[bytes, Mount] = {}
    # A whole filesystem goes before parts of it: a file mounted at a short path says nothing.
    for mount in sorted(mounts, key=lambda m: (m.part, len(m.mountpoint), m.mountpoint)):
        chosen.setdefault(mount.device, mount)
    return sorted(chosen.values())
