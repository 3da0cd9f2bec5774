"""What one receiver of alerts has been told, and what it still has to be told. Pure.

It follows the log: each event about an alert is taken once, in order. What is not sent at once
(quiet hours, too many messages already, a receiver that does not answer) is not a queue that grows:
of each alert only the newest counts. One that came and went within quiet hours is not mentioned,
nor is what happens while an alert is silenced, or acknowledged and not worse.

Everything that is due goes into one message, so a burst costs one.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote

import msgspec

from dashboard.alerts import grouping
from dashboard.alerts.model import Alert
from dashboard.alerts.silences import Silence, Silences
from dashboard.events.event import EventId
from dashboard.settings import LEVELS, Level

_MOST = 1000  # alerts that are waited with
_MOST_LINES = 20
_MOST_CHARACTERS = 300
_PATIENCE = 10.0  # seconds

Kind = Literal["info", "warning", "failure", "success"]


class Message(NamedTuple):
    """What is sent; `kind` is one of apprise's types."""

    title: str
    body: str
    kind: Kind


class State(msgspec.Struct, kw_only=True):
    """What outlives a restart: by the alerts' names, their newest events."""

    position: str
    open: dict[str, Alert] = {}
    ended: dict[str, Alert] = {}  # those whose end has to be told
    # Open ones, as far as the receiver knows, and how grave they were; once only the names.
    told: dict[str, Level] | list[str] = {}
    sent: list[float] = []  # when messages were sent, seconds since 1970
    silences: list[Silence] = []


class Outbox:
    """The messages for one receiver."""

    def __init__(
        self,
        state: State,
        *,
        quiet: tuple[int, int] | None,
        rate: tuple[int, float],
        levels: Sequence[str] = LEVELS,
        minute: Callable[[float], int] | None = None,
        windows: Callable[[float], Sequence[Silence]] = lambda now: (),
    ) -> None:
        """`quiet` is from minute to minute of the day; `rate` so many messages in so many seconds.

        What is raised is told of these `levels`. `minute` gives the minute of the day of a time
        (seconds since 1970), `windows` the silences of that time beside those of the log.
        """
        self.state = state
        told = state.told
        before: dict[str, Level] = dict.fromkeys(told, "critical")
        self._told = told if isinstance(told, dict) else before
        self._silences = Silences(state.silences)
        state.told = self._told
        self._quiet = quiet
        self._rate = rate
        self.is_waiting = False  # for others that may join what is due, or for who did it
        self._levels = levels
        self._minute = minute or _local_minute
        self._windows = windows

    @property
    def position(self) -> EventId:
        """The id up to which the log has been taken."""
        return EventId.parse(self.state.position)

    def take(self, items: Iterable[tuple[EventId, Alert | Silence]], last: EventId) -> bool:
        """Take what the log has after `position`, which goes on to `last`.

        Returns whether that was anything about alerts.
        """
        is_any = False
        for event_id, item in items:
            is_any = True
            if isinstance(item, Silence):
                self._silences.take(event_id, item)
            elif item.is_open:
                self._opens(item)
            else:
                at = event_id.time
                self._ends(item, is_silent=self._is_silent(item, at, self._windows(at)))
                self._silences.end(item)
        if is_any:
            self.state.silences = [each for _, each in self._silences.active(last.time)]
        self.state.position = str(last)
        return is_any

    def drop_cleared(self) -> None:
        """Don't speak of what is over. For a receiver that is new."""
        self.state.ended.clear()

    def drop_before(self, time: float) -> None:
        """Give up on alerts that nobody has spoken of since, as the log does."""
        for name, alert in list(self.state.open.items()):
            if alert.time < time:
                del self.state.open[name]
                self._told.pop(name, None)

    def due(self, now: float) -> list[Alert]:
        """What has to be told now, the oldest first; nothing while there is no room."""
        self.is_waiting = False
        count, period = self._rate
        self.state.sent = [at for at in self.state.sent if 0 <= now - at < period]
        if len(self.state.sent) >= count:
            return []
        windows = self._windows(now)
        untold = [
            alert
            for name, alert in self.state.open.items()
            if name not in self._told or _rank(alert.level) > _rank(self._told[name])
            if alert.level in self._levels and not self._is_silent(alert, now, windows)
        ]
        # Who did it is known in a moment.
        known = [a for a in untold if a.culprits != () or not 0 <= now - a.time < _PATIENCE]
        settled = grouping.settled([*self.state.ended.values(), *known], now)
        self.is_waiting = len(settled) < len(self.state.ended) + len(untold)
        return sorted(
            (alert for alert in settled if not self._is_quiet(alert.level, now)),
            key=lambda alert: alert.time,
        )

    def mark_sending(self, alerts: Iterable[Alert]) -> bool:
        """A message with these begins: whoever may have heard of an end hears of a new beginning.

        Returns whether that changed anything.
        """
        ends = {_key(alert) for alert in alerts if not alert.is_open} & self._told.keys()
        for name in ends:
            del self._told[name]
        return bool(ends)

    def mark_notified(self, alerts: Iterable[Alert], now: float | None) -> None:
        """The receiver has got a message with these; without a time they are given up."""
        for alert in alerts:
            name = _key(alert)
            if alert.is_open:
                self._told[name] = alert.level
            else:
                del self.state.ended[name]
                self._told.pop(name, None)
        if now is not None:
            self.state.sent.append(now)

    def _opens(self, alert: Alert) -> None:
        name = _key(alert)
        if len(self.state.open) < _MOST or name in self.state.open:
            self.state.open[name] = alert
            # Whoever was told that it is raised, and not that it ended, is right again.
            self.state.ended.pop(name, None)

    def _ends(self, alert: Alert, *, is_silent: bool) -> None:
        name = _key(alert)
        was_open = self.state.open.pop(name, None) is not None
        if is_silent:
            self._told.pop(name, None)
        elif name in self._told or (
            was_open and alert.level in self._levels and not self._is_quiet(alert.level, alert.time)
        ):
            self.state.ended[name] = alert
            if len(self.state.ended) > _MOST:
                oldest = next(iter(self.state.ended))
                self.mark_notified([self.state.ended[oldest]], None)

    def _is_silent(self, alert: Alert, at: float, windows: Iterable[Silence]) -> bool:
        is_window = any(each.covers(alert, at) for each in windows)
        return is_window or self._silences.of(alert, at) is not None

    def _is_quiet(self, level: Level, at: float) -> bool:
        if level == "critical" or self._quiet is None:
            return False
        start, end = self._quiet
        minute = self._minute(at)
        return start <= minute < end if start <= end else minute >= start or minute < end


