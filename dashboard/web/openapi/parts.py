"""What a description is put together from: parameters, bodies, answers. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.web.query import MOST_FIELDS, MOST_ITEMS

Json = dict[str, Any]

JSON = "application/json"
HTML = "text/html"
PROBLEM = "application/problem+json"
EVENT_STREAM = "text/event-stream"

TEXT: Json = {"type": "string"}

# What may be asked of whom, as `security` has it. Reading is free where no READ_TOKEN is set.
READING: list[Json] = [{}, {"read": []}, {"cookie": []}, {"link": []}]
PUBLISHING: list[Json] = [{"publish": []}]
OPEN: list[Json] = []

_RETRY_AFTER = {"Retry-After": {"description": "seconds", "schema": {"type": "string"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "Bearer", "schema": {"type": "string"}}}

# Why a request may be refused, where an operation has nothing more particular to say.
_REASONS = {
    400: "something in the query, the headers or the body can't be taken; `key` names it",
    401: "the token, or the key of a link, is missing or not good",
    403: "this is beyond what the key of the link covers; or another site's page asks",
    404: "there is none",
    408: "the body takes too long",
    413: "the body is too large",
    415: "the body is of another type, or compressed",
    422: "JSON that readers would take for different things, or a value that isn't allowed",
    429: "too many wrong tokens came from this address, or it is too soon after the one before",
    503: "the log does not work now",
}


def ref(name: str) -> Json:
    """A reference to a schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def whole(pattern: "re.Pattern[str] | str") -> str:
    """A pattern of the code (which is matched in full) as JSON Schema has it."""
    return f"^(?:{pattern if isinstance(pattern, str) else pattern.pattern})$"


def query(name: str, description: str, schema: Json) -> Json:
    """A query key that may be left out."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def items(name: str, description: str, each: Json, *, most: int = MOST_ITEMS) -> Json:
    """A query key whose value is a list with commas."""
    schema = {
        "type": "array",
        "items": each,
        "minItems": 1,
        "maxItems": most,
    }
    return query(name, description, schema) | {"style": "form", "explode": False}


def names() -> Json:
    return items(
        "events", "names of events; `message` stands for those without one", ref("EventName")
    )


def hosts() -> Json:
    return items("host", "names of hosts; `*` stands for any run of characters", ref("HostName"))


def fields() -> Json:
    return items(
        "fields",
        "`event.field` or `event.field.key`: of an event that one names only `host`, `time` and "
        "these; others are whole",
        ref("FieldName"),
        most=MOST_FIELDS,
    )


def header(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": schema}


def in_path(name: str, description: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def answer(description: str, content: Mapping[str, Json] | None = None, **more: Json) -> Json:
    """A response; `content` is a schema for each media type."""
    found: Json = {"description": description, **more}
    if content is not None:
        found["content"] = {kind: {"schema": schema} for kind, schema in content.items()}
    return found


def refusals(*statuses: int, **reasons: str) -> dict[str, Json]:
    """Answers that are problem documents; a reason for `_404` replaces the usual one."""
    found = {}
    for status in (400, *statuses):
        reason = reasons.get(f"_{status}", _REASONS[status])
        found[str(status)] = answer(reason, {PROBLEM: ref("Problem")})
        if status == 401:
            found[str(status)]["headers"] = _CHALLENGE
        if status in (429, 503):
            found[str(status)]["headers"] = _RETRY_AFTER
    return found


def operation(
    name: str,
    tag: str,
    summary: str,
    *,
    security: list[Json],
    answers: Mapping[str, Json],
    description: str = "",
    parameters: Sequence[Json] = (),
    body: Mapping[str, Json] | None = None,
) -> Json:
    """An operation; `body` is a media type object for each media type."""
    found: Json = {"operationId": name, "tags": [tag], "summary": summary}
    if description:
        found["description"] = description
    found["security"] = security
    if parameters:
        found["parameters"] = list(parameters)
    if body is not None:
        found["requestBody"] = {"required": True, "content": dict(body)}
    found["responses"] = dict(sorted(answers.items()))
    return found
