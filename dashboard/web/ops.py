"""Health and metrics, for whoever is woken at night."""

from flask import Blueprint, Response

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 while this worker answers at all."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")
