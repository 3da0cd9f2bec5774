"""A job's progress: what may be reported, and the step that a report makes.

Each report is one event `progress` in the log. A step says all that is known of its job, so that
the newest alone is enough for a bar; what a report leaves out it takes over from the step before. A
run of a job begins with its first step after the end of the run before.
"""

import math
import re
import reprlib
from typing import Any, Literal

import msgspec

from dashboard.errors import ClientError
from dashboard.events.event import Event, check_host, fields
from dashboard.events.strict_json import check_keys, decode, encode, text_of

JOB = re.compile(r"[A-Za-z0-9._-]{1,64}")
JOB_ALLOWED = "letters, digits, '.', '_' and '-', at most 64 characters"
EVENT = "progress"
KEYS = ("done", "total", "message", "completed", "failed", "host")
MOST_MESSAGE = 4096  # characters

State = Literal["running", "completed", "failed"]
Number = int | float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a job, with the fields of its event; null where nothing is known."""

    host: str
    time: Number
    job: str
    done: Number | None = None
    total: Number | None = None
    message: str | None = None
    state: State

    @property
    def is_end(self) -> bool:
        """Whether the run ends with it."""
        return self.state != "running"

    def event(self) -> Event:
        """The event that tells of it. Raises ClientError for a message that UTF-8 can't carry."""
        return Event(self.host, EVENT, encode(self))


class ProgressReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is reported of a job; UNSET stays as it was in the step before."""

    done: Number | msgspec.UnsetType | None = msgspec.UNSET
    total: Number | msgspec.UnsetType | None = msgspec.UNSET
    message: str | None = None
    state: State = "running"
    host: str | None = None

    def step(self, job: str, before: Step | None, *, host: str, time: float) -> Step:
        """The step that it makes of a job whose newest step is `before`, None without any."""
        if before is not None and before.is_end:
            before = None
        done, total = self.done, self.total
        if isinstance(done, msgspec.UnsetType):
            done = None if before is None else before.done
        if isinstance(total, msgspec.UnsetType):
            total = None if before is None else before.total
        return Step(
            host=self.host or host,
            time=round(time, 3),
            job=job,
            done=done,
            total=total,
            message=self.message,
            state=self.state,
        )


def read_report(body: bytes) -> ProgressReport:
    """The report of a request's body. Raises ClientError."""
    given = decode(text_of(body))
    if not isinstance(given, dict) or not given:
        raise ClientError(422, f"a report is an object with some of the keys {', '.join(KEYS)}")
    check_keys(given, KEYS)
    counts = {key: check_number(key, given[key]) for key in ("done", "total") if key in given}
    message = check_text("message", given.get("message"))
    state: State = "running"
    if "completed" in given:
        if given["completed"] is not True:
            raise ClientError(422, "completed: allowed is true, at the end", key="completed")
        state = "completed"
    if "failed" in given:
        reason = check_text("failed", given["failed"])
        if not reason:
            raise ClientError(422, "failed: wanted is the reason, a text", key="failed")
        if message is not None or state == "completed":
            raise ClientError(422, "failed stands without message and completed", key="failed")
        message, state = reason, "failed"
    host = given.get("host")
    if host is not None:
        check_host(host)
    return ProgressReport(**counts, message=message, state=state, host=host)


def decode_step(event: Event) -> Step | None:
    """Return the step in a progress event; None for another event or malformed data."""
    step = fields(event.data, _DECODER) if event.name == EVENT else None
    return step if step is not None and JOB.fullmatch(step.job) else None


def check_number(key: str, value: Any) -> Number | None:
    """A count of what is done or to be done, or None. Raises ClientError."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < math.inf:
        raise ClientError(
            422, f"{key}={reprlib.repr(value)}: wanted is a number from 0, or null", key=key
        )
    return value  # type: ignore[no-any-return]


def check_text(key: str, value: Any) -> str | None:
    """A text for people, or None. Raises ClientError."""
    if value is not None and (not isinstance(value, str) or len(value) > MOST_MESSAGE):
        raise ClientError(
            422,
            f"{key}={reprlib.repr(value)}: wanted is a text of at most {MOST_MESSAGE} characters",
            key=key,
        )
    return value


_DECODER = msgspec.json.Decoder(Step)
