"""Wrong tokens, slowed per address: who guesses gets a few tries a minute, and then has to wait.

Each worker counts for itself. An address has so many tries, which come back over a minute; with
none left its tokens are not even looked at, whether right or wrong, until another try has come
back. Two things keep that from locking out those who have the right token behind the same address:

- the same wrong token again is no new guess, so a program with an old one uses up a single try;
- an address that gave the right token within a day is always listened to.

Memory is bounded: the addresses that were heard of last are kept, IPv6 by their /64.
"""

import hashlib
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable

from dashboard.access.addresses import network_of

MOST_ADDRESSES = 10_000
_MINUTE = 60.0
_TRUST_SECONDS = 86400.0
_REMEMBERED = 16  # wrong tokens of each address, as hashes under a key that nobody knows


class _Address:
    __slots__ = ("at", "guesses", "trusted_at", "wrong")

    def __init__(self, now: float) -> None:
        self.guesses = 0.0  # that have been made and not come back yet
        self.at = now
        self.trusted_at: float | None = None
        self.wrong: list[bytes] = []


class TokenThrottle:
    """The failed attempts of the addresses that one worker has heard from."""

    def __init__(self, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`most` is how many wrong tokens an address may try in a minute."""
        self._most = most
        self._monotonic = monotonic
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._key = os.urandom(16)

    def wait(self, address: str) -> float:
        """Seconds until a token of an address is looked at; 0: now."""
        known = self._addresses.get(network_of(address))
        if known is None:
            return 0.0
        now = self._monotonic()
        self._recover(known, now)
        is_trusted = known.trusted_at is not None and now - known.trusted_at < _TRUST_SECONDS
        if is_trusted or known.guesses <= self._most - 1:
            return 0.0
        return (known.guesses - self._most + 1) * _MINUTE / self._most

    def record_failure(self, address: str, token: str) -> None:
        """Note a wrong token."""
        known = self._know(address)
        guess = hmac.digest(self._key, token.encode(), hashlib.sha256)[:8]
        if guess in known.wrong:
            return
        known.wrong = [*known.wrong[1 - _REMEMBERED :], guess]
        self._recover(known, self._monotonic())
        known.guesses = min(known.guesses + 1, float(self._most))

    def record_success(self, address: str) -> None:
        """Note the right token, of an address that there is something to remember of."""
        name = network_of(address)
        if name in self._addresses or len(self._addresses) < MOST_ADDRESSES:
            self._know(address).trusted_at = self._monotonic()

    def __len__(self) -> int:
        return len(self._addresses)

    def _know(self, address: str) -> _Address:
        name = network_of(address)
        known = self._addresses.get(name)
        if known is None:
            known = self._addresses[name] = _Address(self._monotonic())
            if len(self._addresses) > MOST_ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(name)
        return known

    def _recover(self, known: _Address, now: float) -> None:
        known.guesses = max(0.0, known.guesses - (now - known.at) * self._most / _MINUTE)
        known.at = now
