"""How grave a line of a log is, as far as its words tell."""

import re

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


def level_of(line: str) -> str:
    """One of `LEVELS`; "info" for a line that says nothing of it."""
    labelled = _LABELLED.search(line)
    if labelled and labelled[1].lower() in _WORDS:
        return _WORDS[labelled[1].lower()]
    word = _WORD.search(line)
    return _WORDS[word[1].lower()] if word else "info"
