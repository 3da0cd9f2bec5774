"""Publish one event from Python, to this machine's log or to another Vitals."""

import os
import time
import uuid
from contextlib import closing
from typing import Any

from dashboard import settings
from dashboard.errors import ClientError
from dashboard.events.strict_json import encode
from dashboard.log.contract import AppendLog
from dashboard.log.http import HTTPLog
from dashboard.log.opening import open_to_append
from dashboard.publications import read_events
from dashboard.settings.urls import SERVER_URL


def publish(
    event: str,
    data: dict[str, Any],
    *,
    host: str | None = None,
    to: str | None = None,
    token: str | None = None,
) -> str:
    """Put an event on every stream, and return its id.

    event: the name that browsers listen for; "message" makes an unnamed event.
    data:  an object that becomes JSON, at most 64 KiB.
    host:  the machine that it is about; without it that in `data`, or the setting HOST_NAME.
    to:    the address of the Vitals to send to; without it the setting PUBLISH_TO, and without
           that the log that the settings name is written, whether or not a service runs.
    token: the publish token of that Vitals; without it the setting PUBLISH_TOKEN.

    It blocks until the event is logged. Raises ValueError for an event that is not allowed and
    says why, SettingError for wrong settings, and LogUnavailable for a log that can't be written.
    """
    ours = settings.load(os.environ)
    to = to or ours.publish_to
    if to:
        try:
            to = SERVER_URL.parse(to)
        except ValueError:
            raise ValueError(f"to={to!r}: wanted is {SERVER_URL.allowed}") from None
    about = {} if host is None else {"host": host}
    try:
        body = encode({"event": event, "data": data} | about).encode()
        events = read_events(body, lines=False, host=ours.host_name, now=time.time())
    except ClientError as error:
        raise ValueError(error.detail) from None
    log: AppendLog = HTTPLog(to, token or ours.publish_token) if to else open_to_append(ours)
    with closing(log):
        # Under a key: sent again after a lost answer it is logged once.
        (event_id,) = log.append_idempotent(uuid.uuid4().hex, "", events)
    return str(event_id)
