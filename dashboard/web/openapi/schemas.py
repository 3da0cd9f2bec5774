"""The schemas that operations share, drawn from what the code itself declares.

The families describe their fields, msgspec its structs; patterns and bounds are the code's own.
"""

import sys

import msgspec

from dashboard.alerts.model import Alert
from dashboard.events.event import HOST, ID, NAME
from dashboard.events.projection import FIELD
from dashboard.events.strict_json import INTEGERS
from dashboard.jobs.model import JOB, MOST_MESSAGE, Step
from dashboard.metrics import FAMILIES, Family
from dashboard.publications import LATEST_TIME, MOST_EVENTS, RESERVED
from dashboard.web.openapi.parts import Json, ref, whole
from dashboard.web.query import HOSTS
from dashboard.web.screens.registry import NAME as SCREEN
from dashboard.web.screens.registry import ScreenReport

_NULL_OR_NUMBER = {"type": ["number", "null"]}
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_TIME: Json = {"type": "number", "description": "seconds since 1970"}
_COUNT: Json = {"type": ["number", "null"], "minimum": 0}


def schemas() -> dict[str, Json]:
    """All schemas of the components, by name."""
    families = {family_schema_name(family): _family(family) for family in FAMILIES}
    return {
        **_envelopes(),
        **_answers(),
        "Step": _struct(Step, "the data of an event `progress`"),
        "Alert": _struct(Alert, "the data of an event `alert`"),
        "Screen": _struct(ScreenReport, "what a display says of itself"),
        **families,
    }


def family_schema_name(family: type[Family]) -> str:
    return f"Event_{family.name}"


def _envelopes() -> dict[str, Json]:
    """What a publisher sends."""
    host = {"type": ["string", "null"], "pattern": whole(HOST)}
    time = {"type": ["number", "null"], "minimum": 0, "maximum": LATEST_TIME}
    event = {
        "type": "object",
        "required": ["data"],
        "additionalProperties": False,
        "properties": {
            "event": {
                "type": ["string", "null"],
                "pattern": whole(NAME),
                "not": {"anyOf": [{"enum": sorted(RESERVED)}, {"pattern": r"^screen\."}]},
                "description": "its name; without one, and with `message`, it is unnamed",
            },
            "host": host | {"description": "the machine that it is about; else the server's"},
            "time": time | {"description": "seconds since 1970; else now"},
            "data": {
                "type": "object",
                "description": "its fields; `host` and `time` may stand here instead, and in both "
                "places if they are equal",
                "additionalProperties": ref("Value"),
            },
        },
    }
    report = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "done": _COUNT | {"description": "how much is done; left out: as in the step before"},
            "total": _COUNT | {"description": "how much there is; left out: as before"},
            "message": {"type": ["string", "null"], "maxLength": MOST_MESSAGE},
            "completed": {"const": True, "description": "the job has ended well"},
            "failed": {"type": "string", "minLength": 1, "maxLength": MOST_MESSAGE}
            | {"description": "the job has ended badly: the reason"},
            "host": host | {"description": "the machine whose job it is; else the server's"},
        },
        # A reason stands alone: no message beside it, and nothing that has ended well.
        "dependentSchemas": {
            "failed": {"properties": {"message": {"type": "null"}, "completed": False}}
        },
    }
    value = {
        "description": "any JSON whose numbers all readers hold, at most 32 deep",
        "anyOf": [
            {"type": ["null", "boolean", "string"]},
            {"type": "integer", "minimum": INTEGERS[0], "maximum": INTEGERS[-1]},
            {"type": "number", "minimum": -sys.float_info.max, "maximum": sys.float_info.max},
            {"type": "array", "items": ref("Value")},
            {"type": "object", "additionalProperties": ref("Value")},
        ],
    }
    batch = {"type": "array", "items": ref("Event"), "minItems": 1, "maxItems": MOST_EVENTS}
    return {"Event": event, "Batch": batch, "ProgressReport": report, "Value": value}


