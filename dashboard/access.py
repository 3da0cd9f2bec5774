"""Who may do what: names, tokens, keys and cookies, other origins, and the pages' policies.

Served on loopback nothing is asked but a Host header that belongs here: a page of some other site
whose name was made to point at this machine (DNS rebinding) is refused. With READ_TOKEN all figures
need a right to read: the token as a bearer token, the cookie that the sign-in page gives for it, or
a signed key, which may cover only some events and hosts (`rights.py`). /healthz, /readyz, the
static files and the sign-in page itself are open, and so is /openapi.json, which has no figures and
says nothing of this installation. Publishing needs a token of its own as a bearer token, and no
other; where none is set nobody can publish over HTTP.

A key on a page's address is exchanged for a cookie, and leaves the address. Not so on an embed's:
a frame in another site's page gets no cookies, so its own requests carry the key.
"""

import hmac
import math
import socket
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

from flask import Flask, redirect, request, url_for
from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response

from dashboard.attempts import Attempts
from dashboard.instruments import Instruments
from dashboard.origins import Names, is_cross_site
from dashboard.rights import WHOLE, Right
from dashboard.settings import Publisher, Settings
from dashboard.signing import COOKIE_SECONDS, BadKey, Signing

COOKIE = "vitals"
LINK_COOKIE = "vitals-link"
KEY = "key"  # of a query
_KEPT_AFTER = 30 * 86400  # seconds that a browser keeps a link's cookie after its end
_RIGHT = "vitals.right"
_BY_COOKIE = "vitals.by_cookie"
_PUBLISHER = "vitals.publisher"
_OPEN_ENDPOINTS = frozenset(
    {"static", "ops.healthz", "ops.readyz", "sign_in.sign_in", "openapi.openapi"}
)
_EMBED = "embed.frame"
_PAGES = frozenset({"pages.wall", "pages.host", "pages.compare", "screens.listing", _EMBED})
_PUBLISH_ENDPOINTS = frozenset({"publish.publish", "progress.report"})
_READ_PATHS = (r"/stream", r"/history", r"/alerts", r"/progress/.*", r"/embed", r"/static/.*")


