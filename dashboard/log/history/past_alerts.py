"""The alerts that were: from when to when, and how bad it was at its worst.

They are made from the log's events `alert`, as figures are, and lie in the same file.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from dashboard.events.event import Event, EventId, fields
from dashboard.events.paths import ALERT
from dashboard.settings import LEVELS, Level

MOST = 20_000  # that are kept
SCHEMA = """
CREATE TABLE IF NOT EXISTS alert (
    id INTEGER PRIMARY KEY, until REAL, seen REAL NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS open_alert ON alert (id) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS alert_by_age ON alert (until);
"""


class _Told(msgspec.Struct):
    host: str
    alert: str
    state: Literal["raised", "still", "cleared"]
    time: float
    rule: str = ""
    event: str = ""
    level: Level = "warning"
    value: float | None = None
    worst: float | None = None
    threshold: float | None = None
    since: float | None = None
    message: str = ""


class PastAlert(msgspec.Struct, kw_only=True):
    """An alert from its begin to its end, in seconds since 1970; None while it is open.

    `seen` is when it was last spoken of, `worst` the value that was farthest beyond the limit, None
    without one.
    """

    host: str
    alert: str
    rule: str
    event: str
    level: str
    since: float
    seen: float
    until: float | None = None
    worst: float | None = None
    message: str = ""


_TOLD = msgspec.json.Decoder(_Told)
_PAST = msgspec.json.Decoder(PastAlert)
_Key = tuple[str, str]


def fold(open_alerts: dict[_Key, PastAlert], event: Event) -> list[PastAlert]:
    """Take the next event of the log; return the alerts that it changes.

    `open_alerts` has those that are open by host and name, and is changed.
    """
    told = fields(event.data, _TOLD) if event.name == ALERT else None
    if told is None or told.host != event.host:
        return []
    key = told.host, told.alert
    known = open_alerts.get(key)
    if told.state == "cleared":
        if known is None:
            return []
        _worsen(known, told, told.worst)
        known.seen = known.until = told.time
        del open_alerts[key]
        return [known]
    since = told.time if told.since is None else told.since
    changed = []
    if known is not None and told.rule and told.state == "raised" and since > known.seen:
        known.until = known.seen  # nobody has told of its end
        changed.append(known)
        known = None
    if known is None:
        known = open_alerts[key] = PastAlert(
            host=told.host,
            alert=told.alert,
            rule=told.rule,
            event=told.event,
            level=told.level,
            since=since,
            seen=told.time,
        )
    known.seen = told.time
    known.message = told.message
    if LEVELS.index(told.level) > LEVELS.index(known.level):
        known.level = told.level
    for value in (told.value, told.worst):
        _worsen(known, told, value)
    return [*changed, known]


def _worsen(known: PastAlert, told: _Told, value: float | None) -> None:
    if value is None:
        return
    limit = told.threshold or 0.0
    if known.worst is None or abs(value - limit) > abs(known.worst - limit):
        known.worst = value


def write(connection: Any, events: Iterable[Event]) -> None:
    """Build in events of the log, in a transaction of the history's file."""
    told = [event for event in events if event.name == ALERT]
    if not told:
        return
    rows = connection.execute("SELECT id, data FROM alert WHERE until IS NULL").fetchall()
    found = [(number, past) for number, data in rows if (past := fields(data, _PAST))]
    ids = {_key(past): number for number, past in found}
    known = {_key(past): past for _, past in found}
    changed: dict[int, PastAlert] = {}
    for past in (past for event in told for past in fold(known, event)):
        if _key(past) not in ids:
            insert = "INSERT INTO alert (seen, data) VALUES (0, '')"
            ids[_key(past)] = connection.execute(insert).lastrowid
        changed[ids[_key(past)]] = past
        if past.until is not None:
            del ids[_key(past)]
    for number, past in changed.items():
        update = "UPDATE alert SET until = ?, seen = ?, data = ? WHERE id = ?"
        connection.execute(update, (past.until, past.seen, msgspec.json.encode(past), number))
    connection.execute("DELETE FROM alert WHERE id <= (SELECT max(id) FROM alert) - ?", (MOST,))


def read(connection: Any, since: float, newest: Iterable[Event]) -> list[PastAlert]:
    """Return those that were open after `since`, the last to begin first.

    `newest` are events of the log; those that are built in already count once.
    """
    connection.execute("BEGIN")
    position = connection.execute("SELECT ms, sequence FROM position").fetchone() or (0, 0)
    rows = connection.execute(
        "SELECT data FROM alert WHERE until IS NULL OR until >= ?", (since,)
    ).fetchall()
    connection.execute("COMMIT")
    found = [past for (data,) in rows if (past := fields(data, _PAST))]
    later = (e for e in newest if e.id is not None and e.id > EventId(*position))
    return whole(found, later, since)


def whole(found: list[PastAlert], newest: Iterable[Event], since: float = 0.0) -> list[PastAlert]:
    """Return alerts with what came meanwhile, those open after `since`, the last to begin first."""
    known = {_key(past): past for past in found if past.until is None}
    unique = {id(past): past for past in found}
    unique |= {id(past): past for event in newest for past in fold(known, event)}
    recent = (past for past in unique.values() if past.until is None or past.until >= since)
    return sorted(recent, key=lambda past: past.since, reverse=True)


def trim(connection: Any, before: float) -> None:
    """Delete those that ended, or were last spoken of, before a time."""
    connection.execute("DELETE FROM alert WHERE coalesce(until, seen) < ?", (before,))


def _key(past: PastAlert) -> _Key:
    return past.host, past.alert
