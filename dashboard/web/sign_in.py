"""The sign-in page: the read token once, for a cookie that a display keeps for months."""

import gevent
from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response

from dashboard.access import Access

blueprint = Blueprint("sign_in", __name__)

_PAUSE = 1.0  # seconds that a wrong token costs


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Ask for the token; with the right one go on to the page that was wanted."""
    access: Access = current_app.extensions["vitals_access"]
    wrong = False
    if request.method == "POST":
        if access.is_token(request.form.get("token", "").strip()):
            response = redirect(_own_path(request.args.get("next", "/")), 303)
            access.sign_in(response)
            return response
        gevent.sleep(_PAUSE)
        wrong = True
    page = make_response(render_template("sign_in.html", wrong=wrong), 403 if wrong else 200)
    page.headers["Cache-Control"] = "no-store"
    return page


def _own_path(target: str) -> str:
    """The path to go on to; never another site (`//evil.example` and `/\\evil.example` are)."""
    return target if target.startswith("/") and target[1:2] not in ("/", "\\") else "/"
