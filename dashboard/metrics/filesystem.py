"""How full the filesystems are.

Shown are filesystems that keep files: those on a block device, those over a network, and those of
programs (FUSE) that have a size. Left out are the kernel's own (proc, tmpfs, cgroup …), images that
are always full (squashfs, iso9660, a read-only FUSE without space), and automount points, which
stat(2) would mount. `/` is shown whatever it is, because in a container it is an overlay. One
filesystem mounted in several places has one size, so it is shown once, by its shortest path that is
a folder and can be read.

Asking a mount whose server is gone blocks until it is back. Such a mount is left out until it
answers, and the others are shown.
"""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dashboard.metrics import procfs
from dashboard.metrics.family import Family, Field
from dashboard.metrics.values import byte_count, printable
from dashboard.posix.hang_guard import HangGuard

# "nodev" in /proc/filesystems says that no block device is needed; these keep files nevertheless.
_WITHOUT_DEVICE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "lustre", "gpfs", "beegfs", "zfs", "ubifs")
)
_OF_HYPERVISORS = frozenset(("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs"))
_ALWAYS_FULL = frozenset(("squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"))

_ESCAPE = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mounted filesystem: `device` is equal for two mounts of one filesystem."""

    mountpoint: bytes
    device: bytes
    type: str
    part: bool
    """Only a folder or a file of the filesystem is mounted here (a bind mount, a subvolume)."""
    read_only: bool = False


class Filesystem(Family):
    """Size and use of each mounted filesystem."""

    name = "filesystem"
    cadence = 10.0
    fields = (
        Field("mounts[].mountpoint", "path", "where it is mounted"),
        Field("mounts[].total", "bytes", "its size"),
        Field("mounts[].used", "bytes", "what is in use"),
        Field(
            "mounts[].percent",
            "%",
            "used of what users can use (without root's reserve), as `df` has it",
            title="Disk",
        ),
    )

    def __init__(
        self, *, is_directory: Callable[[str], bool] = os.path.isdir, **seams: Any
    ) -> None:
        super().__init__(**seams)
        self._is_directory = is_directory
        self._candidates: dict[bytes, list[Mount]] = {}
        self._guard: HangGuard[bytes, dict[str, Any] | None] = HangGuard(self._figures)

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields, sorted by path; None where nothing can be shown.

        A mount that refuses is left out. One that does not answer is too, and then `absent_reason`
        names it.
        """
        mounts = [
            {key: value for key, value in each.items() if key != "available"}
            for each in self.measure()
        ]
        silent = [
            self._candidates[key][0] for key in self._guard.hanging if key in self._candidates
        ]
        if silent:
            names = ", ".join(printable(mount.mountpoint) for mount in silent[:5])
            self.absent_reason = f"no answer from {len(silent)} mounts: {names}"
        else:
            self.absent_reason = None if mounts else "no mounted filesystem can be read"
        return {"mounts": mounts} if mounts else None

    def measure(self) -> list[dict[str, Any]]:
        """Return the mounts that answer, sorted by path, with `available` for users, too."""
        self._candidates = by_device(self._mounts())
        found = self._guard.ask_each(self._candidates)
        return sorted(filter(None, found.values()), key=lambda each: str(each["mountpoint"]))

    def _figures(self, device: bytes) -> dict[str, Any] | None:
        """Return the item of a filesystem, by the first of its mounts that has one. May block."""
        for mount in self._candidates.get(device, ()):
            path = os.fsdecode(mount.mountpoint)
            try:
                # A container has single files mounted (/etc/hosts), which have the disk's size.
                if mount.part and not self._is_directory(path):
                    continue
                usage = self._ps.disk_usage(path)
            except (OSError, ValueError):
                continue
            total, used = byte_count(usage.total), byte_count(usage.used)
            is_image = _is_fuse(mount.type) and mount.read_only and usage.free == 0
            if not total or is_image:
                continue
            return {
                "mountpoint": printable(mount.mountpoint),
                "total": total,
                "used": used,
                "available": byte_count(usage.free),
                "percent": min(100.0, max(0.0, usage.percent)) if used is not None else None,
            }
        return None

    def _mounts(self) -> list[Mount]:
        if self._proc is None:
            return [
                Mount(os.fsencode(p.mountpoint), os.fsencode(p.device), p.fstype, False)
                for p in self._ps.disk_partitions(all=False)
            ]
        try:
            known = procfs.read(f"{self._proc}/filesystems").decode("ascii", "replace")
        except FileNotFoundError:  # some sandboxes have none
            known = ""
        on_devices = {line.strip() for line in known.split("\n") if not line.startswith("nodev")}
        kept = (on_devices | _WITHOUT_DEVICE | _OF_HYPERVISORS) - _ALWAYS_FULL
        mounts = parse_mountinfo(procfs.read(f"{self._proc}/self/mountinfo"))
        shown = [
            mount
            for mount in mounts
            if mount.type in kept or _is_fuse(mount.type) or mount.mountpoint == b"/"
        ]
        return shown or [Mount(b"/", b"/", "", False)]


def _is_fuse(kind: str) -> bool:
    return kind in {"fuse", "fuseblk"} or kind.startswith("fuse.")


def parse_mountinfo(content: bytes) -> Iterable[Mount]:
    """Return the mounts that can be seen: a later one hides an earlier one in the same place.

    The format is in proc_pid_mountinfo(5); lines that don't have it are passed over.
    """
    visible: dict[bytes, Mount] = {}
    for line in content.split(b"\n"):
        left, _, right = line.partition(b" - ")
        words = left.split(b" ")
        if len(words) < 6 or not right:
            continue
        mountpoint = _ESCAPE.sub(lambda match: bytes((int(match[1], 8) & 255,)), words[4])
        kind = right.split(b" ", 1)[0].decode("ascii", "replace")
        read_only = b"ro" in words[5].split(b",")
        visible[mountpoint] = Mount(mountpoint, words[2], kind, words[3] != b"/", read_only)
    return visible.values()


def by_device(mounts: Iterable[Mount]) -> dict[bytes, list[Mount]]:
    """Return each filesystem's mounts by its device, the one to show it by first."""
    found: dict[bytes, list[Mount]] = {}
    # A whole filesystem goes before parts of it: a file mounted at a short path says nothing.
    for mount in sorted(mounts, key=lambda m: (m.part, len(m.mountpoint), m.mountpoint)):
        found.setdefault(mount.device, []).append(mount)
    return found
