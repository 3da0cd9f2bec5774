"""The cookies of a sign-in and of a link, as responses set and delete them."""

import math

from flask import request
from werkzeug.wrappers import Response

from dashboard.access.signed_links import (
    COOKIE_SECONDS,
    LINK_COOKIE,
    SIGN_IN_COOKIE,
    SignedLinks,
)
from dashboard.events.scope import Scope

_KEPT_AFTER = 30 * 86400  # seconds that a browser keeps a link's cookie after its end


def set_sign_in_cookie(response: Response, links: SignedLinks) -> None:
    """Set the cookie that stands for the read token."""
    _set_cookie(response, links.sign_in_cookie_name, links.sign_in_cookie(), COOKIE_SECONDS)


def set_link_cookie(response: Response, links: SignedLinks, key: str, scope: Scope) -> None:
    """Set the cookie that stands for a link's key.

    It is kept for longer than it is good, so that its end can be said.
    """
    assert scope.expires is not None
    left = math.ceil(scope.expires - links.now()) + _KEPT_AFTER
    _set_cookie(response, links.link_cookie_name, key, min(left, COOKIE_SECONDS))


def delete_cookies(response: Response, links: SignedLinks) -> None:
    """Delete both."""
    names = links.sign_in_cookie_name, links.link_cookie_name, SIGN_IN_COOKIE, LINK_COOKIE
    for name in names:
        response.delete_cookie(name, path=request.script_root or "/")


def _set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=request.script_root or "/",  # another wall may be below another path of this host
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    response.cache_control.private = True  # no proxy keeps it for somebody else
