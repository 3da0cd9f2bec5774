"""GET /alerts: the alerts that are open, of each host."""

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any

import gevent
import msgspec
from flask import Response, request, url_for

from dashboard.alerts.model import EVENT, Alert
from dashboard.alerts.silences import Silences, shown_of
from dashboard.alerts.silent_machines import HOST_SILENT
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.history.past_alerts import PastAlert
from dashboard.log.contract import LogReader
from dashboard.log.scan import walk
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.answers import json_answer, shared_answer
from dashboard.web.query import Query

_MOST_SECONDS = 3660 * 86400.0
_MOST = 1000  # past alerts in an answer


def alerts(service: Service) -> Response:
    """The newest event of each open alert, and past ones; see the contract in docs/api.md."""
    query = Query(request.args, ("host", "since"))
    filter = Filter(hosts=query.hosts("host"))
    since = query.duration("since", _MOST_SECONDS)
    filter = filter.restricted_to(request_scope())
    request_scope().check({EVENT}, None)
    runtime = service.runtime
    found, read_to = runtime.open_alerts.look()
    now, silences = runtime.hub.now(), runtime.open_alerts.silences
    hosts = {alert.host for _, alert in found}
    left = {host for host in hosts if runtime.host_intervals.reported(host).leaving}
    told = partial(_open, found, silences, left, filter, now, _pages())
    body: dict[str, Any] = {
        "time": now,
        "last_event_id": str(read_to) if read_to.ms else None,
        # Each alert is held against each silence, for which no stream should wait.
        **gevent.get_hub().threadpool.apply(told),
    }
    if since is not None:
        names = frozenset((alert.host, alert.alert) for _, alert in found)

        def work() -> bytes:
            past = (
                each for each in _past(runtime, now - since) if filter.selects(each.host, EVENT)
            )
            over = (each for each in past if each.until or (each.host, each.alert) not in names)
            pages = _pages()
            return msgspec.json.encode([_shown(each, pages) for each in islice(over, _MOST)])

        # URLs in it begin with the path at which a proxy has the service.
        question = ("alerts", since, filter, names, request.script_root)
        body["past"] = msgspec.Raw(shared_answer(runtime, question, work))
    return json_answer(body)


def _open(
    found: Sequence[tuple[EventId, Alert]],
    silences: Silences,
    left: set[str],
    filter: Filter,
    now: float,
    pages: str,
) -> dict[str, Any]:
    """Return the open alerts that a filter selects, and the silences of its scope.

    `left` are the machines whose agents were stopped in order.
    """
    silent = left | {alert.host for _, alert in found if alert.rule == HOST_SILENT}
    return {
        "alerts": [
            {
                "id": str(event_id),
                **msgspec.to_builtins(alert),
                **({"unknown": True} if alert.host in silent and not alert.judge else {}),
                **shown_of(silences.of(alert, now)),
                "url": f"{pages}{alert.host}?at={round(alert.began)}",
            }
            for event_id, alert in found
            if filter.selects(alert.host, EVENT)
        ],
        "silences": [
            msgspec.to_builtins(silence)
            for _, silence in silences.active(now)
            if filter.scope.allows(silence.host if silence.alert else silence.hosts, EVENT)
        ],
    }


def _past(runtime: Runtime, since: float) -> list[PastAlert]:
    """Return the alerts that were open after a time. Raises LogUnavailable."""
    position = runtime.history.reader.position()

    def read(log: LogReader) -> list[Event]:
        last = log.newest()
        return [] if last is None else list(walk(log, position.following, last, names=[EVENT]))

    return runtime.history.reader.past_alerts(since, runtime.log.with_reader(read))


def _shown(past: PastAlert, pages: str) -> dict[str, Any]:
    shown = msgspec.to_builtins(past)
    del shown["since"], shown["until"], shown["seen"]
    until = past.until
    return {
        **shown,
        "from": past.since,
        "to": until,
        "duration": None if until is None else round(max(0.0, until - past.since), 3),
        "url": f"{pages}{past.host}?at={round(past.since)}",
    }


def _pages() -> str:
    """Return what the addresses of machines' pages begin with; a host's name follows."""
    return url_for("pages.host", name="a").removesuffix("a")
