"""What is wrong with a stream, as seen from outside: any endpoint of Server-Sent Events.

`probe` looks, and says nothing; `head` and `flow` are checks, pure functions from what was seen to
findings in plain words. A check that can't tell from what was seen says nothing, or says so.
"""

from dashboard.doctor.findings import Finding, Level, examine
from dashboard.doctor.probe import Unreachable, probe

__all__ = ["Finding", "Level", "Unreachable", "examine", "probe"]
