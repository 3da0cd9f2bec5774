"""Containers: what a reading there is of, and the limits that a cgroup sets.

In a container /proc may be the machine's, its own (lxcfs), or a mixture. A cgroup's limit stands at
the root of what is mounted at /sys/fs/cgroup; the root of a machine has none.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from dashboard.metrics import procfs
from dashboard.metrics.values import byte_count

MACHINE, CONTAINER = "machine", "container"
SYSFS = Path("/sys")

_INITIAL_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO of the kernel
_MARKS = ("run/systemd/container", "run/.containerenv")
_V1_WITHOUT_LIMIT = 1 << 62


def whose_processes(proc: str | None) -> str:
    """Return whose processes a /proc lists: MACHINE or CONTAINER."""
    if proc is None:
        return MACHINE
    # A machine's /proc, whoever mounted it, has the kernel's thread that makes all others; with
    # hidepid only root sees it.
    if (procfs.read_text(f"{proc}/2/stat") or "").startswith("2 (kthreadd)"):
        return MACHINE
    try:
        is_initial = Path(proc, "self/ns/pid").readlink().name == _INITIAL_PID_NAMESPACE
    except OSError:
        return CONTAINER
    return MACHINE if is_initial else CONTAINER


def whose_system(
    proc: str | None,
    *,
    root: Path = Path("/"),
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Return whose files and memory this process sees: MACHINE or CONTAINER.

    /.dockerenv proves nothing: machines are made from images of containers, too.
    """
    if proc is None:
        return MACHINE
    if environ.get("container") or any((root / mark).exists() for mark in _MARKS):
        return CONTAINER
    return CONTAINER if _is_own_meminfo(proc) else whose_processes(proc)


def _is_own_meminfo(proc: str) -> bool:
    """Return True where something is mounted over /proc/meminfo, as lxcfs does."""
    try:
        mounts = procfs.read(f"{proc}/self/mountinfo")
    except OSError:
        return False
    return b" /proc/meminfo " in mounts


def memory_limit(sysfs: Path = SYSFS) -> tuple[float | None, float | None]:
    """Return the limit of the cgroup in bytes, and how much of it is used; None without.

    Used is without the files that the kernel drops first (inactive_file).
    """
    cgroup = sysfs / "fs" / "cgroup"
    for folder, limit_file, used_file, cache in (
        (cgroup, "memory.max", "memory.current", "inactive_file"),
        (
            cgroup / "memory",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        ),
    ):
        limit = byte_count(procfs.read_number(str(folder / limit_file)))
        if limit is None or limit >= _V1_WITHOUT_LIMIT:
            continue
        used = byte_count(procfs.read_number(str(folder / used_file)))
        if used is not None:
            used = max(0.0, used - _stat(folder / "memory.stat", cache))
        return round(limit), None if used is None else round(used)
    return None, None


def _stat(file: Path, key: str) -> int:
    for line in (procfs.read_text(str(file)) or "").split("\n"):
        name, _, value = line.partition(" ")
        if name == key and value.isdecimal():
            return int(value)
    return 0


def cpu_limit(sysfs: Path = SYSFS) -> float | None:
    """Return how many CPUs' time the cgroup may use, or None without a limit."""
    cgroup = sysfs / "fs" / "cgroup"
    words = (procfs.read_text(str(cgroup / "cpu.max")) or "").split()
    try:
        quota, period = float(words[0]), float(words[1])
    except (IndexError, ValueError):  # no such file, or "max 100000"
        quota = procfs.read_number(str(cgroup / "cpu" / "cpu.cfs_quota_us")) or -1
        period = procfs.read_number(str(cgroup / "cpu" / "cpu.cfs_period_us")) or -1
    return round(quota / period, 2) if quota > 0 and period > 0 else None
