"""GET /openapi.json: the whole HTTP surface as OpenAPI 3.1.

openapi.yaml has the operations, schemas.yaml and the code the schemas. Whoever reaches the
service may read the description, like the sign-in page: it has no figures and nothing of this
installation.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from flask import Response, request

from dashboard.installation import project
from dashboard.web.answers import json_answer
from dashboard.web.query import Query

_OPERATIONS = Path(__file__).with_name("openapi.yaml")


def openapi() -> Response:
    """Answer with the description of this service."""
    Query(request.args, ())
    return json_answer(_encoded(), cache="no-cache")


@cache
def _encoded() -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(document()))


def document() -> dict[str, Any]:
    """Return the description: openapi.yaml with the project's version and the schemas."""
    import yaml  # type: ignore[import-untyped]  # a tenth of the start, for what few ask for

    from dashboard.web.openapi.schemas import schemas

    described: dict[str, Any] = yaml.safe_load(_OPERATIONS.read_text("utf-8"))
    del described["x-shared"]
    ours = project()
    described["info"] |= {"version": ours["version"], "summary": ours["description"]}
    described["components"]["schemas"] = schemas()
    return described
