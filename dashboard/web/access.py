"""Who may do what: names, tokens, keys and cookies, other origins, and the pages' policies.

Served on loopback nothing is asked but a Host header that belongs here: a page of some other site
whose name was made to point at this machine (DNS rebinding) is refused. With READ_TOKEN all figures
need a right to read: the token as a bearer token, the cookie that the sign-in page gives for it, a
signed key, which may cover only some events and hosts, or a user whom a trusted proxy names, as far
as his groups go (`access/credentials.py`). /healthz, /readyz, the static files and the sign-in page
itself are open, and so is /openapi.json, which has no figures and says nothing of this
installation. Publishing needs a token of its own as a bearer token, and no other; where none is set
nobody can publish over HTTP.

A key on a page's address is exchanged for a cookie, and leaves the address. Not so on an embed's:
a frame in another site's page gets no cookies, so its own requests carry the key.
"""

import re
import socket
import string
from urllib.parse import quote

from flask import Flask, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dashboard.access.credentials import Credentials, Evaluation
from dashboard.access.link_store import KEY, without_key
from dashboard.access.request_origin import HostValidator, is_cross_site
from dashboard.access.secret_key import secret_key
from dashboard.access.signed_links import InvalidLink, SignedLinks
from dashboard.access.stores import Stores, open_stores
from dashboard.errors import ClientError
from dashboard.events.scope import FULL, Scope
from dashboard.settings import Settings
from dashboard.telemetry.counters import Instruments
from dashboard.web import endpoints
from dashboard.web.accept import match
from dashboard.web.cookies import delete_cookies, set_link_cookie, set_sign_in_cookie
from dashboard.web.headers import allow_origin, bound_headers, page_policy
from dashboard.web.publisher import PUBLISHER

_SCOPE = "vitals.scope"
_BY_COOKIE = "vitals.by_cookie"
_BY_USER = "vitals.by_user"
_NOT_KEPT = {"Cache-Control": "no-store"}
_REVOKED = re.compile(r"revoked, at ([0-9: -]+) UTC")


