"""What a request's token, key, cookie or user is worth, and what happens to one that is wrong.

A token is compared with all that there are, in the same time wherever it differs, and only when its
address may have one looked at (`rate_limit.py`). Keys and cookies are signed, and always looked at.
No text here has any of them in it.
"""

import hmac
import math
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from dashboard.access.link_store import KEY
from dashboard.access.machine_store import MachineStore
from dashboard.access.proxy_users import ProxyUser, ProxyUsers
from dashboard.access.publishers import Publishers
from dashboard.access.rate_limit import TokenThrottle
from dashboard.access.signed_links import (
    LINK_COOKIE,
    SIGN_IN_COOKIE,
    EndedLink,
    InvalidLink,
    SignedLinks,
)
from dashboard.errors import ClientError
from dashboard.events.scope import FULL, Scope
from dashboard.settings import Publisher, Settings
from dashboard.telemetry.counters import Instruments

_MOST_COOKIES = 256  # that are looked at; browsers keep some 180 of a site
_USER, CODE = "user", "code"  # credentials of these kinds that are wrong get 403


class Evaluation(NamedTuple):
    """What credentials are worth: a right, or why they are wrong, or neither.

    `failure` is what they were for, and why they are wrong; `token` is the one that was given;
    `wait` is how many seconds it takes until that is looked at; `key` is a link's that is good;
    `user` is whom a trusted proxy names, if it is by him.
    """

    scope: Scope | None = None
    by_cookie: bool = False
    failure: tuple[str, str] | None = None
    token: str | None = None
    wait: float = 0.0
    key: str | None = None
    user: ProxyUser | None = None