class Refused(Exception):
    """A request that may not be answered; `retry_after` is in seconds."""

    def __init__(
        self, status: int, detail: str, *, key: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.key = key
        self.retry_after = retry_after


class _Found(NamedTuple):
    """What a request's credentials are worth: a right, or why they are wrong, or neither."""

    right: Right | None = None
    by_cookie: bool = False
    failure: tuple[str, str] | None = None  # its kind, and why
    token: str | None = None  # that was given, wrong or right
    wait: float = 0.0


class Access:
    """The rules of one service."""

    def __init__(self, settings: Settings, instruments: Instruments) -> None:
        self._token = settings.read_token.encode()
        self._publishers = list(settings.publish)
        if settings.publish_token:
            publisher = Publisher(name="PUBLISH_TOKEN", token=settings.publish_token)
            self._publishers.insert(0, publisher)
        self._signing = Signing(settings)
        self._names = Names([settings.host_name, socket.gethostname(), *settings.allowed_hosts])
        self._attempts = Attempts(settings.failed_attempts)
        self._instruments = instruments

    def check(self) -> Response | None:
        """Let a request pass (None), or send it elsewhere. Raises Refused."""
        environ = request.environ
        stranger = self._names.stranger(environ)
        if stranger is not None:
            raise Refused(
                400,
                f"the Host header {stranger!r} is neither an IP address, localhost, "
                "this machine's name, nor in ALLOWED_HOSTS",
                key="Host",
            )
        if request.method == "OPTIONS":
            return None  # it has no figures, and browsers ask it without any credentials
        if request.method not in ("GET", "HEAD") and is_cross_site(environ):
            raise Refused(403, "requests of other sites' pages may not change anything here")
        if request.endpoint in _PUBLISH_ENDPOINTS:
            environ[_PUBLISHER] = self._publisher_of(environ)
            return None
        if request.endpoint in _OPEN_ENDPOINTS:
            return None
        is_page = request.endpoint in _PAGES and (
            request.accept_mimetypes.accept_html or not request.accept_mimetypes
        )
        if is_page and request.endpoint != _EMBED and KEY in request.args:
            return self._exchange(request.args[KEY])
        found = self._look(environ)
        if found.failure is not None and is_page:
            self._count(environ, found)
            return self._to_sign_in(found.failure)
        right = self._settled(environ, found)
        if right is None and is_page:
            return self._to_sign_in()
        if right is None:
            raise Refused(401, "reading needs the token: Authorization: Bearer …")
        environ[_RIGHT], environ[_BY_COOKIE] = right, found.by_cookie
        return None

    def is_addressed(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request names this service, or nothing, as only programs do."""
        return self._names.stranger(environ) is None

    def right_of(self, environ: Mapping[str, Any]) -> Right | None:
        """The right to read that a request has, if it has one; what is wrong is not counted."""
        return self._look(environ).right

    def check_token(self, given: str) -> bool:
        """Whether a text is the read token, as somebody typed it. Raises Refused(429)."""
        found = self._judge(request.environ, given, "sign-in")
        if found.wait:
            self._settled(request.environ, found)
        self._count(request.environ, found)
        return found.right is not None

    def sign_in(self, response: Response) -> None:
        """Give the browser a cookie that stands for the token."""
        if self._signing.is_on:
            _set_cookie(response, COOKIE, self._signing.cookie(), COOKIE_SECONDS)

    def renew(self, response: Response) -> None:
        """Give the browser the cookie anew by which it came, so that it lasts while it is used."""
        environ = request.environ
        if not self._token or not environ.get(_BY_COOKIE):
            return
        if environ[_RIGHT] is WHOLE:
            self.sign_in(response)
        else:
            key = parse_cookie(environ["HTTP_COOKIE"])[LINK_COOKIE]
            self._set_link_cookie(response, key, environ[_RIGHT])

    def _look(self, environ: Mapping[str, Any]) -> _Found:
        """What the credentials of a request are worth, without an effect."""
        if not self._token:
            return _Found(WHOLE)
        given = _bearer(environ)
        if given is not None:
            if given.count(".") >= 2:  # as a key has
                try:
                    return _Found(self._signing.right_of(given))
                except BadKey:
                    pass
            return self._judge(environ, given, "token")
        key = _key_in(environ.get("QUERY_STRING", ""))
        if key is not None:
            try:
                return _Found(self._signing.right_of(key))
            except BadKey as error:
                return _Found(failure=("key", str(error)))
        return self._look_at_cookies(environ)

    def _look_at_cookies(self, environ: Mapping[str, Any]) -> _Found:
        cookies = parse_cookie(environ.get("HTTP_COOKIE", ""))
        if COOKIE in cookies and self._signing.is_cookie(cookies[COOKIE]):
            return _Found(WHOLE, by_cookie=True)
        if LINK_COOKIE in cookies:
            try:
                return _Found(self._signing.right_of(cookies[LINK_COOKIE]), by_cookie=True)
            except BadKey as error:
                return _Found(failure=("cookie", str(error)))
        return _Found()

    def _judge(self, environ: Mapping[str, Any], given: str, kind: str) -> _Found:
        """What a token is worth, if it is its address's turn to have one looked at."""
        wait = self._attempts.wait(environ.get("REMOTE_ADDR", ""))
        if wait:
            return _Found(wait=wait)
        if _are_equal(given, self._token):
            return _Found(WHOLE, token=given)
        reason = "that is not the token; reading needs the right one: Authorization: Bearer …"
        return _Found(failure=(kind, reason), token=given)

    def _settled(self, environ: Mapping[str, Any], found: _Found) -> Right | None:
        """The right that was found, with everything counted. Raises Refused for wrong credentials.

        None where there were none.
        """
        if found.wait:
            self._instruments.attempts_delayed.inc()
            seconds = math.ceil(found.wait)
            raise Refused(
                429,
                f"too many wrong tokens came from this address: the next may come in {seconds} s",
                retry_after=seconds,
            )
        self._count(environ, found)
        if found.failure is not None:
            raise Refused(401, found.failure[1])
        return found.right

    def _count(self, environ: Mapping[str, Any], found: _Found) -> None:
        address = environ.get("REMOTE_ADDR", "")
        if found.failure is not None:
            self._instruments.attempts_failed.labels(found.failure[0]).inc()
            if found.token is not None:
                self._attempts.failed(address, found.token)
        elif found.token is not None:
            self._attempts.passed(address)

    def _publisher_of(self, environ: Mapping[str, Any]) -> Publisher:
        if not self._publishers:
            raise Refused(403, "publishing over HTTP is off: no PUBLISH_TOKEN is set")
        given = _bearer(environ)
        if given is None:
            raise Refused(401, "publishing needs PUBLISH_TOKEN: Authorization: Bearer …")
        wait = self._attempts.wait(environ.get("REMOTE_ADDR", ""))
        known = None
        for publisher in self._publishers:  # all of them: the time tells nothing of which it is
            if _are_equal(given, publisher.token.encode()):
                known = publisher
        if wait or known is None:
            failure = ("publish", "publishing needs PUBLISH_TOKEN: what was sent is no such token")
            self._settled(environ, _Found(wait=wait, failure=failure, token=given))
        assert known is not None
        self._count(environ, _Found(token=given))
        return known

    def _exchange(self, key: str) -> Response:
        """A page's address with a key: the same without it, and a cookie in its place."""
        there = _without_key(request.full_path)
        try:
            right = self._signing.right_of(key) if self._token else WHOLE
        except BadKey as error:
            failure = ("key", str(error))
            self._count(request.environ, _Found(failure=failure))
            if self._look_at_cookies(request.environ).right is None:
                return self._to_sign_in(failure)
            right = WHOLE
        response = redirect(there, 303)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        # Who may read everything goes on to.
        if right is not WHOLE and self._look_at_cookies(request.environ).right is not WHOLE:
            self._set_link_cookie(response, key, right)
        return response

    def _set_link_cookie(self, response: Response, key: str, right: Right) -> None:
        assert right.expires is not None
        # It is kept for longer than it is good, so that its end can be said.
        left = math.ceil(right.expires - self._signing.now()) + _KEPT_AFTER
        _set_cookie(response, LINK_COOKIE, key, min(left, COOKIE_SECONDS))

    def _to_sign_in(self, failure: tuple[str, str] | None = None) -> Response:
        there = _without_key(request.full_path)
        link = None if failure is None else "expired" if "expired" in failure[1] else "bad"
        return redirect(url_for("sign_in.sign_in", next=there, link=link), 303)


def given_right() -> Right:
    """The right to read of the request that is answered now."""
    right: Right = request.environ[_RIGHT]
    return right


def renewal_url() -> str | None:
    """Where a page that is shown for long gets its cookie anew; None where it came without one."""
    return url_for("sign_in.renew") if request.environ[_BY_COOKIE] else None


def check_publication(host: str, name: str | None) -> None:
    """Raise Refused(403) for an event that the token of this request may not publish."""
    publisher: Publisher = request.environ[_PUBLISHER]
    right = Right(publisher.events, publisher.hosts)
    if not right.is_whole and not right.covers(host, name):
        raise Refused(
            403,
            f"the token {publisher.name!r} may not publish {name or 'unnamed events'} of {host}; "
            f"{right}",
            key="host" if right.covers_name(name or "message") else "event",
        )


def register(app: Flask, settings: Settings, instruments: Instruments) -> Access:
    """Hold an app to the rules."""
    access = Access(settings, instruments)
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
            # An embed's address may have a key in it. (A form's page must say from where it comes.)
            referrer = "no-referrer" if request.endpoint == _EMBED else "same-origin"
            response.headers.setdefault("Referrer-Policy", referrer)
            access.renew(response)  # so that a display that is on stays signed in
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


def _set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, secure=request.is_secure, httponly=True, samesite="Lax"
    )
    response.cache_control.private = True  # no proxy keeps it for somebody else


def _bearer(environ: Mapping[str, Any]) -> str | None:
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _key_in(query: str) -> str | None:
    if f"{KEY}=" not in query:
        return None
    return dict(parse_qsl(query, keep_blank_values=True)).get(KEY)


def _without_key(path: str) -> str:
    """A path with its query, without the key that is in it."""
    path, _, query = path.partition("?")
    rest = [pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) != KEY]
    return f"{path}?{'&'.join(rest)}" if any(rest) else path


def _are_equal(given: str, token: bytes) -> bool:
    return bool(token) and hmac.compare_digest(given.encode(), token)
