"""A program whose output becomes an event: a number, lines `key=value`, or a JSON object."""

import math
import os
import re
import time
from typing import Any

from dashboard.errors import ClientError
from dashboard.events.strict_json import decode
from dashboard.metrics.values import EXACT, STAMPS, printable
from dashboard.posix.child_process import run_child
from dashboard.settings import Command

MOST_OUTPUT = 32 << 10  # bytes of both outputs
MOST_TEXT = 200  # characters of a value that is no number
_LATEST = 0.9  # of the time until the sampler gives a reading up
_PAIR = re.compile(r"([A-Za-z][\w.-]{0,63})\s*=\s*(.*)")
_NUMBER = re.compile(r"[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})([eE][+-]?\d{1,3})?")
# As shells have it, so that what is above 0 has failed.
_TOOK_TOO_LONG, _NOT_STARTED, _SIGNALLED = 124, 127, 128


class CommandReader:
    """Runs a program once for each reading."""

    def __init__(self, command: Command) -> None:
        """It runs without the settings' variables, which have secrets among them."""
        self.absent_reason: str | None = None
        self._command = command
        self._timeout = min(command.deadline, _LATEST * max(4.0, command.every))
        self._is_stopped = False
        self._environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}

    def stop(self) -> None:
        """End a run that is under way; from another thread."""
        self._is_stopped = True

    def read(self) -> dict[str, Any]:
        """Return the figures, with `exit_status` and `run_seconds`."""
        self.absent_reason = None
        started = time.monotonic()
        try:
            found = run_child(
                self._command.run,
                environ=self._environ,
                timeout=self._timeout,
                most_bytes=MOST_OUTPUT,
                is_stopped=lambda: self._is_stopped,
            )
        except (OSError, ValueError) as error:
            self.absent_reason = f"it can't be started: {error}"
            return {"exit_status": _NOT_STARTED}
        status, data = found.status, {}
        if status is None:
            status = _TOOK_TOO_LONG
            limits = f"{self._timeout:g} s, or wrote more than {MOST_OUTPUT} bytes"
            self.absent_reason = f"it took longer than {limits}, and was ended"
        else:
            status = status if status >= 0 else _SIGNALLED - status
            data = self._figures(found.output, status, found.errors)
        own = {"exit_status": status, "run_seconds": round(time.monotonic() - started, 3)}
        return data | own

    def _figures(self, output: bytes, status: int, errors: bytes) -> dict[str, Any]:
        if status:
            said = errors.strip().splitlines()[-1:] or [b"nothing on standard error"]
            self.absent_reason = f"exit status {status}: {printable(said[0])}"
        try:
            return figures_in(output)
        except ClientError as error:
            self.absent_reason = self.absent_reason or f"its output: {error.detail}"
            return {}


def figures_in(output: bytes) -> dict[str, Any]:
    """Return the fields that an output says; none of an empty one. Raises ClientError."""
    text = output.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        found = decode(text)
        return {key: value for key, value in found.items() if key not in STAMPS}
    if (number := _number(text)) is not None:
        return {"value": number}
    data: dict[str, Any] = {}
    for line in text.splitlines():
        pair = _PAIR.fullmatch(line.strip())
        if pair is None and line.strip():
            raise ClientError(
                422, "wanted is one number, lines of key=value, or one JSON object and nothing else"
            )
        if pair is not None and pair[1] not in STAMPS:
            value = _number(pair[2])
            data[pair[1]] = printable(pair[2][:MOST_TEXT]) if value is None else value
    return data


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text.strip()):
        return None
    value = float(text)
    if math.isinf(value):
        return None
    return int(value) if value.is_integer() and abs(value) <= EXACT else value
