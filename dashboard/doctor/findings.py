"""Findings, and all checks over what was seen."""

from dataclasses import dataclass
from typing import Literal

from dashboard.doctor.seen import Seen

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
    """Worth knowing; or not to be told from what was seen."""
    return Finding(check, "note", text, advice)


def problem(check: str, text: str, advice: str) -> Finding:
    """Something to change."""
    return Finding(check, "problem", text, advice)


def examine(seen: Seen) -> list[Finding]:
    """Everything that can be said, in the order in which a reader would ask."""
    from dashboard.doctor import flow, head  # which make findings

    findings = [check(seen) for check in head.BEFORE]
    if seen.plain.is_stream:
        findings += [check(seen) for check in (*flow.CHECKS, *head.AFTER)]
    return [finding for finding in findings if finding is not None]