def message(alerts: Sequence[Alert], wall_url: str = "") -> Message:
    """One message about some alerts, at least one; its lines link to moments at `wall_url`."""
    groups = grouping.groups(alerts)
    grouped = {id(alert) for group in groups for alert in group}
    lines = [f"{grouping.line(group)} {wall_url and wall_url + '/'}".rstrip() for group in groups]
    lines += [_line(alert, wall_url) for alert in alerts if id(alert) not in grouped]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"and {len(lines) - _MOST_LINES} more"]
    head = alerts[0].alert if len(alerts) == 1 else f"{len(alerts)} alerts"
    ending = " is over" if len(alerts) == 1 and not alerts[0].is_open else ""
    hosts = {alert.host for alert in alerts}
    whose = alerts[0].host if len(hosts) == 1 else f"{len(hosts)} machines"
    title = f"{whose}: {head}{ending}"
    if len(lines) == len(groups) == 1:
        title = grouping.words(groups[0])
    return Message(title, "\n".join(lines), _kind(alerts))


def _key(alert: Alert) -> str:
    """Return the name of an alert among those of one receiver."""
    return f"{alert.alert} of {alert.host}" if alert.judge else alert.alert


def _line(alert: Alert, wall_url: str) -> str:
    text = alert.message or alert.alert
    if len(text) > _MOST_CHARACTERS:
        text = f"{text[:_MOST_CHARACTERS]}…"
    mark = alert.level if alert.is_open else "over"
    at = f" {wall_url}/host/{quote(alert.host)}?at={alert.began:.0f}" if wall_url else ""
    return f"[{mark}] {' '.join(text.split())}{at}"


def _kind(alerts: Sequence[Alert]) -> Kind:
    levels = {alert.level for alert in alerts if alert.is_open}
    if not levels:
        return "success"
    if "critical" in levels:
        return "failure"
    return "warning" if "warning" in levels else "info"


def _rank(level: Level) -> int:
    return LEVELS.index(level)


def _local_minute(at: float) -> int:
    try:
        local = time.localtime(at)
    except (OverflowError, ValueError, OSError):  # whoever publishes an alert gives it its time
        return 0
    return local.tm_hour * 60 + local.tm_min