def _answers() -> dict[str, Json]:
    """What the service answers with."""
    ids = {"type": "array", "items": ref("EventId"), "minItems": 1}
    problem = _object(
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail=_TEXT | {"description": "what is wrong, and what is allowed"},
    )
    problem["description"] = "an error, RFC 9457"
    problem["properties"] |= {
        "key": _TEXT | {"description": "the query key, header or field that is wrong"},
        "index": {"type": "integer", "minimum": 0, "description": "the event's place in a batch"},
        "checks": ref("Checks"),
    }
    logged = _object(id=ref("EventId"), host=_TEXT, event=_TEXT, data={"type": "object"})
    logged["description"] = "an event as the log has it"
    logged["allOf"] = [
        {
            "if": {"properties": {"event": {"const": family.name}}},
            "then": {"properties": {"data": ref(family_schema_name(family))}},
        }
        for family in FAMILIES
    ]
    column = {"type": "array", "items": _NULL_OR_NUMBER}
    series = {"type": "object", "properties": {"time": {"type": "array", "items": _NUMBER}}}
    series |= {"required": ["time"], "additionalProperties": column}
    last = {"anyOf": [ref("EventId"), {"type": "null"}]}
    last_id = last | {"description": "from here a stream goes on"}
    history = _object(
        **{"from": _TIME, "to": _TIME},
        interval=_NUMBER | {"description": "seconds between samples of the machine that serves"},
        last_event_id=last_id,
        latest={"type": "array", "items": ref("LoggedEvent")},
        hosts=_map(_map(ref("Series"))) | {"description": "by host and event"},
    )
    history["properties"]["lines"] = _map({"type": "array", "items": ref("LoggedEvent")})
    alert = {"allOf": [ref("Alert"), _object(id=ref("EventId"))]}
    alerts = _object(time=_TIME, last_event_id=last_id, alerts={"type": "array", "items": alert})
    listed = _object(
        name=_TEXT | {"pattern": whole(SCREEN)},
        state={"enum": ["here", "silent"]},
        time=_TIME,
        age=_NUMBER | {"minimum": 0, "description": "seconds since its report"},
    )
    listed["properties"] |= _struct(ScreenReport, "")["properties"]
    screens = _object(
        build=_TEXT | {"description": "the server's own"},
        time=_TIME,
        screens={"type": "array", "items": listed},
    )
    return {
        "EventId": _TEXT
        | {"pattern": whole(ID), "description": "milliseconds since 1970 and a sequence"},
        "EventName": _TEXT | {"pattern": whole(NAME)},
        "HostName": _TEXT | {"pattern": whole(HOSTS)},
        "FieldName": _TEXT | {"pattern": whole(FIELD)},
        "Ids": _object(ids=ids),
        "Job": _TEXT | {"pattern": whole(JOB)},
        "Problem": problem,
        "LoggedEvent": logged,
        "Series": series | {"description": "columns of one length, by path; null where missing"},
        "History": history,
        "Alerts": alerts,
        "Screens": screens,
        "About": _object(
            build=_TEXT,
            host=_TEXT,
            interval=_NUMBER,
            panels={"type": "array", "items": _TEXT},
        )
        | {"description": "with a key that covers only some events, `events` has their patterns"},
        "Checks": _object(sampling=_TEXT, log=_TEXT)
        | {"description": '"ok", or what is wrong and for how long'},
        "Ready": _object(status={"const": "ok"}, checks=ref("Checks")),
    }


def _object(**properties: Json) -> Json:
    """An object that has all of these keys."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _map(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


def _struct(struct: type[msgspec.Struct], description: str) -> Json:
    _, components = msgspec.json.schema_components([struct])
    schema: Json = components[struct.__name__]
    schema.pop("title", None)
    return schema | {"description": description}


def _family(family: type[Family]) -> Json:
    """The data of a family's events, from the paths of its fields."""
    schema: Json = _object(host=_TEXT, time=_TIME)
    schema["description"] = f"the data of an event `{family.name}`"
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
    """The schema of the objects that a part of a path (`a`, `a[]` or `a{}`) leads to."""
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
    """What a value of a unit is; null, always, where the machine doesn't have the figure."""
    if unit == "true/false":
        return {"type": ["boolean", "null"]}
    if unit in ("", "path"):
        return {"type": ["string", "integer", "null"]}  # names, and numbers that are names
    return dict(_NULL_OR_NUMBER)
