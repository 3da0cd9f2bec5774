"""`[[alert]]`, the rules for alerts, and `[alerts]`."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .fields import AlertLevel, Level, Name, Receivers
from .tables import named_tables, table_of
from .types import SWITCH, Kind
from .validation import DURATION, convert, invalid

WILDCARD = "*"

_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(-?\d{1,18}(?:\.\d{1,9})?)", re.ASCII)
_PART = r"""\*|"[^"]+"|[^\s."*<>=]+"""
_WHEN = re.compile(rf"([a-z][a-z0-9_-]{{0,63}})((?:\.(?:{_PART}))+)\s*([<>].*)")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a number is compared with; `sign` is one of > >= < <=."""

    sign: str
    number: float

    def holds(self, value: float) -> bool:
        """Whether a number is on this side."""
        if self.sign[0] == ">":
            return value > self.number or (self.sign == ">=" and value == self.number)
        return value < self.number or (self.sign == "<=" and value == self.number)

    def opposite(self) -> "Comparison":
        """What holds where this one doesn't."""
        return Comparison({">": "<=", ">=": "<", "<": ">=", "<=": ">"}[self.sign], self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """When there is an alert: a figure that was beyond a limit for so many seconds.

    `family` is the name of its events, a family of samples or whatever is published. `path` leads
    to the figure through their data; a part that is the wildcard stands for every item of a list or
    an object, each of which has an alert of its own. `notify` are the receivers, none for all.
    """

    name: str
    family: str
    path: tuple[str, ...]
    condition: Comparison
    clear: Comparison
    for_seconds: float = 0.0
    level: Level = "warning"
    notify: tuple[str, ...] = ()


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """`defaults` is whether the built-in rules hold."""

    defaults: Annotated[bool, Meta(description="true or false", extra={"read": SWITCH.parse})] = (
        True
    )


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is written."""

    name: Name
    when: Annotated[
        str, Meta(description="EVENT.FIELD, one of > >= < <=, and a number: cpu.percent > 90")
    ]
    for_: Annotated[
        float,
        Meta(ge=0, le=86400, description="a duration from 0s to 24h, such as 90s", extra=DURATION),
    ] = msgspec.field(name="for", default=0.0)
    clear: Annotated[str | None, Meta(description="one of > >= < <= and a number")] = None
    level: AlertLevel = "warning"
    notify: Receivers = ()


def alert_rule(table: dict[str, Any]) -> AlertRule:
    """Return the rule of a table [[alert]]. Raises InvalidField."""
    written = convert(table, _Table)
    when = _WHEN.fullmatch(written.when.strip())
    condition = when and _comparison(when[3])
    if not when or not condition:
        raise invalid(_Table, "when", table)
    clear = condition.opposite()
    if written.clear is not None:
        given = _comparison(written.clear.strip())
        if not given or not _is_behind(given, condition):
            allowed = f"one of > >= < <= and a number, {clear.sign} {clear.number:g} or beyond"
            raise invalid(_Table, "clear", table, allowed)
        clear = given
    return AlertRule(
        name=written.name,
        family=when[1],
        path=tuple(part.strip('"') for part in re.findall(_PART, when[2])),
        condition=condition,
        clear=clear,
        for_seconds=written.for_,
        level=written.level,
        notify=written.notify,
    )


def _comparison(text: str) -> Comparison | None:
    match = _COMPARISON.fullmatch(text)
    return match and Comparison(match[1], float(match[2]))


def _is_behind(clear: Comparison, condition: Comparison) -> bool:
    """Whether what ends an alert lies on the other side of what raises it."""
    if clear.sign[0] == condition.sign[0]:
        return False
    if clear.number == condition.number:
        return "=" not in clear.sign or "=" not in condition.sign
    return not condition.holds(clear.number)


RULES = named_tables("alert", alert_rule)
ALERTS = Kind(lambda text: convert(table_of(text), Alerts), "a table [alerts]", none=Alerts())
