"""GET /openapi.json: the whole HTTP surface as OpenAPI 3.1.

openapi.yaml has the operations, schemas.yaml and the code the schemas. Whoever reaches the
service may read the description, like the sign-in page: it has no figures and nothing of this
installation.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from dashboard.installation import project
from dashboard.web.query import Query

_OPERATIONS = Path(__file__).with_name("openapi.yaml")


def blueprint() -> Blueprint:
    """Return the route of the description."""
    routes = Blueprint("openapi", __name__)
    routes.add_url_rule("/openapi.json", "openapi", openapi)
    return routes


def openapi() -> Response:
    """Answer with the description of this service."""
    Query(request.args, ())
    headers = {"Cache-Control": "no-cache"}
    return Response(_encoded(), content_type="application/json", headers=headers)


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


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
