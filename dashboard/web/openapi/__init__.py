"""GET /openapi.json: the whole HTTP surface as OpenAPI 3.1, made from what the code declares.

It is open to whoever reaches the service, like the sign-in page: it has no figures and nothing of
this installation, and is the same wherever this version runs.
"""

import tomllib
from functools import cache
from pathlib import Path

import msgspec
from flask import Blueprint, Response, request

from dashboard.access.credentials import COOKIE, KEY
from dashboard.web.openapi.operations import paths
from dashboard.web.openapi.parts import JSON, Json
from dashboard.web.openapi.schemas import schemas
from dashboard.web.query import Query

blueprint = Blueprint("openapi", __name__)

_PROJECT = Path(__file__).parents[3] / "pyproject.toml"
_TAGS = {
    "events": "the log: as a stream, as history, and what is put into it",
    "progress": "jobs that take a while",
    "screens": "the displays that show the wall",
    "pages": "what browsers show",
    "operation": "for those who look after the service",
}


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of this service."""
    Query(request.args, ())
    return Response(_encoded(), content_type=JSON, headers={"Cache-Control": "no-cache"})


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


def document() -> Json:
    """The description, as JSON has it."""
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vitals",
            "version": project["version"],
            "summary": project["description"],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths(),
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "read": _bearer("READ_TOKEN; where none is set, reading is free"),
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "what /sign-in gives for READ_TOKEN",
                },
                "link": {
                    "type": "apiKey",
                    "in": "query",
                    "name": KEY,
                    "description": "what `flask sign` prints; it may cover some events and hosts "
                    "only. A page exchanges it for a cookie. As bearer token it is good, too",
                },
                "publish": _bearer(
                    "PUBLISH_TOKEN, or that of a table [[publish]]; where none is set, nobody can "
                    "publish"
                ),
            },
        },
    }


def _bearer(description: str) -> Json:
    return {"type": "http", "scheme": "bearer", "description": description}
