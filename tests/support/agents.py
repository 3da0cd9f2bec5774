"""Agents for tests: real processes, with a figure that a test sets and a moment to be killed at."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.service import ROOT, wait_for

# What `flask agent` becomes. VITALS_FIGURE holds `memory.percent`; with VITALS_KILL=sent or =noted
# the process kills itself when the log has taken an alert, before or after that is noted. With
# VITALS_MOST it holds no more than so many events. VITALS_CLOCK sets its clock, by seconds.
_PROGRAM = """
import os, signal, time
real_time, offset = time.time, float(os.environ.get("VITALS_CLOCK", "0"))
if offset:
    time.time = lambda: real_time() + offset
from pathlib import Path
from dashboard.agent.alert_journal import AlertJournal
from dashboard.sampling.sample_buffer import SampleBuffer
from dashboard.metrics.memory import Memory

figure, when = os.environ.get("VITALS_FIGURE"), os.environ.get("VITALS_KILL")
real_read, real_taken = Memory.read, AlertJournal.taken

def taken(self, events, ids):
    has_alert = any(event.name == "alert" for event in events)
    if when == "sent" and has_alert:
        os.kill(os.getpid(), signal.SIGKILL)
    real_taken(self, events, ids)
    if when == "noted" and has_alert:
        os.kill(os.getpid(), signal.SIGKILL)

AlertJournal.taken = taken
if figure:
    Memory.read = lambda self: real_read(self) | {"percent": float(Path(figure).read_text())}
if "VITALS_MOST" in os.environ:
    SampleBuffer.__init__.__kwdefaults__["most_events"] = int(os.environ["VITALS_MOST"])

from dashboard.agent.__main__ import main
status = main()
os._exit(status)
"""


class Agent:
    """One agent. Settings are given without their prefix."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.output = folder / "agent.log"
        defaults = {"INTERVAL": 0.2, "ALERTS": '{"defaults": false}', "INSTANCE": folder}
        self.settings = defaults | settings
        self.environ: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> "Agent":
        """Start it; another command than the patched program may be given."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
        environ |= {f"DASHBOARD_{key}": str(value) for key, value in self.settings.items()}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *(command or ("-c", _PROGRAM))],
                cwd=ROOT,
                env=environ | self.environ,
                stdout=output,
                stderr=output,
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_said(self, text: str, times: int = 1) -> None:
        """Wait for a line of its log."""

        def is_said() -> bool:
            assert self.process is not None
            assert self.process.poll() is None or self.said().count(text) >= times, self.said()
            return self.said().count(text) >= times

        wait_for(is_said, f"the agent to say {text!r}")

    def end(self, sig: int = signal.SIGTERM) -> int:
        """Send a signal, and return the status with which it ends."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end."""
        process, self.process = self.process, None
        assert process is not None
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self) -> None:
        if self.process is not None:
            self.end(signal.SIGKILL)
