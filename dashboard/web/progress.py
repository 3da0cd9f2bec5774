"""/progress/JOB: report a step of a job, and the stream of that job, which ends with it."""

import random
from functools import partial

from flask import Blueprint, Response, request

from dashboard.events.event import EventId
from dashboard.events.scope import Scope
from dashboard.jobs.model import EVENT, JOB, JOB_ALLOWED, read_report
from dashboard.jobs.stream import PROGRESS, JobStream
from dashboard.log.contract import LogUnavailable
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.event_stream import EventStreamResponse, event_stream
from dashboard.web.intake import JSON, Intake, media_type
from dashboard.web.problem import Problem
from dashboard.web.query import Query
from dashboard.web.stream import busy, position

_MOST_BYTES = 64 << 10  # of a report
_WITHOUT_LOG = 5  # times the usual pause before a browser comes back


def blueprint(service: Service, intake: Intake) -> Blueprint:
    """Return the routes of jobs: to report a step, and to watch one."""
    routes = Blueprint("progress", __name__)
    view = partial(report, service, intake)
    routes.add_url_rule("/progress/<job>", "report", view, methods=["POST"])
    routes.add_url_rule("/progress/<job>", "watch", partial(watch, service))
    return routes


def report(service: Service, intake: Intake, job: str) -> Response:
    """Log a step of a job; see the contract in docs/api.md."""
    _check(job)
    Query(request.args, ())
    media_type(JSON)
    body = intake.read_body(_MOST_BYTES)
    reported = read_report(body)
    runtime = service.runtime
    run, _ = runtime.jobs.latest_run(job)
    step = reported.step(
        job, run and run.step, host=runtime.settings.host_name, time=runtime.hub.now()
    )
    return intake.log_events([step.event()], body)


def watch(service: Service, job: str) -> Response:
    """The stream of a job; see the contract in docs/api.md."""
    _check(job)
    query = Query(request.args, ("last_event_id",))
    asked = position("last_event_id", query.text("last_event_id"))
    # What a browser sends as it reconnects is newer than what its URL says.
    after = position("Last-Event-ID", request.headers.get("Last-Event-ID")) or asked
    scope = request_scope()
    scope.check({EVENT}, None)
    runtime = service.runtime
    settings = runtime.settings
    retry = round(settings.retry * random.uniform(0.5, 1.5))
    try:
        start = _start(runtime, job, after, scope)
    except LogUnavailable:
        # EventSource gives up for good at any status but 200.
        return event_stream([], retry=_WITHOUT_LOG * retry)
    if start is None:
        return Response(status=204, mimetype="text/plain")
    address = request.environ.get("REMOTE_ADDR", "")
    reason = runtime.hub.admission.refusal(address)
    if reason is None and not runtime.hub.has_room_for(PROGRESS.restricted_to(scope)):
        reason = "feeds"
    if reason is not None:
        return EventStreamResponse(busy(runtime, reason))
    runtime.hub.admission.admit(address)
    steps = JobStream(runtime.hub, runtime.log, job, start, scope, address)
    return event_stream(steps, heartbeat=settings.heartbeat, retry=retry)


def _start(runtime: Runtime, job: str, after: EventId | None, scope: Scope) -> EventId | None:
    """The id after which a reader goes on; None if it has seen the end.

    Without an id, or with one that the log can't have given yet, that is where the job's last run
    begins. One who was in an earlier run is told the rest of that. A run of a host beyond the right
    is as none.
    """
    run, read_to = runtime.jobs.latest_run(job)
    if run is None or not scope.allows_host(run.step.host):
        return read_to  # its first step is still to come
    before = EventId(run.first.ms, run.first.sequence - 1)  # only to be compared with others
    if after is None:
        return before
    if run.step.is_end and after >= run.newest:
        return None
    if after < run.first:
        return None if runtime.jobs.is_end(job, after) else after
    return after if after <= read_to else before


def _check(job: str) -> None:
    if not JOB.fullmatch(job):
        raise Problem(400, f"{job!r} is no name of a job: wanted are {JOB_ALLOWED}", key="job")
