"""The newest value of a figure of a machine, and whether it is old."""

from dataclasses import dataclass
from functools import lru_cache

import gevent

from dashboard.catalogue.seen import fresh_for
from dashboard.errors import ClientError
from dashboard.events.paths import figures_of
from dashboard.runtime import Service
from dashboard.web.exposition import STALE_AFTER

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
    good_for = fresh_for(every) if cadence is None else STALE_AFTER * cadence
    return Newest(figures[1][path], age, good_for)
