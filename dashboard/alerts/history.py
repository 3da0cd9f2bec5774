"""Alerts as the log has them: those after a position, and those that are open."""

import time
from collections.abc import Callable, Iterator

from gevent.lock import Semaphore

from dashboard.alerts.model import EVENT, Alert, decode_alert
from dashboard.events.encoded import LOG_START
from dashboard.events.event import EventId
from dashboard.log.contract import EventLog, LogReader
from dashboard.log.scan import walk


def alerts_between(
    log: LogReader, after: EventId, last: EventId, *, host: str | None = None
) -> Iterator[tuple[EventId, Alert]]:
    """What was said of alerts above one id up to another, of one host or of all.

    Raises LogUnavailable.
    """
    hosts = None if host is None else [host]
    for event in walk(log, after.following, last, names=[EVENT], hosts=hosts):
        alert = decode_alert(event)
        if event.id is not None and alert is not None:
            yield event.id, alert


class OpenAlerts:
    """The alerts that are open, for the greenlets of one worker.

    Asked for them it first reads what the log has got since it was asked before; the first time,
    all that the log keeps. An alert that nobody has spoken of for as long as events are kept is
    forgotten, as the log itself forgets it.
    """

    def __init__(
        self, log: EventLog, *, retention: float, clock: Callable[[], float] = time.time
    ) -> None:
        """`retention` is in seconds."""
        self._log = log
        self._retention = retention
        self._clock = clock
        self._open: dict[tuple[str, str], tuple[EventId, Alert]] = {}
        self._read_to = LOG_START
        self._reading = Semaphore()

    def look(self) -> tuple[list[tuple[EventId, Alert]], EventId]:
        """The newest event of each alert that is open, the latest to begin first.

        And the id up to which the log was read. Raises LogUnavailable.
        """
        with self._reading:
            self._log.with_reader(self._read_on)
            kept_from = self._kept_from()
            self._open = {key: item for key, item in self._open.items() if item[0] >= kept_from}
            newest_first = sorted(
                self._open.values(), key=lambda item: (item[1].began, item[0]), reverse=True
            )
            return newest_first, self._read_to

    def _read_on(self, log: LogReader) -> None:
        last = log.newest()
        if last is None:
            return
        kept_from = log.id_at(self._clock() - self._retention)
        for event_id, alert in alerts_between(log, max(self._read_to, kept_from), last):
            key = alert.host, alert.alert
            if alert.is_open:
                self._open[key] = event_id, alert
            else:
                self._open.pop(key, None)
        self._read_to = max(self._read_to, last)

    def _kept_from(self) -> EventId:
        return self._log.id_at(self._clock() - self._retention)
