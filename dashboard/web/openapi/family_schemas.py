"""The schema of a family's events, from the paths, units and meanings of its declared fields."""

from typing import Any

from dashboard.metrics import Family

Json = dict[str, Any]


def schema_name(family: type[Family]) -> str:
    """Return the name of a family's schema among the components."""
    return f"Event_{family.name}"


def family_schema(family: type[Family]) -> Json:
    """Return the schema of the data of a family's events."""
    schema: Json = {
        "type": "object",
        "description": f"The data of an event `{family.name}`.",
        "required": ["host", "time"],
        "properties": {
            "host": {"type": "string"},
            "time": {"type": "number", "description": "seconds since 1970"},
        },
    }
    for field in family.fields:
        place: Json = schema
        *above, last = field.name.split(".")
        for part in above:
            place = _inside(place, part)
        leaf = _leaf(field.unit) | {"description": field.meaning}
        if last.endswith("[]"):
            _key(place, last[:-2], {"type": ["array", "null"], "items": leaf})
        else:
            _key(place, last, leaf)
    return schema


def _inside(place: Json, part: str) -> Json:
    """Return the schema of the objects that a part of a path (`a`, `a[]` or `a{}`) leads to."""
    name = part.rstrip("[]{}")
    if name not in place["properties"]:
        item: Json = {"type": ["object", "null"], "required": [], "properties": {}}
        if part.endswith("[]"):
            item = {"type": ["array", "null"], "items": item}
        elif part.endswith("{}"):
            item = {"type": ["object", "null"], "additionalProperties": item}
        _key(place, name, item)
    found: Json = place["properties"][name]
    inner: Json = found.get("items") or found.get("additionalProperties") or found
    return inner


def _key(place: Json, name: str, schema: Json) -> None:
    place["properties"][name] = schema
    place["required"].append(name)


def _leaf(unit: str) -> Json:
    """Return the schema of a value of a unit; null where the machine does not have the figure."""
    if unit == "true/false":
        return {"type": ["boolean", "null"]}
    if unit in ("", "path"):
        return {"type": ["string", "integer", "null"]}  # names, and numbers that are names
    return {"type": ["number", "null"]}
