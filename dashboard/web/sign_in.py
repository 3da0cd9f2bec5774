"""The sign-in page: the read token once, for a cookie that a display keeps for months."""

import re
from urllib.parse import parse_qs

from flask import (
    make_response,
    redirect,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from dashboard.errors import ClientError
from dashboard.web.access import Access
from dashboard.web.intake import Intake
from dashboard.web.query import Query

_PATH = re.compile(r"/(?![/\\])[!-~]*")
_MOST_BYTES = 4096  # of the form
_SECONDS = 5.0  # that it may take
_REVOKED = re.compile(r"revoked at (?:\d{4}-\d\d-\d\d )?\d\d:\d\d", re.ASCII)
_LINKS = {
    "expired": "The link has expired: ask for a new one, or sign in.",
    "bad": "The link is not valid here: ask for a new one, or sign in.",
}


def sign_in(access: Access, intake: Intake) -> Response:
    """Ask for the token; with the right one go on to the page that was wanted."""
    trouble, status, wait = _trouble(request.args.get("link", "")), 200, None
    if request.method == "POST":
        form = parse_qs(intake.read_body(_MOST_BYTES, _SECONDS).decode("utf-8", "replace"))
        try:
            if access.check_token(form.get("token", [""])[0].strip()):
                response = redirect(_own_path(request.args.get("next", "")), 303)
                access.sign_in(response)
                return response
            trouble, status = "That is not the token.", 403
        except ClientError as refused:
            trouble, status, wait = f"{refused.detail}.", refused.status, refused.retry_after
    page = make_response(access.sign_in_page(request.args.get("next", ""), trouble), status)
    page.headers["Cache-Control"] = "no-store"
    if wait is not None:
        page.headers["Retry-After"] = f"{wait:.0f}"
    return page


def sign_out(access: Access) -> Response:
    """Delete the cookies and lead to the sign-in page. Needs no right."""
    response = redirect(url_for("sign_in.sign_in"), 303)
    access.sign_out(response)
    return response


def renew(access: Access) -> Response:
    """Renew the cookie of a page that has been shown for long."""
    Query(request.args, ())
    response = Response(status=204, headers={"Cache-Control": "no-store"})
    access.renew(response)
    return response


def _trouble(link: str) -> str:
    """Return what is said of the link that led here."""
    if _REVOKED.fullmatch(link):
        return f"The link was {link} UTC: ask for a new one, or sign in."
    return _LINKS.get(link, "")


def _own_path(target: str) -> str:
    """Return the path to go on to, which is never another site's.

    Browsers drop tabs and line ends, and take `//evil.example` and `/\\evil.example` for sites.
    """
    return target if _PATH.fullmatch(target) else f"{request.script_root}/"
