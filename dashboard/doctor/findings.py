"""What checks say."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says: in a sentence, and what to change."""

    check: str
    level: Level
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", text)


def note(check: str, text: str, advice: str = "") -> Finding:
    """Worth knowing; or not to be told from what was observed."""
    return Finding(check, "note", text, advice)


def problem(check: str, text: str, advice: str) -> Finding:
    """Something to change."""
    return Finding(check, "problem", text, advice)
