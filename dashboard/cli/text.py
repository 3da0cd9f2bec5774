"""Lines of programs' output, as text that can't harm a terminal or a page."""

import re

MOST_LINE = 16 << 10  # bytes of a line

# ECMA-48, "Control sequences": how programs colour their lines.
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_SYMBOLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_SYMBOLS |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
del _SYMBOLS[0x09]


class Lines:
    """Bytes to lines, in bounded memory: of a line only the first `MOST_LINE` bytes are kept."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._cut = 0  # bytes of the line that were left out

    def feed(self, piece: bytes) -> list[str]:
        """The lines that a piece of the input ends."""
        *ends, rest = piece.split(b"\n")
        found = []
        for end in ends:
            self._hold(end)
            found.append(self._take())
        self._hold(rest)
        return found

    def end(self) -> list[str]:
        """What is left when the input has ended: a last line without its end, or nothing."""
        return [self._take()] if self._held else []

    def _hold(self, part: bytes) -> None:
        room = MOST_LINE - len(self._held)
        self._held += part[:room]
        self._cut += max(0, len(part) - room)

    def _take(self) -> str:
        line, cut = bytes(self._held), self._cut
        self._held.clear()
        self._cut = 0
        if not cut:
            return clean(line.removesuffix(b"\r"))
        # The cut may have gone through a character.
        return f"{clean(line).rstrip(chr(0xFFFD))} … [{cut} bytes cut]"


def clean(line: bytes) -> str:
    """A line as text: broken UTF-8 replaced, colours left out, control characters made visible."""
    text = line.decode("utf-8", "replace")
    if _CONTROL.search(text):
        return _SEQUENCE.sub("", text).translate(_SYMBOLS)
    return text
