"""What is wrong with a stream, as seen from outside: any endpoint of Server-Sent Events.

`probe` looks, and says nothing; `head` and `flow` are checks, pure functions from what was seen to
findings in plain words. A check that can't tell from what was seen says nothing, or says so.
"""

from dashboard.doctor import flow, head
from dashboard.doctor.findings import Finding
from dashboard.doctor.probe import Unreachable, probe
from dashboard.doctor.seen import Seen

__all__ = ["Finding", "Unreachable", "examine", "probe"]


def examine(seen: Seen) -> list[Finding]:
    """Everything that can be said, in the order in which a reader would ask."""
    findings = [check(seen) for check in head.BEFORE]
    if seen.plain.is_stream:
        findings += [check(seen) for check in (*flow.CHECKS, *head.AFTER)]
    return [finding for finding in findings if finding is not None]
