"""Form of a family's event, by its fields, and validation of what another machine's agent sends.

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
class Form:
    """Type of a value, or null; `inner` has those inside, of lists and maps under ""."""

    wanted: str
    meaning: str = ""
    inner: "dict[str, Form]" = field(default_factory=dict)


def validate_metrics(family: str, data: Mapping[str, Any]) -> None:
    """Raise ClientError for the first metric of a family's event that has another type."""
    form = _forms().get(family)
    if form is not None:
        _check(data, form, family)


def _check(value: Any, form: Form, path: str) -> None:
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


NUMBER, TEXT, FLAG = "a number", "a text", "true or false"
LIST, OBJECT = "a list", "an object"
_TYPES: dict[str, tuple[type, ...]] = {
    NUMBER: (int, float),
    TEXT: (str, int),  # a process id is a number that is a name
    FLAG: (bool,),
    LIST: (list,),
    OBJECT: (dict,),
}
_UNITS = {"true/false": FLAG, "": TEXT, "path": TEXT}
_CONTAINERS = {"[]": LIST, "{}": OBJECT}


def form_of(family: type[Family]) -> Form:
    """Return the form of a family's figures."""
    whole = Form(OBJECT)
    for each in family.fields:
        place = whole
        *above, last = each.name.split(".")
        for part in above:
            place = _inside(place, part, Form(OBJECT))
        _inside(place, last, Form(_UNITS.get(each.unit, NUMBER), each.meaning))
    return whole


def _inside(place: Form, part: str, new: Form) -> Form:
    """Return the form of the value that a part of a path (`a`, `a[]` or `a{}`) leads to."""
    container = _CONTAINERS.get(part[-2:])
    if container is None:
        return place.inner.setdefault(part, new)
    outer = place.inner.setdefault(part[:-2], Form(container))
    return outer.inner.setdefault("", new)


@cache
def _forms() -> dict[str, Form]:
    # When it is first asked for: `metrics` imports its modules to find the families.
    return {family.name: form_of(family) for family in metrics.FAMILIES}
