"""The result of a check: a level, a sentence and an advice."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: its level, a sentence for people, and what to change.

    `check` is the check's name; whoever makes the check sets it.
    """

    check: str
    level: Level
    text: str
    advice: str = ""


def ok(text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding("", "ok", text)


def note(text: str, advice: str = "") -> Finding:
    """Return a finding that is worth knowing, or that could not be decided."""
    return Finding("", "note", text, advice)


def problem(text: str, advice: str) -> Finding:
    """Return a finding of something to change."""
    return Finding("", "problem", text, advice)
