"""`[[alert]]`, the rules for alerts, and `[alerts]`."""

import re
import reprlib
from dataclasses import dataclass
from typing import Any

from .patterns import NAME_PATTERN
from .tables import WrongTable, check_keys, table_of, tables_of
from .types import SWITCH, Kind, duration

LEVELS = ("info", "warning", "critical")
WILDCARD = "*"

_FOR = duration("0s", "24h", "90s, 5m or 1h")
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
    level: str = "warning"
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """`defaults` is whether the built-in rules hold."""

    defaults: bool = True


def _rules(text: str) -> tuple[AlertRule, ...]:
    rules = [_rule(table, number) for number, table in enumerate(tables_of(text, "alert"), start=1)]
    for rule in rules:
        if [other.name for other in rules].count(rule.name) > 1:
            raise WrongTable(f"rule {rule.name!r}: there are two rules of this name")
    return tuple(rules)


def _rule(table: dict[str, Any], number: int) -> AlertRule:
    name = table.get("name")
    rule = f"rule {number}" if name is None else f"rule {reprlib.repr(name)}"
    check_keys(table, ("name", "when", "for", "clear", "level", "notify"), f"{rule}: ")

    def wrong(key: str, allowed: str) -> WrongTable:
        given = f"{key}={reprlib.repr(table[key])}" if key in table else f"{key} is missing"
        return WrongTable(f"{rule}: {given}: allowed is {allowed}")

    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        raise wrong("name", "letters, digits, '.', '_' and '-', at most 64")
    when = _WHEN.fullmatch(str(table.get("when")).strip())
    condition = when and _comparison(when[3])
    if not when or not condition:
        raise wrong("when", "EVENT.FIELD, one of > >= < <=, and a number: cpu.percent > 90")
    clear = condition.opposite()
    if "clear" in table:
        given = _comparison(str(table["clear"]).strip())
        if not given or not _is_behind(given, condition):
            raise wrong(
                "clear", f"one of > >= < <= and a number, {clear.sign} {clear.number:g} or beyond"
            )
        clear = given
    try:
        for_seconds = _FOR.parse(str(table.get("for", 0)))
    except ValueError:
        raise wrong("for", _FOR.allowed) from None
    level = table.get("level", "warning")
    if level not in LEVELS:
        raise wrong("level", ", ".join(LEVELS))
    notify = table.get("notify", [])
    if not isinstance(notify, list) or not all(isinstance(each, str) for each in notify):
        raise wrong("notify", 'a list of names of [notify.NAME], such as ["oncall"]')
    path = tuple(part.strip('"') for part in re.findall(_PART, when[2]))
    return AlertRule(
        name=name,
        family=when[1],
        path=path,
        condition=condition,
        clear=clear,
        for_seconds=for_seconds,
        level=level,
        notify=tuple(notify),
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


def _alerts(text: str) -> Alerts:
    table = table_of(text)
    check_keys(table, ("defaults",))
    try:
        return Alerts(defaults=SWITCH.parse(str(table.get("defaults", True))))
    except ValueError:
        raise WrongTable(f"defaults={table['defaults']!r}: allowed is true or false") from None


RULES = Kind(_rules, "tables [[alert]]", none=())
ALERTS = Kind(_alerts, "a table [alerts]", none=Alerts())
