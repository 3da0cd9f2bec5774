"""Validation of the metrics that another machine's agent sends, by the fields of their family.

Pages, `/metrics` and the history rely on what the families declare. A metric may be missing or
null: not every machine has all. Fields that are not known here are left as they are, so a fleet may
be brought up to date in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from dashboard import metrics
from dashboard.errors import ClientError
from dashboard.events.strict_json import INTEGERS
from dashboard.metrics.family import Family


@dataclass(slots=True)
class _Form:
    """Type of a value; `inner` has those inside, of lists and maps under ""."""

    wanted: str
    inner: "dict[str, _Form]" = field(default_factory=dict)


def validate_metrics(family: str, data: Mapping[str, Any]) -> None:
    """Raise ClientError for the first metric of a family's event that has another type."""
    form = _forms().get(family)
    if form is not None:
        _check(data, form, family)


def _check(value: Any, form: _Form, path: str) -> None:
    if value is None:
        return
    types = _TYPES[form.wanted]
    is_wanted = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    if not is_wanted or (isinstance(value, int) and value not in INTEGERS):
        raise ClientError(422, f"data: {path}: wanted is {form.wanted}, or null", key="data")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _check(item, form.inner[""], f"{path}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = form.inner.get("") or form.inner.get(key)
            if inner is not None:
                _check(item, inner, f"{path}.{key[:64]}")


_NUMBER, _NAME, _FLAG = "a number", "a text", "true or false"
_LIST, _OBJECT = "a list", "an object"
_TYPES: dict[str, tuple[type, ...]] = {
    _NUMBER: (int, float),
    _NAME: (str, int),  # a process id is a number that is a name
    _FLAG: (bool,),
    _LIST: (list,),
    _OBJECT: (dict,),
}
_UNITS = {"true/false": _FLAG, "": _NAME, "path": _NAME}
_CONTAINERS = {"[]": _LIST, "{}": _OBJECT}


def _form(family: type[Family]) -> _Form:
    whole = _Form(_OBJECT)
    for each in family.fields:
        place = whole
        *above, last = each.name.split(".")
        for part in above:
            place = _inside(place, part, _OBJECT)
        _inside(place, last, _UNITS.get(each.unit, _NUMBER))
    return whole


def _inside(place: _Form, part: str, wanted: str) -> _Form:
    """Return the form of the value that a part of a path (`a`, `a[]` or `a{}`) leads to."""
    container = _CONTAINERS.get(part[-2:])
    if container is None:
        return place.inner.setdefault(part, _Form(wanted))
    outer = place.inner.setdefault(part[:-2], _Form(container))
    return outer.inner.setdefault("", _Form(wanted))


@cache
def _forms() -> dict[str, _Form]:
    # When it is first asked for: `metrics` imports its modules to find the families.
    return {family.name: _form(family) for family in metrics.FAMILIES}
