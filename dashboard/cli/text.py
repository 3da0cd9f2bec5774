"""Lines of programs' output: as text that can't harm a terminal or a page, and how grave it is."""

import re

MOST_LINE = 16 << 10  # bytes of a line

# ECMA-48, "Control sequences": how programs colour their lines.
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_SYMBOLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_SYMBOLS |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
del _SYMBOLS[0x09]

LEVELS = ("debug", "info", "warning", "error", "critical")
_WORDS = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "notice": "info",
    "warn": "warning",
    "warning": "warning",
    "err": "error",
    "error": "error",
    "severe": "error",
    "failed": "error",
    "exception": "error",
    "traceback": "error",
    "crit": "critical",
    "critical": "critical",
    "fatal": "critical",
    "alert": "critical",
    "emerg": "critical",
    "panic": "critical",
}
# level=error or "level":"error"; else any of the words that stands alone, unlike /error.html.
_LABELLED = re.compile(r"""\b(?:level|severity|lvl)"?\s*[=:]\s*"?([a-z]+)""", re.I | re.A)
_ANY = "|".join(_WORDS)
_WORD = re.compile(rf"""(?<![\w/.=-])({_ANY})(?![\w/=-]|\.\w|":)""", re.I | re.A)


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


def level_of(line: str) -> str:
    """One of `LEVELS`; "info" for a line that says nothing of it."""
    labelled = _LABELLED.search(line)
    if labelled and labelled[1].lower() in _WORDS:
        return _WORDS[labelled[1].lower()]
    word = _WORD.search(line)
    return _WORDS[word[1].lower()] if word else "info"
