"""What is wrong with a stream, as seen from outside: any endpoint of Server-Sent Events.

`probe` makes the requests and judges nothing; `head` and `flow` are checks, pure functions from an
`Observation` to findings. A check that can't tell from what was observed says nothing, or says so.
"""

from dashboard.doctor import flow, head
from dashboard.doctor.findings import Finding
from dashboard.doctor.observation import Observation
from dashboard.doctor.probe import Unreachable, probe

__all__ = ["Finding", "Unreachable", "examine", "probe"]


def examine(observation: Observation) -> list[Finding]:
    """Everything that can be said, in the order in which a reader would ask."""
    findings = [check(observation) for check in head.BEFORE]
    if observation.plain.is_stream:
        findings += [check(observation) for check in (*flow.CHECKS, *head.AFTER)]
    return [finding for finding in findings if finding is not None]
