"""Names and sizes from the machine, as JSON and every reader of it can hold them.

A name of the kernel is bytes: an interface, a mount point or a sensor may be called anything. A
size may be 2^64 - 1 where a driver has none.
"""

MAX_NAME = 1024  # characters
MAX_BYTES = 1 << 63
STAMPS = frozenset({"host", "time"})  # fields that the sampler adds to each event
EXACT = 1 << 53  # up to here a double, and so JavaScript, holds every integer


def printable(name: bytes | str) -> str:
    r"""Return a name as text that can be printed; bytes that are no UTF-8 become \xe9.

    Two names stay two: nothing is replaced by a placeholder.
    """
    if isinstance(name, str):
        if name.isascii() and name.isprintable() and len(name) <= MAX_NAME:
            return name
        try:
            raw = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raw = name.encode("utf-8", "backslashreplace")
    else:
        raw = name
    text = raw[: 4 * MAX_NAME + 1].decode("utf-8", "backslashreplace")
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
        )
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"


def byte_count(value: float | None) -> float | None:
    """Return a number of bytes, or None for one that can't be.

    Above 2^53 it is a float, as other readers of the JSON round it to one anyway.
    """
    if value is None or not 0 <= value < MAX_BYTES:
        return None
    return value if value <= EXACT else float(value)
