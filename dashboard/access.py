"""Who may do what: the Host header, the token to read, other origins, and the pages' policies.

Served on loopback nothing is asked but a Host header that belongs here: a page of some other site
whose name was made to point at this machine (DNS rebinding) is refused. With READ_TOKEN all figures
need it, as a bearer token or as the cookie that the sign-in page gives for it; /healthz, /readyz,
the static files and the sign-in page itself are open, and so is /openapi.json, which has no figures
and says nothing of this installation. Publishing needs PUBLISH_TOKEN as a bearer token, and no
other; where none is set nobody can publish over HTTP.
"""

import hmac
import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response

from dashboard.settings import Settings

COOKIE = "vitals"
COOKIE_SECONDS = 400 * 86400  # the longest that browsers keep one; renewed while a page is shown
_OPEN_ENDPOINTS = frozenset(
    {"static", "ops.healthz", "ops.readyz", "sign_in.sign_in", "openapi.openapi"}
)
_PAGES = frozenset({"pages.wall", "pages.host", "pages.compare", "screens.listing", "embed.frame"})
_PUBLISH_ENDPOINTS = frozenset({"publish.publish", "progress.report"})
_READ_PATHS = (r"/stream", r"/history", r"/alerts", r"/progress/.*", r"/embed", r"/static/.*")


class Refused(Exception):
    """A request that may not be answered."""

    def __init__(self, status: int, detail: str, *, key: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.key = key


class Access:
    """The rules of one service."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.read_token.encode()
        self._publish_token = settings.publish_token.encode()
        key = settings.secret_key or settings.read_token
        self._signer = URLSafeSerializer(key, salt="vitals sign-in") if key else None
        names = {settings.host_name, socket.gethostname(), *settings.allowed_hosts}
        self._is_ours: Callable[[str], bool] = lru_cache(maxsize=256)(
            lambda host: _is_local(host) or host.lower() in {name.lower() for name in names}
        )

    def check(self) -> Response | None:
        """Let a request pass (None), or send it to the sign-in page. Raises Refused."""
        environ = request.environ
        if not self.is_addressed(environ):
            raise Refused(
                400,
                f"the Host header {environ['HTTP_HOST']!r} is neither an IP address, localhost, "
                "this machine's name, nor in ALLOWED_HOSTS",
                key="Host",
            )
        if request.method not in ("GET", "HEAD", "OPTIONS") and _is_cross_site(environ):
            raise Refused(403, "requests of other sites' pages may not change anything here")
        if request.endpoint in _PUBLISH_ENDPOINTS:
            self._check_publisher(environ)
            return None
        if request.endpoint in _OPEN_ENDPOINTS or self.may_read(environ):
            return None
        accepted = request.accept_mimetypes
        if request.endpoint in _PAGES and (accepted.accept_html or not accepted):
            return redirect(url_for("sign_in.sign_in", next=request.full_path), 303)
        raise Refused(401, "reading needs the token: Authorization: Bearer …")

    def is_addressed(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request names this service, or nothing, as only programs do."""
        host = environ.get("HTTP_HOST", "")
        return not host or self._is_ours(_without_port(host))

    def is_token(self, given: str) -> bool:
        """Whether a text is the token, told in the same time wherever they differ."""
        return _are_equal(given, self._token)

    def may_read(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request carries the token or a cookie for it, where one is needed."""
        if not self._token:
            return True
        given = _bearer(environ)
        if given is not None:
            return self.is_token(given)
        cookie = parse_cookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
        if self._signer is None or cookie is None:
            return False
        try:
            return bool(self._signer.loads(cookie) == "read")
        except BadSignature:
            return False

    def _check_publisher(self, environ: Mapping[str, Any]) -> None:
        if not self._publish_token:
            raise Refused(403, "publishing over HTTP is off: no PUBLISH_TOKEN is set")
        if not _are_equal(_bearer(environ) or "", self._publish_token):
            raise Refused(401, "publishing needs PUBLISH_TOKEN: Authorization: Bearer …")

    def sign_in(self, response: Response) -> None:
        """Give the browser a cookie that stands for the token."""
        assert self._signer is not None
        response.set_cookie(
            COOKIE,
            self._signer.dumps("read"),
            max_age=COOKIE_SECONDS,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )


def register(app: Flask, settings: Settings) -> Access:
    """Hold an app to the rules."""
    access = Access(settings)
    app.before_request(access.check)
    if settings.allowed_origins:
        from flask_cors import CORS  # only who needs it pays for it

        CORS(app, resources=list(_READ_PATHS), origins=list(settings.allowed_origins))
    policy = page_policy(settings.frame_ancestors)

    @app.after_request
    def _(response: Response) -> Response:
        if "X-Content-Type-Options" in response.headers:
            return response  # a stream, whose headers are whole
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = policy
            response.headers["Referrer-Policy"] = "same-origin"
            if settings.read_token and access.may_read(request.environ):
                access.sign_in(response)  # so that a display that is on stays signed in
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return access


def page_policy(frame_ancestors: Iterable[str]) -> str:
    """The Content-Security-Policy of every page."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            " ".join(("frame-ancestors 'self'", *frame_ancestors)),
        )
    )


def _bearer(environ: Mapping[str, Any]) -> str | None:
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _are_equal(given: str, token: bytes) -> bool:
    return bool(token) and hmac.compare_digest(given.encode(), token)


def _is_local(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def _is_cross_site(environ: Mapping[str, Any]) -> bool:
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    return origin is not None and urlsplit(origin).netloc != environ.get("HTTP_HOST", "")
