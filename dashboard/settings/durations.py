"""Durations as people write them: 500ms, 90s, 5m, 6h, 7d, 4w, 3y; a bare number is in seconds."""

import re

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
UNITS["y"] = 365 * UNITS["d"]
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|[smhdwy])?", re.ASCII)


def parse_duration(text: str) -> float:
    """Return the seconds of a duration. Raises ValueError for another text."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration")
    return float(match[1]) * UNITS[match[2] or "s"]


def format_duration(seconds: float) -> str:
    """Return a duration in its largest whole unit up to days: 90s, 30m, 6h, 7d."""
    for unit in ("d", "h", "m"):
        if seconds >= UNITS[unit] and seconds % UNITS[unit] == 0:
            return f"{seconds / UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"
