"""Wake-ups from a native thread under gevent, as the workers' appends ring them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.service import ROOT, Service, wait_for

# A native thread gets an event loop of its own by waiting for a lock once, and never runs it.
RING = """
from gevent import monkey; monkey.patch_all()
import os, sys
from pathlib import Path
import gevent
from gevent.threadpool import ThreadPool
from dashboard.log.wakeup import WakeupChannel

def notify_all():
    gevent.get_hub()
    for _ in range(50):
        wakeups.notify_all()

wakeups = WakeupChannel(Path(sys.argv[1]))
wakeups.listen()
ThreadPool(1).spawn(notify_all).get()
open_now = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
print(open_now.count(sys.argv[1]))
"""


def test_ringing_from_a_native_thread_leaves_no_descriptor_open(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RING, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "0"


def test_scrapes_that_wait_for_a_worker_hold_no_descriptor_of_the_folder(
    start_service: Callable[..., Service],
) -> None:
    service = start_service(workers=2).wait_until_ready()
    wait_for(lambda: len(service.metric("vitals_streams")) == 2, "both workers in one scrape")
    stopped, asked = service.worker_pids()
    os.kill(stopped, signal.SIGSTOP)
    connections = [service.dial() for _ in range(20)]
    try:
        for connection in connections:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        waiting = lambda: open_to(asked, "socket:") > 30  # noqa: E731 (its own and the other's)
        wait_for(waiting, "scrapes that wait for the other worker")
        assert open_to(asked, str(service.run_directory)) <= 2  # that of a ring, and its listing
    finally:
        os.kill(stopped, signal.SIGCONT)
        for connection in connections:
            connection.close()


def open_to(pid: int, target: str) -> int:
    """How many descriptors of a process are of this file, or kind of file."""
    found = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += os.readlink(path).removesuffix("]").rstrip("0123456789[") == target  # noqa: PTH115
        except OSError:
            continue
    return found
