"""A title and a unit for a figure of which only the name is known."""

import re

# Ends of a name, and the unit that each stands for; the first that fits counts.
_UNITS = (
    ("_bytes_per_second", "B/s"),
    ("_per_second", "1/s"),
    ("_percent", "%"),
    ("_bytes", "B"),
    ("_celsius", "°C"),
    ("_seconds", "s"),
    ("_ms", "ms"),
    ("_mhz", "MHz"),
    ("_rpm", "rpm"),
)
_SHORT = frozenset({"cpu", "gpu", "io", "ip", "os", "psi", "http", "https", "dns", "db", "api"})


def unit_of(field: str) -> str:
    """Return the unit that a field's name ends in: `%` for `used_percent`; "" for none."""
    last = f"_{field.rpartition('.')[2].lower()}"
    return next((unit for end, unit in _UNITS if last.endswith(end)), "")


def title_of(event: str, field: str) -> str:
    """Return a title in words: `Queue length` for `queue` and `length`.

    The name of a list, before a `*`, is left out: its items' names stand there.
    """
    *above, last = field.split(".")
    ending = next((end for end, _ in _UNITS if f"_{last}".endswith(end)), "")
    after = [*above, last][1:]
    parts = [part for part, item in zip(above, after, strict=True) if item != "*"]
    parts = [event, *parts, f"_{last}".removesuffix(ending)]
    # A part with a slash is the name of a folder, which is left as it is.
    words = [w for part in parts for w in ([part] if "/" in part else re.split(r"[_\s*]+", part))]
    text = " ".join(word.upper() if word in _SHORT else word for word in words if word)
    return text[:1].upper() + text[1:]
