"""Reading a log from end to end, over the contract alone: in batches, for whoever may block."""

from collections.abc import Iterable, Iterator

from dashboard.events.event import Event, EventId
from dashboard.log.contract import LogReader

_BATCH = 2000


def walk(
    log: LogReader,
    first: EventId,
    last: EventId,
    *,
    names: Iterable[str | None] | None = None,
    hosts: Iterable[str] | None = None,
) -> Iterator[Event]:
    """The events from one id to another, both included, of these names and hosts, in id order.

    Raises LogUnavailable.
    """
    while first <= last:
        batch = log.read_range(first, last, names=names, hosts=hosts, limit=_BATCH)
        yield from batch
        newest = batch[-1].id if batch else None
        if newest is None or len(batch) < _BATCH:
            return
        first = newest.following
