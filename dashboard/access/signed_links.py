"""What this service signs: keys for links, and the cookie that stands for the read token.

All of it is signed by SECRET_KEY (without one by READ_TOKEN), each kind with a salt of its own, so
that none can be taken for another; a new SECRET_KEY ends them all. A key carries its right and the
moment at which it ends. Nobody can guess one, so keys and cookies, unlike tokens, may be tried as
often as anybody likes.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from dashboard.events.scope import Scope
from dashboard.settings import Settings

LONGEST = 3660 * 86400.0  # seconds that a key may be good for
# The beginnings of the cookies' names, and their whole names in older versions.
SIGN_IN_COOKIE, LINK_COOKIE = "vitals", "vitals-link"
COOKIE_SECONDS = 400 * 86400  # the longest that browsers keep a cookie
_SIGNER = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
_EPOCH = 1  # of what is in a key; another form would have another number


class InvalidLink(Exception):
    """A key that gives no right; the text says why, and nothing of the key."""


class SignedLinks:
    """Signs and reads. `is_on` is whether there is anything to sign with."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        secret = settings.secret_key or settings.read_token
        self.is_on = bool(secret)
        self._clock = clock
        self._keys = _serializer(secret, "vitals link")
        self._cookies = _serializer(secret, "vitals sign-in 2")
        # A browser sends a cookie to all ports of a host: its name is this service's own.
        digest = hmac.new(secret.encode(), b"vitals cookie name", "sha256").hexdigest()[:8]
        self.sign_in_cookie_name = f"{SIGN_IN_COOKIE}-{digest}"
        self.link_cookie_name = f"{LINK_COOKIE}-{digest}"
        # Everyone comes back at once, and most with the same.
        self._load_key = lru_cache(maxsize=1024)(self._read_key)
        self._load_cookie = lru_cache(maxsize=1024)(self._read_cookie)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    def token(self, scope: Scope) -> str:
        """A key for a right, which has an end."""
        assert scope.expires is not None
        told: dict[str, Any] = {"v": _EPOCH, "x": round(scope.expires)}
        if scope.events is not None:
            told["e"] = scope.events
        if scope.hosts is not None:
            told["h"] = scope.hosts
        return str(self._keys.dumps(told))

    def scope_of(self, key: str) -> Scope:
        """The right that a key gives now. Raises BadKey."""
        try:
            scope = self._load_key(key)
        except (BadSignature, ValueError, KeyError, TypeError):
            raise InvalidLink(
                "the key is none of this service's: it is cut off, or SECRET_KEY is another one now"
            ) from None
        assert scope.expires is not None
        if scope.expires <= self._clock():
            day = time.strftime("%Y-%m-%d %H:%M", time.gmtime(scope.expires))
            raise InvalidLink(f"the key has expired, at {day} UTC")
        return scope

    def sign_in_cookie(self) -> str:
        """The value of a cookie that stands for the read token."""
        return str(self._cookies.dumps("read"))

    def is_sign_in_cookie(self, value: str) -> bool:
        """Whether a cookie stands for the read token, now."""
        try:
            return 0 <= self._clock() - self._load_cookie(value) + 60 <= COOKIE_SECONDS + 60
        except (BadSignature, ValueError):
            return False

    def _read_key(self, key: str) -> Scope:
        told = self._keys.loads(key)
        if told["v"] != _EPOCH:
            raise ValueError
        events, hosts = told.get("e"), told.get("h")
        return Scope(
            events=None if events is None else tuple(events),
            hosts=None if hosts is None else tuple(hosts),
            expires=float(told["x"]),
        )

    def _read_cookie(self, value: str) -> float:
        """When it was made, in seconds since 1970."""
        told, made = self._cookies.loads(value, return_timestamp=True)
        if told != "read":
            raise ValueError
        return float(made.timestamp())


def _serializer(secret: str, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret or "nothing", salt=salt, signer_kwargs=dict(_SIGNER))