class Access:
    """The rules of one service."""

    def __init__(self, settings: Settings, instruments: Instruments, stores: Stores) -> None:
        self._links = SignedLinks(secret_key(settings), settings.read_token, store=stores.links)
        self._credentials = Credentials(settings, self._links, stores.machines, instruments)
        self._takes_token = bool(settings.read_token)
        self._wanted = "reading needs the token: Authorization: Bearer …"
        if not self._takes_token:
            self._wanted = "reading needs a user: ask through the proxy that signs people in"
        self._host_validator = HostValidator(
            [settings.host_name, socket.gethostname(), *settings.allowed_hosts]
        )

    def check(self) -> Response | None:
        """Let a request pass (None), or send it elsewhere. Raises ClientError."""
        environ, endpoint, method = request.environ, request.endpoint, request.method
        untrusted_host = self._host_validator.untrusted_host(environ)
        if untrusted_host is not None:
            raise ClientError(
                400,
                f"the Host header {untrusted_host!r} is neither an IP address, localhost, "
                "this machine's name, nor in ALLOWED_HOSTS",
                key="Host",
            )
        if method == "OPTIONS":
            return None  # it has no figures, and browsers ask it without any credentials
        if method not in ("GET", "HEAD") and is_cross_site(environ):
            raise ClientError(403, "requests of other sites' pages may not change anything here")
        if endpoint in endpoints.PUBLISHING:
            environ[PUBLISHER] = self._credentials.publisher_of(environ)
            return None
        if endpoint in endpoints.OPEN:
            return None
        is_page = endpoint in endpoints.PAGES and _takes_html(environ.get("HTTP_ACCEPT", ""))
        if is_page and endpoint != endpoints.EMBED and KEY in request.args:
            return self._exchange(request.args[KEY])
        found = self._credentials.evaluate(environ)
        if found.failure is not None and is_page:
            self._credentials.record(environ, found)
            if found.user is not None:
                page = self.sign_in_page(_own_address(), f"{found.failure[1]}.")
                return make_response(page, 403, _NOT_KEPT)
            return self._to_sign_in(found.failure)
        scope = self._credentials.authorize(environ, found)
        if scope is None and is_page:
            return self._to_sign_in()
        if scope is None:
            raise ClientError(401, self._wanted)
        environ[_SCOPE], environ[_BY_COOKIE] = scope, found.by_cookie
        environ[_BY_USER] = found.user is not None
        return None

    def check_token(self, given: str) -> bool:
        """Return True if a text typed by somebody is the read token. Raises ClientError(429)."""
        found = self._credentials.check_token(request.environ, given, "sign-in")
        if found.wait:
            self._credentials.authorize(request.environ, found)
        self._credentials.record(request.environ, found)
        return found.scope is not None

    def admit(self, given: str, is_right: bool, failure: tuple[str, str]) -> None:
        """Count a text that stands for a right. Raises ClientError for one that is wrong."""
        self._credentials.admit(request.environ, given, is_right, failure)

    def sign(self, scope: Scope) -> str:
        """Return the key of a link with a scope that expires."""
        return self._links.token(scope)

    def sign_in(self, response: Response) -> None:
        """Set the cookie that stands for the read token."""
        set_sign_in_cookie(response, self._links)

    def sign_out(self, response: Response) -> None:
        """Delete the cookies of a sign-in and of a link."""
        delete_cookies(response, self._links)

    def sign_in_page(self, there: str, trouble: str) -> str:
        """Return the page that says who is signed in, and takes the token if there is one.

        `there` is where the token leads to.
        """
        cookies = self._credentials.check_cookies(request.environ)
        return render_template(
            "sign_in.html",
            there=there,
            trouble=trouble,
            is_signed_in=cookies != Evaluation(),
            takes_token=self._takes_token,
            user=self._credentials.check_session(request.environ).user,
        )

    def renew(self, response: Response) -> None:
        """Give the browser the cookie anew by which it came, so that it lasts while it is used."""
        environ = request.environ
        if not self._credentials.are_wanted or not environ.get(_BY_COOKIE):
            return
        if environ[_SCOPE] is FULL:
            self.sign_in(response)
        else:
            key = self._credentials.link_cookie(environ)
            assert key is not None
            set_link_cookie(response, self._links, key, environ[_SCOPE])

    def _exchange(self, key: str) -> Response:
        """A page's address with a key: the same without it, and a cookie in its place."""
        there = _own_address()
        try:
            scope = self._links.scope_of(key) if self._credentials.are_wanted else FULL
        except InvalidLink as error:
            failure = ("key", str(error))
            self._credentials.record(request.environ, Evaluation(failure=failure))
            if self._credentials.check_session(request.environ).scope is None:
                return self._to_sign_in(failure)
            scope = FULL
        response = redirect(there, 303)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        # Who may read everything goes on to.
        if scope is not FULL and self._credentials.check_session(request.environ).scope is not FULL:
            set_link_cookie(response, self._links, key, scope)
        return response

    def _to_sign_in(self, failure: tuple[str, str] | None = None) -> Response:
        there = _own_address()
        link = None if failure is None else "expired" if "expired" in failure[1] else "bad"
        revoked = _REVOKED.search("" if failure is None else failure[1])
        if revoked is not None:
            link = f"revoked at {revoked[1]}"
        return redirect(url_for("sign_in.sign_in", next=there, link=link), 303)


def request_scope() -> Scope:
    """The right to read of the request that is answered now."""
    scope: Scope = request.environ[_SCOPE]
    return scope


def renewal_url() -> str | None:
    """Where a page that is shown for long gets its cookie anew; None where it came without one."""
    return url_for("sign_in.renew") if request.environ[_BY_COOKIE] else None


def register(
    app: Flask, settings: Settings, instruments: Instruments, stores: Stores | None = None
) -> Access:
    """Hold an app to the rules; `stores` are those of the settings."""
    access = Access(settings, instruments, stores or open_stores(settings))
    app.before_request(bound_headers)
    app.before_request(access.check)
    origins = frozenset(settings.allowed_origins)
    policy = page_policy(settings.frame_ancestors)

    @app.after_request
    def _(response: Response) -> Response:
        if origins:
            allow_origin(response, origins)
        if "X-Content-Type-Options" in response.headers:
            return response  # a stream, whose headers are whole
        # What says nothing is kept for minutes by some caches: a 404, and /readyz.
        response.headers.setdefault("Cache-Control", "no-store")
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = policy
            # An embed's address may have a key in it. (A form's page must say from where it comes.)
            referrer = "no-referrer" if request.endpoint == endpoints.EMBED else "same-origin"
            response.headers.setdefault("Referrer-Policy", referrer)
            access.renew(response)  # so that a display that is on stays signed in
        response.headers["X-Content-Type-Options"] = "nosniff"
        if request.environ.get(_BY_USER):
            response.cache_control.private = True
        return response

    return access


def _takes_html(accept: str) -> bool:
    return not accept or match(accept, "text/html").weight > 0


def _own_address() -> str:
    """Return this request's path and its query without a link's key, as clients write them."""
    path = quote(request.script_root + request.path)
    query = without_key(quote(request.query_string, safe=string.punctuation))
    return f"{path}?{query}" if query else path