class Credentials:
    """The tokens, keys and cookies of one service."""

    def __init__(
        self,
        settings: Settings,
        links: SignedLinks,
        machines: MachineStore,
        instruments: Instruments,
    ) -> None:
        self._token = settings.read_token.encode()
        self._publishers = Publishers(settings, machines)
        self._links = links
        self._users = ProxyUsers(settings)
        self._throttle = TokenThrottle(settings.failed_attempts)
        self._instruments = instruments

    @property
    def are_wanted(self) -> bool:
        """Whether reading needs any."""
        return bool(self._token) or self._users.are_wanted

    def evaluate(self, environ: Mapping[str, Any]) -> Evaluation:
        """What the credentials of a request to read are worth, without an effect."""
        if not self.are_wanted:
            return Evaluation(FULL)
        given = _bearer(environ)
        if given is not None:
            if given.count(".") >= 2:  # as a key has
                try:
                    return Evaluation(self._links.scope_of(given), key=given)
                except EndedLink as error:
                    return Evaluation(failure=("key", str(error)))
                except InvalidLink:
                    pass
            return self.check_token(environ, given, "token")
        key = _key_in(environ.get("QUERY_STRING", ""))
        if key is not None:
            try:
                return Evaluation(self._links.scope_of(key), key=key)
            except InvalidLink as error:
                return Evaluation(failure=("key", str(error)))
        return self.check_session(environ)

    def check_session(self, environ: Mapping[str, Any]) -> Evaluation:
        """The same of what a browser sends by itself: its cookies, and the user of a proxy.

        A right to everything goes first, then a link's, which somebody has opened.
        """
        cookies = self.check_cookies(environ)
        if cookies.scope is FULL:
            return cookies
        user = self._users.user_of(environ)
        if user is None or (cookies.scope is not None and user.scope is not FULL):
            return cookies
        failure = None if user.scope is not None else (_USER, user.trouble)
        return Evaluation(user.scope, failure=failure, user=user)

    def check_cookies(self, environ: Mapping[str, Any]) -> Evaluation:
        """The same of its cookies alone."""
        links = self._links
        sign_in = _cookie(environ, links.sign_in_cookie_name, SIGN_IN_COOKIE)
        if sign_in and links.is_sign_in_cookie(sign_in):
            return Evaluation(FULL, by_cookie=True)
        link = self.link_cookie(environ)
        if link:
            try:
                return Evaluation(links.scope_of(link), by_cookie=True, key=link)
            except InvalidLink as error:
                return Evaluation(failure=("cookie", str(error)))
        return Evaluation()

    def link_cookie(self, environ: Mapping[str, Any]) -> str | None:
        """Return the key in a request's cookie of a link, looked at or not."""
        return _cookie(environ, self._links.link_cookie_name, LINK_COOKIE)

    def check_token(self, environ: Mapping[str, Any], given: str, kind: str) -> Evaluation:
        """What a token is worth to read, if it is its address's turn to have one looked at."""
        wait = self._throttle.wait(environ.get("REMOTE_ADDR", ""), given)
        if wait:
            return Evaluation(wait=wait)
        if self._token and hmac.compare_digest(given.encode(), self._token):
            return Evaluation(FULL, token=given)
        reason = "that is not the token; reading needs the right one: Authorization: Bearer …"
        return Evaluation(failure=(kind, reason), token=given)

    def authorize(self, environ: Mapping[str, Any], found: Evaluation) -> Scope | None:
        """The right that was found, with everything counted; None where there were no credentials.

        Raises ClientError for wrong ones, and for a token whose turn has not come.
        """
        if found.wait:
            self._instruments.attempts_delayed.inc()
            seconds = math.ceil(found.wait)
            raise ClientError(
                429,
                f"too many wrong tokens came from this address: the next may come in {seconds} s",
                retry_after=seconds,
            )
        self.record(environ, found)
        if found.failure is not None:
            raise ClientError(403 if found.failure[0] in (_USER, CODE) else 401, found.failure[1])
        return found.scope

    def record(self, environ: Mapping[str, Any], found: Evaluation) -> None:
        """Note what came: for /metrics, the list of links, and the next attempt of the address."""
        address = environ.get("REMOTE_ADDR", "")
        if found.failure is not None:
            self._instruments.attempts_failed.labels(found.failure[0]).inc()
            if found.token is not None:
                self._throttle.record_failure(address, found.token)
        elif found.token is not None:
            self._throttle.record_success(address, found.token)
        elif found.key is not None:
            self._links.note_use(found.key, address)

    def admit(
        self, environ: Mapping[str, Any], given: str, is_right: bool, failure: tuple[str, str]
    ) -> None:
        """Count a token or code that is right. Raises ClientError for a wrong one, or too soon."""
        wait = self._throttle.wait(environ.get("REMOTE_ADDR", ""), given)
        failed = None if is_right else failure
        self.authorize(environ, Evaluation(wait=wait, failure=failed, token=given))

    def publisher_of(self, environ: Mapping[str, Any]) -> Publisher:
        """Who publishes. Raises ClientError."""
        given = _bearer(environ)
        known, machine = self._publishers.find(given or "")
        if given is None:
            raise ClientError(401, "publishing needs PUBLISH_TOKEN: Authorization: Bearer …")
        failure = ("publish", "publishing needs PUBLISH_TOKEN: what was sent is no such token")
        self.admit(environ, given, known is not None, failure)
        assert known is not None
        if machine is not None:
            self._publishers.note_use(environ, machine)
        return known


def _cookie(environ: Mapping[str, Any], *names: str) -> str | None:
    """Return the value of the first of these cookies that a request has; none of ours is quoted."""
    given = environ.get("HTTP_COOKIE", "").split(";", _MOST_COOKIES)[:_MOST_COOKIES]
    pairs = [pair.partition("=") for pair in given]
    found = {name.strip(): value.strip() for name, _, value in reversed(pairs)}
    return next((found[name] for name in names if name in found), None)


def _bearer(environ: Mapping[str, Any]) -> str | None:
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _key_in(query: str) -> str | None:
    if f"{KEY}=" not in query:
        return None
    return dict(parse_qsl(query, keep_blank_values=True)).get(KEY)
