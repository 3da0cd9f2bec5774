"""What is acknowledged or silenced, as the events `silence` of the log tell of it. Pure.

An acknowledgement is about one alert of one host, until that is over or becomes worse. A silence is
about the alerts of some hosts and rules, that come meanwhile, too. Both have an end.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from dashboard.alerts.model import Alert
from dashboard.events.event import Event, EventId, composed, fields
from dashboard.events.glob import fits
from dashboard.settings import LEVELS, Level

EVENT = "silence"
MOST = 1000  # that count at a time; the oldest give way


@lru_cache(maxsize=2 * MOST)
def _fit(pattern: str) -> Callable[[str], bool]:
    """Return the predicate of a pattern; those of all silences that count are kept."""
    return fits(frozenset({composed(pattern)}))


class Silence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is told of a silence or an acknowledgement; times are seconds since 1970.

    `alert` is the name of the alert that is acknowledged, of `host`, up to `level`; of a silence it
    is empty, and `hosts` and `rule` are patterns. `window` is the name of one of the settings. One
    whose `until` is not after its `time` ends what was said before it.
    """

    host: str
    time: float
    until: float
    alert: str = ""
    level: Level = "critical"
    hosts: str = "*"
    rule: str = "*"
    window: str = ""
    why: str = ""
    by: str = ""

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is about: of those that are alike the last one counts."""
        return (self.host, self.alert) if self.alert else (self.hosts, self.rule, self.window, "")

    def covers(self, alert: Alert, now: float) -> bool:
        """Return whether nothing is to be sent of an alert."""
        if now >= self.until or LEVELS.index(alert.level) > LEVELS.index(self.level):
            return False
        if self.alert:
            return (alert.host, alert.alert) == (self.host, self.alert)
        fit = _fit(self.rule)
        return _fit(self.hosts)(alert.host) and (fit(alert.rule) or fit(alert.alert))

    def event(self) -> Event:
        """Return the event that tells of it."""
        return Event(self.host, EVENT, msgspec.json.encode(self).decode())

    def shown(self) -> dict[str, Any]:
        """Return what people are told beside an alert."""
        return {"by": self.by or self.window, "until": self.until, "why": self.why}


_DECODER = msgspec.json.Decoder(Silence)


def decode_silence(event: Event) -> Silence | None:
    """Return the silence in an event; None for another event or malformed data."""
    found = fields(event.data, _DECODER) if event.name == EVENT else None
    return found if found is not None and found.host == event.host else None


class Silences:
    """Those that count, as far as the log was read."""

    def __init__(self, known: Iterable[Silence] = ()) -> None:
        self._known = {each.subject: (EventId(0, 0), each) for each in known}

    def copy(self) -> "Silences":
        """Return one that others may read while this one is read on."""
        copied = Silences()
        copied._known = dict(self._known)
        return copied

    def take(self, event_id: EventId, silence: Silence) -> None:
        """Take the next event of the log."""
        self._known.pop(silence.subject, None)
        if silence.until > silence.time:
            self._known[silence.subject] = event_id, silence
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def end(self, alert: Alert) -> None:
        """Forget what was acknowledged of an alert that is over."""
        self._known.pop((alert.host, alert.alert), None)

    def of(self, alert: Alert, now: float) -> Silence | None:
        """Return the one that keeps an alert from being sent, an acknowledgement first."""
        own = self._known.get((alert.host, alert.alert))
        if own is not None and own[1].covers(alert, now):
            return own[1]
        silences = (each for _, each in self._known.values() if not each.alert)
        return next((each for each in silences if each.covers(alert, now)), None)

    def active(self, now: float) -> list[tuple[EventId, Silence]]:
        """Return those that have not ended, and forget the others."""
        self._known = {key: item for key, item in self._known.items() if now < item[1].until}
        return list(self._known.values())


def shown_of(silence: Silence | None) -> Mapping[str, Any]:
    """Return what is said of an alert that is silenced or acknowledged; of others nothing."""
    if silence is None:
        return {}
    return {"acknowledged" if silence.alert else "silenced": silence.shown()}


def acknowledgements(
    alerts: Iterable[Alert],
    name: str,
    host: str | None,
    *,
    now: float,
    seconds: float,
    why: str,
    by: str,
) -> list[Silence]:
    """Return one for each open alert of a name, of one host or of all."""
    told = Silence(host="", time=round(now, 3), until=round(now + seconds, 3), why=why, by=by)
    return [
        replace(told, host=each.host, alert=name, level=each.level)
        for each in alerts
        if each.alert == name and host in (None, each.host)
    ]
