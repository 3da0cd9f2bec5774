"""Levels of figures, from the rules that machines say in their events `rules`.

A rule says of a figure from which limit on it is too much. A colour on a page, a threshold in a
chart, the order of machines and an alert all go by `level_of` or by the same comparison.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from dashboard import settings
from dashboard.events.event import Event, fields
from dashboard.events.paths import RULES as RULES
from dashboard.metrics.catalogue.model import Catalogue, Figure, Level
from dashboard.settings import LEVELS, Comparison

MOST_LEVELS = 200  # of one figure, of a fleet whose machines differ


class RuleRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule about a figure, as it is said; `*` in the figure's name is each item.

    The limit is a number, or `limit_field` is the field of the item that has it.
    """

    name: str
    figure: str
    sign: Literal[">", ">=", "<", "<="]
    level: settings.Level
    limit: float | None = None
    limit_field: str | None = None
    clear: float | None = None
    for_: float = msgspec.field(name="for", default=0.0)
    everywhere: bool = False
    """Whether it holds for the figures of every host, as rules about what is published do."""


class _Said(msgspec.Struct):
    rules: tuple[RuleRow, ...] = ()


_DECODER = msgspec.json.Decoder(_Said)


def rules_of(event: Event) -> Sequence[RuleRow]:
    """Return the rules in an event `rules`; none of one that is malformed."""
    said = fields(event.data, _DECODER)
    return () if said is None else said.rules


def names_of_rules(event: Event) -> list[str]:
    """Return the names of the rules in an event."""
    return [rule.name for rule in rules_of(event)]


def level_of(
    figure: str, item: Mapping[str, Any], value: float | None, rules: Iterable[RuleRow]
) -> str:
    """Return the worst level of the rules that a value is beyond: "", info, warning or critical.

    `item` has the fields beside the value, among which may be its own limit.
    """
    worst = ""
    for rule in rules:
        limit = rule.limit if rule.limit_field is None else item.get(rule.limit_field)
        if (
            value is not None
            and isinstance(limit, int | float)
            and not isinstance(limit, bool)
            and watches(rule.figure, figure)
            and Comparison(rule.sign, limit).holds(value)
        ):
            worst = max(worst, rule.level, key=("", *LEVELS).index)
    return worst


def watches(pattern: str, figure: str) -> bool:
    """Return whether a rule's figure, with `*` for items, is this one."""
    return pattern == figure or ("*" in pattern and bool(_pattern(pattern).fullmatch(figure)))


@lru_cache(maxsize=1000)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def with_levels(rows: Catalogue, events: Iterable[Event]) -> Catalogue:
    """Return the rows with the limits that machines say in their newest events `rules`.

    A limit that all of these machines have alike is said once, without a host.
    """
    hosts: dict[RuleRow, list[str]] = {}
    machines = 0
    for event in events:
        machines += 1
        for rule in rules_of(event):
            hosts.setdefault(rule, []).append(event.host)
    of_events: dict[str, list[tuple[RuleRow, Sequence[str | None]]]] = {}
    for rule, those in hosts.items():
        is_everybodys = rule.everywhere or len(those) == machines
        named = of_events.setdefault(rule.figure.partition(".")[0], [])
        named.append((rule, [None] if is_everybodys else those))
    figures = tuple(
        replace(row, levels=tuple(islice(_levels(row, of_events.get(row.event, ())), MOST_LEVELS)))
        for row in rows.figures
    )
    return replace(rows, figures=figures)


def _levels(row: Figure, rules: Iterable[tuple[RuleRow, Sequence[str | None]]]) -> Iterator[Level]:
    for rule, hosts in rules:
        if watches(rule.figure, row.name):
            for host in hosts:
                yield Level(
                    rule=rule.name,
                    sign=rule.sign,
                    limit=rule.limit,
                    level=rule.level,
                    for_=rule.for_,
                    host=host,
                    limit_field=rule.limit_field or msgspec.UNSET,
                )
