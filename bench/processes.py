"""What processes use, as the kernel counts it, and what kind of machine this is."""

import contextlib
import os
import platform
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "bench" / ".build"
PEERS = ROOT / "bench" / ".venv" / "bin"
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    pids = [pid]
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                pids += tree(int(child))
    return pids


def pss(pids: Iterable[int]) -> int:
    """Bytes of memory, pages that several processes share counted in parts."""
    total = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        assert found
        total += int(found[1]) * 1024
    return total


def cpu(pids: Iterable[int]) -> float:
    """Seconds on a processor, in user space and in the kernel, of all threads.

    The scheduler's own count, in nanoseconds; children that have ended by their parent's ticks.
    """
    total = 0.0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    total += int((task / "schedstat").read_text().split()[0]) / 1e9
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[13]) + int(fields[14])) / _TICKS
    return total


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def await_port(port: int, process: "subprocess.Popen[bytes]", seconds: float = 20.0) -> None:
    """Wait until something listens. Raises RuntimeError when the process ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen")


def get(port: int, target: str, timeout: float = 10.0) -> bytes:
    """The body of an answer with status 200."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}", timeout=timeout) as answer:
        body: bytes = answer.read()
        return body


def end(process: "subprocess.Popen[bytes]", seconds: float = 10.0) -> None:
    """Ask a process to end, then make it."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        for pid in tree(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        process.wait()


def load_average() -> float:
    return os.getloadavg()[0]


def await_quiet(share: float = 0.15, patience: float = 60.0) -> None:
    """Wait, but not for ever, until others leave the processors alone."""
    end_at = time.monotonic() + patience
    while time.monotonic() < end_at:
        before = _processor_ticks()
        time.sleep(1.0)
        idle, total = (now - then for now, then in zip(_processor_ticks(), before, strict=True))
        if 1 - idle / total < share:
            return


def _processor_ticks() -> tuple[int, int]:
    """Idle and all, summed over the processors."""
    line = Path("/proc/stat").read_text().partition("\n")[0]
    ticks = [int(field) for field in line.split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def machine() -> str:
    """What the figures were measured on, in a line of Markdown."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    virtual = " (virtual machine)" if "hypervisor" in Path("/proc/cpuinfo").read_text() else ""
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    return (
        f"{cores} cores{f' of {model[1].strip()}' if model else ''}{virtual}, "
        f"{memory:.0f} GB, Linux {kernel}, Python {platform.python_version()}"
    )


def versions() -> str:
    """The versions of everything that is compared."""
    ours = [f"{name} {version(name)}" for name in ("gunicorn", "gevent", "flask")]
    program = "import importlib.metadata as m, sys; print(*(m.version(n) for n in sys.argv[1:]))"
    names = ["sse-starlette", "starlette", "uvicorn", "uvloop", "flask-sse", "redis", "glances"]
    output = _output(PEERS / "python", "-c", program, *names)
    peers = [f"{name} {each}" for name, each in zip(names, output.split(), strict=True)]
    debian = []
    for package in ("nginx", "libnginx-mod-nchan", "redis-server", "netdata-core"):
        text = _output("dpkg-query", "-W", "-f", "${Version}", package)
        debian.append(f"{package} {text.partition(':')[2] or text}")
    return ", ".join([*ours, *peers, *debian])


def commit() -> str:
    """The commit that is measured; with a + where files differ from it."""
    changed = _output("git", "-C", ROOT, "status", "--porcelain", "-uno", "--", ".", ":!docs")
    return _output("git", "-C", ROOT, "rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _output(*command: str | Path) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")


def python(*arguments: str) -> Sequence[str]:
    return [str(PEERS / "python"), *arguments]
