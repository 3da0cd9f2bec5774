"""Reasons why families have no metrics: logged once each, and kept for `/readyz`.

One process samples, and any worker answers `/readyz`, so what fails now stands in a file.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dashboard.posix.atomic_file import write_atomically

logger = logging.getLogger(__name__)

REPEAT_SECONDS = 3600.0  # until a reason is logged again
_MAX_REASONS = 8  # of a family, in that time
_MAX_REASON = 300  # characters
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+([.,:]\d+)*", re.IGNORECASE)


class FamilyTroubles:
    """The newest reason of each family that fails, and which reasons were logged when."""

    def __init__(
        self,
        on_change: Callable[[Mapping[str, str]], None] = lambda failing: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_change` is called with the reasons by family whenever a family fails or recovers."""
        self._on_change = on_change
        self._clock = clock
        self._failing: dict[str, str] = {}
        self._logged: dict[str, dict[str, float]] = {}

    def note(
        self, family: str, reason: str | None, *, is_failure: bool, is_partial: bool = False
    ) -> None:
        """Take the result of a reading: its reason, or None where everything was read.

        With `is_partial` the reading has metrics, but not all. Two reasons that differ in numbers
        alone are one.
        """
        if reason is not None:
            reason = as_text(reason)
            self._log(family, reason, "not all figures" if is_partial else "no figures")
        before = self._failing.get(family)
        if reason is None or not is_failure:
            self._failing.pop(family, None)
        elif before is None or _NUMBER.sub("#", before) != _NUMBER.sub("#", reason):
            self._failing[family] = reason
        if self._failing.get(family) != before:
            self._on_change(self._failing)

    def _log(self, family: str, reason: str, missing: str) -> None:
        now, kind = self._clock(), _NUMBER.sub("#", reason)
        logged = self._logged.setdefault(family, {})
        for old in [each for each, at in logged.items() if now - at >= REPEAT_SECONDS]:
            del logged[old]
        if kind not in logged and len(logged) < _MAX_REASONS:
            logged[kind] = now
            logger.info("%s for %s: %s", missing, family, reason)


def as_text(reason: str) -> str:
    """Return a reason as text that can be encoded, and is not long, whatever it was made of."""
    return reason.encode("utf-8", "backslashreplace").decode()[:_MAX_REASON]


def failing_file(folder: Path, host: str) -> Path:
    """Return the file in the run folder that has the failing families of a host."""
    return folder / f"failing-{host}.json"


def write_failing(file: Path, failing: Mapping[str, str]) -> None:
    """Replace the file. An error is logged: `/readyz` then says less than it could."""
    try:
        write_atomically(file, json.dumps(failing).encode(), durable=False)
    except OSError as error:
        logger.warning("%s can't be written: %s", file, error)


def read_failing(file: Path) -> dict[str, str]:
    """Return the reasons by family; empty where there is no such file."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
