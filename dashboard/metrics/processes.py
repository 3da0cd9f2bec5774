"""Processes: how many, and those that use most.

Arguments and environments hold passwords, so neither is ever opened: on Linux all of this comes
from `/proc/PID/stat` (proc_pid_stat(5)), one small file per process, which costs a third of what
psutil needs. A process is its pid *and* its start, because pids are given out again.
"""

import os
from contextlib import suppress
from heapq import nlargest
from pathlib import Path
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.container import MACHINE, whose_processes
from dashboard.metrics.family import Family, Field
from dashboard.metrics.programs import Identity, Process, Programs, others
from dashboard.metrics.values import byte_count, printable

TOP = 10


class Processes(Family):
    """The number of processes, and the top ten by CPU since the last reading, then by memory."""

    name = "processes"
    cadence = 5.0
    fields = (
        Field(
            "count",
            "processes",
            "all that this user may see, kernel threads included",
            title="Processes",
        ),
        Field("running", "processes", "on a CPU or ready for one just now"),
        Field("of", "", "`machine`, or `container` where only a container's processes are seen"),
        Field("top[].pid", "", "process id"),
        Field("top[].name", "", "the program's name, its first 15 bytes; never its arguments"),
        Field("top[].user", "", "whose rights it has; the number where nameless"),
        Field(
            "top[].cpu_percent",
            "% of one core",
            "CPU time since the last reading: up to 100 times the number of cores, also of one "
            "that began since; null where that is not known",
        ),
        Field("top[].memory_bytes", "bytes", "resident memory"),
        Field(
            "others.cpu_percent",
            "% of one core",
            "of all that is not in `top`, and of what has ended: with it the list adds up to "
            "`cpu.percent`; `others` is null where that is not known",
        ),
        Field(
            "programs.top[].name",
            "",
            "a program: all processes of one name; the five with most of each figure",
        ),
        Field(
            "programs.top[].cpu_percent",
            "% of one core",
            "CPU time of them all since the last reading, with those that began since",
        ),
        Field("programs.top[].memory_bytes", "bytes", "resident memory"),
        Field(
            "programs.top[].bytes_per_second",
            "B/s",
            "read from and written to disks; 0 for other users' where the sampler is not root",
        ),
        Field(
            "programs.top[].unit",
            "",
            "service, scope or container of the one of them that takes most; null where in none",
        ),
        Field("programs.others.cpu_percent", "% of one core", "the same of programs"),
    )

    def __init__(self, **seams: Any) -> None:
        super().__init__(**seams)
        self._names: dict[int, str] = {}
        self._programs = Programs(self._proc)
        with suppress(Exception):  # it comes again in the first reading, where it is reported
            self._programs.prime(self._found(), self._clock())

    def read(self) -> dict[str, Any]:
        """Return the family's fields. Raises OSError when processes can't be listed."""
        found, cores = self._found(), self._ps.cpu_count() or 1
        shares = self._programs.shares(found, self._clock(), cores)

        def by_use(identity: Identity) -> tuple[float, float]:
            return shares.get(identity, 0.0), found[identity].memory_bytes or 0

        top = []
        for identity in nlargest(TOP, found, key=by_use):
            process, share = found[identity], shares.get(identity)
            top.append(
                {
                    "pid": identity[0],
                    "name": printable(process.name),
                    "user": self._user(identity[0]),
                    "cpu_percent": None if share is None else round(100 * share, 1),
                    "memory_bytes": process.memory_bytes,
                }
            )
        running = sum(process.running for process in found.values())
        of = whose_processes(self._proc)
        programs = self._programs.top(found, shares, cores)
        # That of a container's machine is not of its processes.
        used = self._programs.used() if shares and of == MACHINE else None
        return {
            "count": len(found),
            "running": running,
            "of": of,
            "top": top,
            "others": others(top, used),
            "programs": {"top": programs, "others": others(programs, used)},
        }

    def _found(self) -> dict[Identity, Process]:
        return self._from_psutil() if self._proc is None else self._from_proc(self._proc)

    def _from_proc(self, proc: str) -> dict[Identity, Process]:
        found: dict[Identity, Process] = {}
        for entry in os.listdir(proc):
            if not entry.isdecimal():
                continue
            try:
                stat = procfs.read(f"{proc}/{entry}/stat")
            except OSError:  # it ended meanwhile, or may not be seen
                continue
            # The name stands in brackets and may hold brackets and spaces itself.
            start, end = stat.find(b"("), stat.rfind(b")")
            words = stat[end + 2 :].split(None, 22)
            try:
                found[int(entry), int(words[19])] = Process(
                    stat[start + 1 : end].decode("utf-8", "surrogateescape"),
                    words[0] == b"R",
                    (int(words[11]) + int(words[12])) / procfs.TICKS,
                    byte_count(max(0, int(words[21])) * _PAGE),
                )
            except (IndexError, ValueError):
                continue
        return found

    def _from_psutil(self) -> dict[Identity, Process]:
        found: dict[Identity, Process] = {}
        for process in self._ps.process_iter():
            try:
                with process.oneshot():
                    times, status = process.cpu_times(), process.status()
                    found[process.pid, process.create_time()] = Process(
                        process.name(),
                        status == self._ps.STATUS_RUNNING,
                        times.user + times.system,
                        byte_count(process.memory_info().rss),
                    )
            except self._ps.NoSuchProcess:
                continue
            except self._ps.AccessDenied:
                # Counted, though nothing more may be known of it.
                found[process.pid, 0.0] = Process("", False, 0.0, 0)
        return found

    def _user(self, pid: int) -> str | None:
        """Return the effective user's name. Finding it may go over a network, so each is kept."""
        if self._proc is None:
            try:
                return printable(self._ps.Process(pid).username())
            except (self._ps.Error, KeyError):
                return None
        try:
            # The folder belongs to the effective user even where the files in it are root's.
            uid = Path(self._proc, str(pid)).stat().st_uid
        except OSError:
            return None
        if uid not in self._names:
            import pwd  # not on Windows, where this is never reached

            try:
                self._names[uid] = printable(pwd.getpwuid(uid).pw_name)
            except KeyError:
                self._names[uid] = str(uid)
        return self._names[uid]


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
