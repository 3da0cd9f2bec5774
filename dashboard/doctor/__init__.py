"""What is wrong with a stream, as seen from outside: any endpoint of Server-Sent Events.

`probe` makes the requests and judges nothing; `head` and `flow` are checks, pure functions from an
`Observation` to a finding, which is called as its function. A check that can't tell from what was
observed says nothing, or says so.
"""

from collections.abc import Callable
from dataclasses import replace

from dashboard.doctor import flow, head
from dashboard.doctor.findings import Finding
from dashboard.doctor.observation import Observation
from dashboard.doctor.probe import Unreachable, probe

__all__ = ["Finding", "Unreachable", "examine", "probe"]


def examine(observation: Observation) -> list[Finding]:
    """Everything that can be said, in the order in which a reader would ask."""
    checks: list[Callable[[Observation], Finding | None]] = [*head.BEFORE]
    if observation.plain.is_stream:
        checks += [*flow.CHECKS, *head.AFTER]
    found = ((check.__name__.replace("_", " "), check(observation)) for check in checks)
    return [replace(finding, check=name) for name, finding in found if finding is not None]
