"""GET /now: the newest values of some figures of one machine, and whether they are old."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gevent
from flask import Response, request

from dashboard.errors import ClientError
from dashboard.events.paths import figures_of
from dashboard.metrics.catalogue.seen import fresh_for
from dashboard.runtime import Service
from dashboard.web.access import request_scope
from dashboard.web.answers import json_answer
from dashboard.web.exposition import STALE_AFTER
from dashboard.web.query import Query

KEYS = ("figures", "host", "form")
_FORMS = ("flat", "nested")
# Of a large event it takes 25 ms, and many of its figures may be asked for at once.
_figures_of = lru_cache(maxsize=4)(figures_of)


@dataclass(frozen=True, slots=True)
class Newest:
    """A value, its age in seconds, and the seconds after which one is old."""

    value: float | None
    age: float
    good_for: float

    @property
    def is_old(self) -> bool:
        """Whether a newer value should have come."""
        return self.age > self.good_for


def newest(service: Service, host: str, name: str) -> Newest:
    """Return the newest value of a figure. Raises ClientError(404) for one that nobody has said."""
    gevent.sleep(0)  # the next one may be of another large event
    runtime = service.runtime
    event, _, path = name.partition(".")
    buffer = runtime.hub.replay_buffer
    found, age = buffer.newest(host, event), buffer.age(host, event)
    figures = None if found is None else _figures_of(found.event)
    if age is None or figures is None or path not in figures[1]:
        raise ClientError(404, f"{host} has no figure {name}", key="figures")
    cadence = runtime.host_intervals.cadences(host).get(event)
    every = next((row.every for row in service.catalogue.figures if row.name == name), None)
    every = every or runtime.source_cadences.get(f"{event}@{host}")
    good_for = fresh_for(every) if cadence is None else STALE_AFTER * cadence
    return Newest(figures[1][path], age, good_for)


def now(service: Service) -> Response:
    """One object, flat or with the figures by their events; see the contract in docs/api.md."""
    query = Query(request.args, KEYS)
    names = query.fields("figures")
    if not names:
        raise ClientError(
            400, "figures: wanted are names such as cpu.percent,queue.length", key="figures"
        )
    form = query.one_of("form", _FORMS)
    scope = request_scope()
    host = query.host("host") or service.runtime.greeting.default_host(scope)
    scope.check_events({name.partition(".")[0] for name in names}, host)
    found = {name: newest(service, host, name) for name in sorted(names)}
    for name, each in found.items():
        if each.is_old:
            raise ClientError(503, f"{name} of {host} is {each.age:.0f} s old", key="figures")
    values: dict[str, Any] = {name: each.value for name, each in found.items()}
    if form == "nested":
        events: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            event, _, field = name.partition(".")
            events.setdefault(event, {})[field] = value
        values = {"figures": events}
    age = max(each.age for each in found.values())
    return json_answer({"host": host, **values, "age": round(age, 3)})
