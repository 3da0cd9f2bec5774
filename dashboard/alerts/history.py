"""Alerts as the log has them: those after a position, and those that are open."""

import time
from collections.abc import Iterator

from dashboard.alerts.model import EVENT, Alert, decode_alert
from dashboard.alerts.silences import EVENT as SILENCE
from dashboard.alerts.silences import Silence, Silences, decode_silence
from dashboard.events.event import Event, EventId
from dashboard.log.contract import EventLog, LogReader
from dashboard.log.index import LogIndex
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


def silences_between(
    log: LogReader, after: EventId, last: EventId
) -> Iterator[tuple[EventId, Silence]]:
    """What was silenced or acknowledged likewise, of all hosts. Raises LogUnavailable."""
    for event in walk(log, after.following, last, names=[SILENCE]):
        silence = decode_silence(event)
        if event.id is not None and silence is not None:
            yield event.id, silence


class OpenAlerts:
    """The alerts that are open, and what is silenced, for the greenlets of one worker.

    One that nobody has spoken of for as long as events are kept is forgotten.
    """

    def __init__(self, log: EventLog, *, retention: float) -> None:
        """`retention` is in seconds."""
        self._open: dict[tuple[str, str], tuple[EventId, Alert]] = {}
        self.silences = Silences()  # as of the last look
        self._silences = Silences()
        names = [EVENT, SILENCE]
        self._index = LogIndex(log, names, self._take, retention=retention, clock=time.time)

    def __len__(self) -> int:
        """Return how many are open, as of the last look."""
        return len(self._open)

    def __contains__(self, name: tuple[str, str]) -> bool:
        """Return whether an alert (host, alert) was open at the last look."""
        return name in self._open

    def look(self) -> tuple[list[tuple[EventId, Alert]], EventId]:
        """The newest event of each alert that is open, the latest to begin first.

        And the id up to which the log was read. Raises LogUnavailable.
        """
        with self._index.up_to_date() as kept_from:
            self._open = {key: item for key, item in self._open.items() if item[0] >= kept_from}
            self.silences = self._silences.copy()
            newest_first = sorted(
                self._open.values(), key=lambda item: (item[1].began, item[0]), reverse=True
            )
            return newest_first, self._index.read_to

    def _take(self, event_id: EventId, event: Event) -> None:
        silence = decode_silence(event)
        if silence is not None:
            self._silences.take(event_id, silence)
        alert = decode_alert(event)
        if alert is not None and alert.is_open:
            self._open[alert.host, alert.alert] = event_id, alert
        elif alert is not None:
            self._open.pop((alert.host, alert.alert), None)
            self._silences.end(alert)
