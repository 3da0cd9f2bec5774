"""/progress/JOB: report a step of a job, and the stream of that job, which ends with it."""

import random

from flask import Response, request

from dashboard.errors import ClientError
from dashboard.events.event import EventId
from dashboard.events.scope import Scope
from dashboard.jobs.model import EVENT, JOB, JOB_ALLOWED, read_report
from dashboard.jobs.stream import PROGRESS, JobStream
from dashboard.log.contract import LogUnavailable
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.event_stream import EventStreamResponse, event_stream
from dashboard.web.intake import Intake
from dashboard.web.publisher import check_job, publisher_name
from dashboard.web.query import POSITIONS, Query
from dashboard.web.stream import busy

_MOST_BYTES = 64 << 10  # of a report
_WITHOUT_LOG = 5  # times the usual pause before a browser comes back


def report(service: Service, intake: Intake, job: str) -> Response:
    """Log a step of a job; see the contract in docs/api.md."""
    _check(job)
    body = intake.read_json(_MOST_BYTES)
    reported = read_report(body)
    runtime = service.runtime
    run, _ = runtime.jobs.latest_run(job)
    if run is not None:
        check_job(run.step)
    owner = (run and run.step.publisher) or publisher_name()
    step = reported.step(
        job,
        run and run.step,
        host=runtime.settings.host_name,
        time=runtime.hub.now(),
        publisher=owner,
    )
    return intake.log_events([step.event()], body)


def watch(service: Service, job: str) -> Response:
    """The stream of a job; see the contract in docs/api.md."""
    _check(job)
    after = Query(request.args, POSITIONS).position(request.headers.get("Last-Event-ID"))
    scope = request_scope()
    scope.check({EVENT}, None)
    runtime = service.runtime
    settings = runtime.settings
    retry = round(settings.retry * random.uniform(0.5, 1.5))
    try:
        start, missed = _start(runtime, job, after, scope)
    except LogUnavailable:
        # EventSource gives up for good at any status but 200.
        return event_stream([], retry=_WITHOUT_LOG * retry)
    if start is None:
        return Response(status=204, mimetype="text/plain")
    address = request.environ.get("REMOTE_ADDR", "")
    filter, admission = PROGRESS.restricted_to(scope), runtime.hub.admission
    reason = admission.refusal(address, filter)
    if reason is not None:
        return EventStreamResponse(busy(runtime, reason))
    admission.admit(address, filter)
    steps = JobStream(runtime.hub, runtime.log, job, start, scope, address, missed=missed)
    return event_stream(steps, heartbeat=settings.heartbeat, retry=retry)


def _start(
    runtime: Runtime, job: str, after: EventId | None, scope: Scope
) -> tuple[EventId | None, EventId | None]:
    """Return the id after which a reader goes on, and the id since which it lacks steps.

    The first is None for a reader that has seen the end, the second for one that lacks nothing.
    Without an id, or with one that is not this log's or no longer in it, a stream begins with the
    job's last run; with one of an earlier run it goes on there. A run of a host beyond the right
    counts as none. Raises LogUnavailable.
    """
    run, read_to = runtime.jobs.latest_run(job)
    if run is not None and not scope.allows(run.step.host, EVENT):
        run = None
    if run is not None and run.step.is_end and after == run.newest:
        return None, None
    missed = None if after is None or runtime.jobs.covers(after, read_to) else after
    if run is None:
        return read_to, missed  # its first step is still to come
    if after is None or missed is not None:
        return EventId(run.first.ms, run.first.sequence - 1), missed  # only to be compared
    is_over = run.step.is_end and after > run.newest
    if is_over or (after < run.first and runtime.jobs.is_end(job, after)):
        return None, None
    return after, None


def _check(job: str) -> None:
    if not JOB.fullmatch(job):
        raise ClientError(400, f"{job!r} is no name of a job: wanted are {JOB_ALLOWED}", key="job")
