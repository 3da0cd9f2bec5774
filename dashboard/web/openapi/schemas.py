"""The schemas that operations share, drawn from what the code itself declares.

The families describe their fields, msgspec its structs; patterns and bounds are the code's own.
"""

import re
import sys

import msgspec

from dashboard.alerts.model import Alert
from dashboard.catalogue.model import Catalogue
from dashboard.events.event import HOST, ID, NAME
from dashboard.events.projection import FIELD
from dashboard.events.strict_json import INTEGERS
from dashboard.jobs.model import JOB, MOST_MESSAGE, Step
from dashboard.metrics import FAMILIES
from dashboard.metrics.rows import built_in_rows
from dashboard.publications import LATEST_TIME, MOST_EVENTS, RESERVED
from dashboard.web.embed import OWN_PANEL, names
from dashboard.web.openapi.family_schemas import Json, family_schema, schema_name
from dashboard.web.query import HOSTS
from dashboard.web.screens.registry import NAME as SCREEN
from dashboard.web.screens.registry import ScreenReport

_NULL_OR_NUMBER = {"type": ["number", "null"]}
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_TIME: Json = {"type": "number", "description": "seconds since 1970"}
_COUNT: Json = {"type": ["number", "null"], "minimum": 0}
_LAST_ID: Json = {
    "description": "from here a stream goes on",
    "anyOf": [{"$ref": "#/components/schemas/EventId"}, {"type": "null"}],
}


def schemas() -> dict[str, Json]:
    """Return all schemas of the components, by name."""
    families = {schema_name(family): family_schema(family) for family in FAMILIES}
    return {
        **_names(),
        **_envelopes(),
        **_answers(),
        "Step": _struct(Step, "the data of an event `progress`"),
        "Alert": _struct(Alert, "the data of an event `alert`"),
        "Screen": _struct(ScreenReport, "what a display says of itself"),
        **_catalogue(),
        **families,
    }


def _envelopes() -> dict[str, Json]:
    """Return the schemas of what a publisher sends."""
    host = {"type": ["string", "null"], "pattern": _whole(HOST)}
    time = {"type": ["number", "null"], "minimum": 0, "maximum": LATEST_TIME}
    event = {
        "type": "object",
        "required": ["data"],
        "additionalProperties": False,
        "properties": {
            "event": {
                "type": ["string", "null"],
                "pattern": _whole(NAME),
                "not": {"anyOf": [{"enum": sorted(RESERVED)}, {"pattern": r"^screen\."}]},
                "description": "its name; without one, and with `message`, it is unnamed",
            },
            "host": host | {"description": "the machine that it is about; else the server's"},
            "time": time | {"description": "seconds since 1970; else now"},
            "data": {
                "type": "object",
                "description": "its fields; `host` and `time` may stand here instead, and in both "
                "places if they are equal",
                "additionalProperties": _ref("Value"),
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
            _list(_ref("Value")),
            {"type": "object", "additionalProperties": _ref("Value")},
        ],
    }
    batch = _list(_ref("Event")) | {"minItems": 1, "maxItems": MOST_EVENTS}
    return {"Event": event, "Batch": batch, "ProgressReport": report, "Value": value}


def _names() -> dict[str, Json]:
    """Return the schemas of names and ids, whose patterns are the code's own."""
    patterns = {
        "EventId": ID,
        "EventName": NAME,
        "HostName": HOSTS,
        "MachineName": HOST,
        "FieldName": FIELD,
        "Job": JOB,
        "ScreenName": SCREEN,
    }
    found: dict[str, Json] = {
        name: _TEXT | {"pattern": _whole(pattern)} for name, pattern in patterns.items()
    }
    found["EventId"]["description"] = "milliseconds since 1970 and a sequence"
    built_in = {"enum": list(names(built_in_rows(FAMILIES, 1.0)))}
    return {**found, "PanelName": {"anyOf": [built_in, {"pattern": _whole(OWN_PANEL)}]}}


def _answers() -> dict[str, Json]:
    """Return the schemas of what the service answers with."""
    alert = {"allOf": [_ref("Alert"), _object(id=_ref("EventId"))]}
    about = _object(build=_TEXT, host=_TEXT, interval=_NUMBER, panels=_list(_TEXT))
    about["description"] = "with a key that covers only some events, `events` has their patterns"
    checks = _object(sampling=_TEXT, log=_TEXT, families=_TEXT)
    checks["description"] = '"ok", or what is wrong and for how long'
    return {
        "Ids": _object(ids=_list(_ref("EventId")) | {"minItems": 1}),
        "Problem": _problem(),
        "LoggedEvent": _logged_event(),
        "Series": {
            "type": "object",
            "description": "columns of one length, by path; null where missing",
            "required": ["time"],
            "properties": {"time": _list(_NUMBER)},
            "additionalProperties": _list(_NULL_OR_NUMBER),
        },
        "History": _history(),
        "Alerts": _object(time=_TIME, last_event_id=_LAST_ID, alerts=_list(alert)),
        "Screens": _screens(),
        "About": about,
        "Checks": checks,
        "Ready": _object(status={"const": "ok"}, checks=_ref("Checks")),
    }


def _problem() -> Json:
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
        "checks": _ref("Checks"),
    }
    return problem


def _logged_event() -> Json:
    logged = _object(id=_ref("EventId"), host=_TEXT, event=_TEXT, data={"type": "object"})
    logged["description"] = "an event as the log has it"
    logged["allOf"] = [
        {
            "if": {"properties": {"event": {"const": family.name}}},
            "then": {"properties": {"data": _ref(schema_name(family))}},
        }
        for family in FAMILIES
    ]
    return logged


def _history() -> Json:
    history = _object(
        **{"from": _TIME, "to": _TIME},
        interval=_NUMBER | {"description": "seconds between samples of the machine that serves"},
        tier={"enum": ["seconds", "minutes", "hours", "log"]},
        last_event_id=_LAST_ID,
        latest=_list(_ref("LoggedEvent")),
        hosts=_map(_map(_ref("Series"))) | {"description": "by host and event"},
    )
    history["properties"]["lines"] = _map(_list(_ref("LoggedEvent")))
    return history


def _screens() -> Json:
    listed = _object(
        name=_ref("ScreenName"),
        state={"enum": ["here", "silent"]},
        time=_TIME,
        age=_NUMBER | {"minimum": 0, "description": "seconds since its report"},
    )
    listed["properties"] |= _struct(ScreenReport, "")["properties"]
    build = _TEXT | {"description": "the server's own"}
    return _object(build=build, time=_TIME, screens=_list(listed))


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _whole(pattern: re.Pattern[str]) -> str:
    """Return a pattern that the code matches in full, as JSON Schema has it."""
    return f"^(?:{pattern.pattern})$"


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _object(**properties: Json) -> Json:
    """Return the schema of an object that has all of these keys."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _map(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


def _catalogue() -> dict[str, Json]:
    """Return the schemas of the catalogue's rows."""
    template = "#/components/schemas/{name}"
    _, components = msgspec.json.schema_components([Catalogue], ref_template=template)
    found: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(components))
    return found


def _struct(struct: type[msgspec.Struct], description: str) -> Json:
    _, components = msgspec.json.schema_components([struct])
    schema: Json = components[struct.__name__]
    schema.pop("title", None)
    return schema | {"description": description}
