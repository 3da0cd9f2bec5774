"""Progress reports of jobs, and the steps that they make. Pure.

Each report becomes one event `progress`. A step has all that is known of its job, so the newest one
is enough to draw a bar; fields that a report leaves out are inherited from the step before. A run
of a job begins with its first step after the end of the run before.
"""

import re
import sys
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dashboard.errors import ClientError
from dashboard.events.event import Event, check_host, fields
from dashboard.events.strict_json import decode_struct, encode
from dashboard.settings import HOST_ALLOWED, HOST_PATTERN

JOB = re.compile(r"[A-Za-z0-9._-]{1,64}")
JOB_ALLOWED = "letters, digits, '.', '_' and '-', at most 64 characters"
EVENT = "progress"
KEYS = ("done", "total", "message", "completed", "failed", "host")
MOST_MESSAGE = 4096  # characters

State = Literal["running", "completed", "failed"]
Number = int | float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a job, with the fields of its event; None if unknown."""

    host: str
    time: Number
    job: str
    done: Number | None = None
    total: Number | None = None
    message: str | None = None
    state: State
    publisher: str | msgspec.UnsetType = msgspec.UNSET  # the token by which its first run came

    @property
    def is_end(self) -> bool:
        """True if the run ends with this step."""
        return self.state != "running"

    def event(self) -> Event:
        """Return the step's event."""
        return Event(self.host, EVENT, encode(self))


_Count = Annotated[
    Annotated[int, Meta(ge=0)]
    | Annotated[float, Meta(ge=0, le=sys.float_info.max)]
    | msgspec.UnsetType
    | None,
    Meta(description="a number from 0, or null"),
]


class ProgressReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is reported of a job; UNSET fields stay as they were in the step before."""

    done: _Count = msgspec.UNSET
    total: _Count = msgspec.UNSET
    message: Annotated[
        Annotated[str, Meta(max_length=MOST_MESSAGE)] | None,
        Meta(description=f"a text of at most {MOST_MESSAGE} characters, or null"),
    ] = None
    completed: Annotated[
        Literal[True] | msgspec.UnsetType, Meta(description="true, at the end")
    ] = msgspec.UNSET
    failed: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MOST_MESSAGE)] | msgspec.UnsetType,
        Meta(description=f"the reason, a text of at most {MOST_MESSAGE} characters"),
    ] = msgspec.UNSET
    host: Annotated[
        Annotated[str, Meta(pattern=rf"^(?:{HOST_PATTERN})\Z")] | None,
        Meta(description=f"a host name: {HOST_ALLOWED}"),
    ] = None

    @property
    def state(self) -> State:
        """The state of the job after this report."""
        if self.failed is not msgspec.UNSET:
            return "failed"
        return "running" if self.completed is msgspec.UNSET else "completed"

    def step(
        self,
        job: str,
        before: Step | None,
        *,
        host: str,
        time: float,
        publisher: str | msgspec.UnsetType = msgspec.UNSET,
    ) -> Step:
        """Merge this report into the job's latest step `before` and return the new step.

        `before` is None for the first run. Unset fields are inherited, unless `before` ended its
        run. `host` is the host if the report names none; `time` is in seconds since 1970.
        """
        known = None if before is None or before.is_end else before
        return Step(
            host=check_host(self.host or host),
            time=round(time, 3),
            job=job,
            done=_or_inherited(self.done, None if known is None else known.done),
            total=_or_inherited(self.total, None if known is None else known.total),
            message=self.message if self.failed is msgspec.UNSET else self.failed,
            state=self.state,
            publisher=publisher,
        )


def _or_inherited(
    count: Number | msgspec.UnsetType | None, inherited: Number | None
) -> Number | None:
    return inherited if isinstance(count, msgspec.UnsetType) else count


def read_report(body: bytes) -> ProgressReport:
    """Return the report in a body. Raises ClientError, with the key of a wrong field."""
    report = decode_struct(body, ProgressReport, what="a report")
    if report.state == "failed" and (report.message or report.completed):
        raise ClientError(422, "failed stands without message and completed", key="failed")
    return report


def loggable(message: str) -> str:
    """Return a message as it can be logged: names of files may hold what is no character."""
    text = message.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= MOST_MESSAGE else f"{text[: MOST_MESSAGE - 1]}…"


def decode_step(event: Event) -> Step | None:
    """Return the step in a progress event; None for another event or malformed data."""
    step = fields(event.data, _DECODER) if event.name == EVENT else None
    return step if step is not None and JOB.fullmatch(step.job) else None


_DECODER = msgspec.json.Decoder(Step)
