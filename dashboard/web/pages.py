"""The wall page."""

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    render_template,
    request,
    url_for,
)

from dashboard.access import given_right, renewal_url
from dashboard.runtime import Runtime

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def wall() -> Response:
    """The page; everything that moves on it comes from /history and /stream."""
    runtime: Runtime = current_app.extensions["vitals"]
    right = given_right()
    screen = f"screen.{request.args.get('screen', '')}"
    may_report = runtime.settings.screens and right.covers(runtime.settings.host_name, screen)
    page = render_template(
        "wall.html",
        build=runtime.build,
        host=runtime.home(right),
        right=right,
        renew_url=renewal_url(),
        interval=runtime.settings.interval,
        stream_url=url_for("stream.stream"),
        history_url=url_for("history.history"),
        screens_url=url_for("screens.listing") if may_report else None,
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    return response
