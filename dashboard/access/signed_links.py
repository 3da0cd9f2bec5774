"""Signed links, and the sign-in cookie that stands for the read token.

Both are signed by the secret key (secret_key.py), each with a salt of its own, so that neither can
be taken for the other; a new secret key ends them all. The cookie's key depends on READ_TOKEN as
well: a new token ends all sign-ins. A link's token carries its scope, its end and an id, by which
it can be revoked (link_store.py); one of an older version has a digest for an id. Neither can be
guessed, so attempts are not throttled, unlike those with tokens.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from dashboard.access.link_store import Link, LinkStore, id_of_old
from dashboard.access.right_store import minute
from dashboard.events.scope import Scope

# The beginnings of the cookies' names, and their whole names in older versions.
SIGN_IN_COOKIE, LINK_COOKIE = "vitals", "vitals-link"
COOKIE_SECONDS = 400 * 86400  # the longest that browsers keep a cookie
_SIGNER = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
_EPOCH = 1  # of what is in a key; another form would have another number


class InvalidLink(Exception):
    """A link's token that gives no scope; the text says why, and nothing of the token."""


class EndedLink(InvalidLink):
    """The token of a link that was good, and has expired or was revoked."""


class SignedLinks:
    """Signs and verifies links and sign-in cookies."""

    def __init__(
        self,
        secret: str,
        read_token: str,
        clock: Callable[[], float] = time.time,
        store: LinkStore | None = None,
    ) -> None:
        """`secret` is the secret key, `clock` gives seconds since 1970.

        Without a `store` nothing is known of revoked links.
        """
        self._clock = clock
        self._store = store
        self._keys = _serializer(secret, "vitals link")
        of_token = hmac.digest(secret.encode(), read_token.encode(), hashlib.sha256).hex()
        self._cookies = _serializer(of_token, "vitals sign-in 3")
        # A browser sends a cookie to all ports of a host: its name is this service's own.
        digest = hmac.new(secret.encode(), b"vitals cookie name", "sha256").hexdigest()[:8]
        self.sign_in_cookie_name = f"{SIGN_IN_COOKIE}-{digest}"
        self.link_cookie_name = f"{LINK_COOKIE}-{digest}"
        # Everyone comes back at once, and most with the same.
        self._load_key = lru_cache(maxsize=1024)(self._read_key)
        self._load_cookie = lru_cache(maxsize=1024)(self._read_cookie)

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._clock()

    def token(self, scope: Scope) -> str:
        """Return the token of a link with a scope that expires."""
        assert scope.expires is not None
        told: dict[str, Any] = {"v": _EPOCH, "x": round(scope.expires)}
        if scope.events is not None:
            told["e"] = scope.events
        if scope.hosts is not None:
            told["h"] = scope.hosts
        if scope.link is not None:
            told["i"] = scope.link
        return str(self._keys.dumps(told))

    def scope_of(self, key: str) -> Scope:
        """Return the scope of a link. Raises InvalidLink, also for one expired or revoked."""
        try:
            scope, _ = self._load_key(key)
        except (BadSignature, ValueError, KeyError, TypeError):
            raise InvalidLink(
                "the key is none of this service's: it is cut off, or SECRET_KEY is another one now"
            ) from None
        assert scope.expires is not None
        if scope.expires <= self._clock():
            raise EndedLink(f"the key has expired, at {minute(scope.expires)} UTC")
        revoked = self._revoked_at(scope)
        if revoked is not None:
            today, at = minute(self._clock())[:11], minute(revoked)
            raise EndedLink(f"the key was revoked, at {at.removeprefix(today)} UTC")
        return scope

    def note_use(self, key: str, address: str) -> None:
        """Note that a key, which is good, was used from an address."""
        if self._store is not None:
            scope, made = self._load_key(key)
            assert scope.link is not None
            assert scope.expires is not None
            use = Link(
                id=scope.link,
                events=scope.events,
                hosts=scope.hosts,
                made=made,
                expires=scope.expires,
                used=self._clock(),
                used_from=address,
            )
            self._store.note_use(use)

    def sign_in_cookie(self) -> str:
        """Return the value of a cookie that stands for the read token."""
        return str(self._cookies.dumps("read"))

    def is_sign_in_cookie(self, value: str) -> bool:
        """Return True if a cookie stands for the read token and is not too old."""
        try:
            return 0 <= self._clock() - self._load_cookie(value) + 60 <= COOKIE_SECONDS + 60
        except (BadSignature, ValueError):
            return False

    def _revoked_at(self, scope: Scope) -> float | None:
        if self._store is None or scope.link is None:
            return None
        try:
            return self._store.revoked_at(scope.link)
        except OSError as error:  # no link is good while nobody knows which are revoked
            raise InvalidLink(f"the key can't be looked up: {error.strerror}") from None

    def _read_key(self, key: str) -> tuple[Scope, float]:
        """Return the scope of a key, and when it was made."""
        told, made = self._keys.loads(key, return_timestamp=True)
        if told["v"] != _EPOCH:
            raise ValueError
        events, hosts = told.get("e"), told.get("h")
        scope = Scope(
            events=None if events is None else tuple(events),
            hosts=None if hosts is None else tuple(hosts),
            expires=float(told["x"]),
            link=told.get("i") or id_of_old(key),
        )
        return scope, float(made.timestamp())

    def _read_cookie(self, value: str) -> float:
        """Return the time at which a cookie was made, in seconds since 1970."""
        told, made = self._cookies.loads(value, return_timestamp=True)
        if told != "read":
            raise ValueError
        return float(made.timestamp())


def _serializer(secret: str, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=salt, signer_kwargs=dict(_SIGNER))
