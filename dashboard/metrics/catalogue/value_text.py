"""Values as text for people, each in its figure's unit; the page has the same in static/js/ui."""

import re

NONE = "—"
# The blank between a number and a unit; as in static/js/panels/alerts.js.
_GAP = re.compile(r"(?<=[0-9]) (?=(?:%|°C|(?:[KMGTP]i|[kMGT])?B(?:/s)?|[dhs]|min)(?!\w))")
_MOST = 1e15  # beyond it nobody counts digits
_SCALED = {
    "B": (1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")),
    "B/s": (1000, ("B/s", "kB/s", "MB/s", "GB/s", "TB/s")),
}


def written(value: float | None, unit: str, decimals: int | None = None) -> str:
    """Return a value with its unit, and a dash for one that is missing.

    Without `decimals` it has two or three digits, or as many as a whole number needs.
    """
    if value is None:
        return NONE
    if unit in _SCALED:
        base, units = _SCALED[unit]
        step = 0
        while abs(value) >= base - 0.5 and step < len(units) - 1:
            value /= base
            step += 1
        return f"{value:.0f} {units[0]}" if not step else f"{_short(value)} {units[step]}"
    if unit == "duration":
        return written_span(value)
    if decimals is not None and abs(value) < _MOST:
        text = f"{value:.{decimals}f}"
    else:
        is_whole = float(value).is_integer() and unit != "%" and abs(value) < _MOST
        text = f"{value:.0f}" if is_whole else _short(value)
    return f"{text} {unit}" if unit and unit not in ("count", "moment") else text


def unbroken(sentence: str) -> str:
    """Return a sentence with each number on one line with its unit, by no-break spaces."""
    return _GAP.sub("\N{NO-BREAK SPACE}", sentence)


def written_span(seconds: float) -> str:
    """Return a stretch of time in one unit: 40 s, 12 min, 3 h, 4 d."""
    for size, unit, most in ((1, "s", 100), (60, "min", 6000), (3600, "h", 172_800)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def _short(value: float) -> str:
    if abs(value) >= _MOST:
        return f"{value:.2e}"
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"
