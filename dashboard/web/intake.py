"""What is sent in: a body's bytes, read within bounds, and its events on their way to the log."""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import IO

import gevent
import msgspec
from flask import Response, request

from dashboard.alerts.model import decode_alert
from dashboard.errors import ClientError
from dashboard.events.event import Event
from dashboard.jobs.model import EVENT, decode_step
from dashboard.log.contract import IdempotencyConflict
from dashboard.runtime import Service
from dashboard.web.drain import BODY_READ
from dashboard.web.publish_limits import Publication, PublishLimits
from dashboard.web.publisher import (
    check_job,
    check_publish_scope,
    publisher_name,
    publisher_prefix,
)
from dashboard.web.query import Query

JSON = "application/json"
NDJSON = "application/x-ndjson"
_PIECE = 64 << 10
# What `curl -d` says of a body if nobody tells it, and what some programs don't say at all.
_UNSAID = ("", "application/x-www-form-urlencoded")
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")


class _TooSlow(Exception):
    pass


def media_type(*allowed: str) -> str:
    """What the request says that its body is. Raises ClientError(415) for anything else."""
    encoding = request.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise ClientError(
            415, "the body is compressed; wanted is a plain one", key="Content-Encoding"
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise ClientError(415, "the body's charset is not UTF-8", key="Content-Type")
    if request.mimetype in _UNSAID:
        return JSON
    if request.mimetype not in allowed:
        raise ClientError(
            415, f"the body's Content-Type: wanted is {' or '.join(allowed)}", key="Content-Type"
        )
    return request.mimetype


class Intake:
    """Reads the bodies of one service's requests, and logs what was published in them."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def read_body(self, most: int, seconds: float = math.inf) -> bytes:
        """The body of the request, if it has at most `most` bytes, however it is framed.

        It has to come within `seconds`, and within BODY_TIMEOUT. Raises ClientError: 413 for more,
        408 for a slow body, 400 for one that breaks off.
        """
        seconds = min(seconds, self._service.settings.body_timeout)
        length = request.content_length
        if length is not None and length > most:
            raise self._too_large(most)
        try:
            with gevent.Timeout(seconds, _TooSlow):
                body = _read(request.stream, most + 1)
        except _TooSlow:
            self._service.instruments.requests_refused.labels("body").inc()
            raise ClientError(408, f"the body took longer than {seconds:g} s") from None
        except Exception:  # the server's own, of a connection that broke or chunks that are none
            raise ClientError(400, "the body broke off, or its chunks are malformed") from None
        if len(body) > most:
            raise self._too_large(most)
        if length is not None and len(body) < length:
            raise ClientError(400, f"the body broke off: {len(body)} of {length} bytes came")
        request.environ[BODY_READ] = True
        return body

    def read_json(self, most: int, seconds: float = math.inf) -> bytes:
        """The body, in JSON, of a request without a query. Raises ClientError."""
        Query(request.args, ())
        media_type(JSON)
        return self.read_body(most, seconds)

    def log_events(
        self,
        events: Sequence[Event],
        body: bytes,
        *,
        agent: str | None = None,
        kinds: Iterable[tuple[str, str | None]] | None = None,
    ) -> Response:
        """Log what a request published: 201 with the ids, once for all of one Idempotency-Key.

        `agent` is the machine whose agent speaks. `kinds` are (host, event) that the token has to
        cover, where the events are about others than their own hosts. Raises ClientError for an
        event that the token may not publish, for one that finds no room
        (access/publish_limits.py) and for an Idempotency-Key that can't be taken, and
        LogUnavailable.
        """
        own = dict.fromkeys((event.host, event.name) for event in events)
        check_publish_scope(own if kinds is None else kinds)
        key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
            raise ClientError(
                400,
                "Idempotency-Key: wanted are 1 to 255 visible ASCII characters",
                key="Idempotency-Key",
            )
        jobs = self._check_jobs(events)
        alerts = self._open_alerts(events)
        self._limits.admit(Publication(publisher_name(), events, agent, key, jobs, alerts))
        log = self._service.runtime.log
        if key is None:
            ids = log.append(events)
        else:
            asked = f"{request.method} {request.path}\n".encode() + body
            body_digest = hashlib.sha256(asked).hexdigest()
            try:
                ids = log.append_idempotent(publisher_prefix() + key, body_digest, events)
            except IdempotencyConflict:
                raise ClientError(
                    422,
                    "this Idempotency-Key came before with another body or URL: each publication "
                    "has its own key",
                    key="Idempotency-Key",
                ) from None
        answer = msgspec.json.encode({"ids": [str(event_id) for event_id in ids]})
        return Response(answer, 201, content_type=JSON)

    def _check_jobs(self, events: Sequence[Event]) -> set[str]:
        """Return the jobs whose steps are among events. Raises ClientError(403) for others'."""
        steps = [decode_step(event) for event in events if event.name == EVENT]
        jobs = {step.job for step in steps if step is not None}
        if jobs:
            for run in self._service.runtime.jobs.latest_runs(jobs).values():
                check_job(run.step)
        return jobs

    def _open_alerts(self, events: Sequence[Event]) -> set[tuple[str, str]]:
        """Return the alerts that events say are open, of all others as they are now in the log."""
        said = [alert for event in events if (alert := decode_alert(event)) and alert.is_open]
        if said:
            self._service.runtime.open_alerts.look()
        return {(alert.host, alert.alert) for alert in said}

    @cached_property
    def _limits(self) -> PublishLimits:
        runtime = self._service.runtime
        return PublishLimits(
            runtime.hub.replay_buffer,
            runtime.jobs,
            runtime.open_alerts,
            own_host=runtime.settings.host_name,
            bytes_per_minute=runtime.settings.max_published,
            instruments=self._service.instruments,
        )

    def _too_large(self, most: int) -> ClientError:
        self._service.instruments.requests_refused.labels("body").inc()
        return ClientError(413, f"a body has at most {most} bytes")


def _read(stream: IO[bytes], most: int) -> bytes:
    """The stream to its end, but at most so many bytes of it."""
    body = bytearray()
    while piece := stream.read(min(_PIECE, most - len(body))):
        body += piece
    return bytes(body)
