"""GET /openapi.json: the whole HTTP surface as OpenAPI 3.1.

openapi.yaml has the operations, schemas.yaml and the code the schemas. Whoever reaches the
service may read the description, like the sign-in page: it has no figures and nothing of this
installation.
"""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from flask import Response, request

from dashboard.access.link_store import Link
from dashboard.alerts.model import Alert, Culprit
from dashboard.alerts.silences import Silence
from dashboard.events.event import HOST, ID, NAME
from dashboard.events.projection import FIELD
from dashboard.events.strict_json import INTEGERS
from dashboard.installation import project
from dashboard.jobs.model import JOB, MOST_MESSAGE, Step
from dashboard.metrics import FAMILIES, Family
from dashboard.metrics.catalogue.model import Catalogue
from dashboard.metrics.rows import built_in_rows
from dashboard.metrics.validation import FLAG, LIST, NUMBER, TEXT, Form, form_of
from dashboard.publications import LATEST_TIME, MOST_EVENTS, RESERVED
from dashboard.web.answers import json_answer
from dashboard.web.embed import OWN_PANEL, names
from dashboard.web.query import HOSTS, Query
from dashboard.web.screens.registry import NAME as SCREEN
from dashboard.web.screens.registry import ScreenReport

Json = dict[str, Any]
_REFERENCE = "#/components/schemas/{name}"
_TYPES = {NUMBER: ["number"], TEXT: ["string", "integer"], FLAG: ["boolean"]}
_PATTERNS = {
    "EventId": ID,
    "EventName": NAME,
    "HostName": HOSTS,
    "MachineName": HOST,
    "FieldName": FIELD,
    "Job": JOB,
    "ScreenName": SCREEN,
}


def openapi() -> Response:
    """Answer with the description of this service."""
    Query(request.args, ())
    return json_answer(_encoded(), cache="no-cache")


@cache
def _encoded() -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(document()))


def document() -> Json:
    """Return the description: openapi.yaml with the project's version and the schemas."""
    described = _written("openapi.yaml")
    ours = project()
    described["info"] |= {"version": ours["version"], "summary": ours["description"]}
    described["components"]["schemas"] = _schemas()
    return described


def _written(file: str) -> Json:
    """Return what a file beside this one says."""
    import yaml  # type: ignore[import-untyped]  # a tenth of the start, for what few ask for

    found: Json = yaml.safe_load(Path(__file__).with_name(file).read_text("utf-8"))
    del found["x-shared"]
    return found


def _schemas() -> dict[str, Json]:
    """Return all schemas of the components, by name."""
    found = _written("schemas.yaml")
    found |= {name: {"type": "string"} | _whole(pattern) for name, pattern in _PATTERNS.items()}
    found["EventId"]["description"] = "milliseconds since 1970 and a sequence"
    built_in = {"enum": list(names(built_in_rows(FAMILIES, 1.0)))}
    found["PanelName"] = {"anyOf": [built_in, _whole(OWN_PANEL)]}
    found["Step"] = _struct(Step, "the data of an event `progress`")
    found["Alert"] = _struct(Alert, "the data of an event `alert`")
    found["Culprit"] = _struct(Culprit, "a program that took much")
    found["Silence"] = _struct(Silence, "the data of an event `silence`")
    found["SilenceRequest"]["properties"]["host"] |= {"type": "string"} | _whole(HOSTS)
    found["Link"] = _struct(Link, "a link: times are seconds since 1970, null for never")
    found["Screen"] = _struct(ScreenReport, "what a display says of itself")
    found |= _catalogue()
    found |= {_name(family): _event(family) for family in FAMILIES}
    _add_bounds(found)
    screen = found["Screens"]["properties"]["screens"]["items"]["properties"]
    screen |= found["Screen"]["properties"]
    found["LoggedEvent"]["allOf"] = [
        {
            "if": {"properties": {"event": {"const": family.name}}},
            "then": {"properties": {"data": {"$ref": _REFERENCE.format(name=_name(family))}}},
        }
        for family in FAMILIES
    ]
    return found


def _add_bounds(found: dict[str, Json]) -> None:
    """Add the patterns and bounds of what a publisher sends."""
    event, report = (found[name]["properties"] for name in ("Event", "ProgressReport"))
    reserved = {"anyOf": [{"enum": sorted(RESERVED)}, {"pattern": r"^screen\."}]}
    event["event"] |= _whole(NAME) | {"not": reserved}
    event["host"] |= _whole(HOST)
    report["host"] |= _whole(HOST)
    event["time"]["maximum"] = LATEST_TIME
    found["Batch"]["maxItems"] = MOST_EVENTS
    report["message"]["maxLength"] = report["failed"]["maxLength"] = MOST_MESSAGE
    _, integer, number, *_ = found["Value"]["anyOf"]
    integer |= {"minimum": INTEGERS[0], "maximum": INTEGERS[-1]}
    number |= {"minimum": -sys.float_info.max, "maximum": sys.float_info.max}


def _whole(pattern: re.Pattern[str]) -> Json:
    """Return a pattern that the code matches in full, as JSON Schema has it."""
    return {"pattern": f"^(?:{pattern.pattern})$"}


def _catalogue() -> dict[str, Json]:
    """Return the schemas of the catalogue's rows."""
    _, components = msgspec.json.schema_components([Catalogue], ref_template=_REFERENCE)
    found: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(components))
    return found


def _name(family: type[Family]) -> str:
    """Return the name of a family's schema among the components."""
    return f"Event_{family.name}"


def _event(family: type[Family]) -> Json:
    """Return the schema of the data of a family's events."""
    whole = _schema(form_of(family))
    time = {"type": "number", "description": "seconds since 1970"}
    return {
        "type": "object",
        "description": f"The data of an event `{family.name}`.",
        "required": ["host", "time", *whole["required"]],
        "properties": {"host": {"type": "string"}, "time": time} | whole["properties"],
    }


def _schema(form: Form) -> Json:
    """Return the schema of a figure; null where the machine does not have it."""
    if form.wanted in _TYPES:
        return {"type": [*_TYPES[form.wanted], "null"], "description": form.meaning}
    inner = {key: _schema(each) for key, each in form.inner.items()}
    if form.wanted == LIST:
        return {"type": ["array", "null"], "items": inner[""]}
    whole: Json = {"type": ["object", "null"]}
    if "" in inner:
        return whole | {"additionalProperties": inner[""]}
    return whole | {"required": list(inner), "properties": inner}


def _struct(struct: type[msgspec.Struct], description: str) -> Json:
    _, components = msgspec.json.schema_components([struct], ref_template=_REFERENCE)
    schema: Json = components[struct.__name__]
    schema.pop("title", None)
    return schema | {"description": description}
