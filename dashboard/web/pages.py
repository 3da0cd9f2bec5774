"""The wall page."""

from flask import Blueprint, Response, current_app, make_response, render_template, url_for

from dashboard.runtime import Runtime

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def wall() -> Response:
    """The page; everything that moves on it comes from /history and /stream."""
    runtime: Runtime = current_app.extensions["vitals"]
    page = render_template(
        "wall.html",
        build=runtime.build,
        host=runtime.settings.host_name,
        interval=runtime.settings.interval,
        stream_url=url_for("stream.stream"),
        history_url=url_for("history.history"),
        screens_url=url_for("screens.listing") if runtime.settings.screens else None,
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    return response
