"""Throttle of wrong tokens: each address gets a few attempts a minute, then has to wait. Pure.

Each worker counts for itself. The attempts of an address are refilled over a minute; when they are
used up, its tokens are not compared at all, right or wrong, until the next is refilled. Two rules
keep that from locking out those who have the right token behind the same address:

- The same wrong token again is no new guess: a program with an old one uses up one attempt.
- A token that was right within a day is always compared if it comes from the same address again.
  Only that very token is: whoever has one token gets no free guesses at another.

Memory is bounded: the most recent addresses are kept, IPv6 by their /64.
"""

import hashlib
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable

from dashboard.access.addresses import network_of
from dashboard.access.minute_budget import MinuteBudget

MOST_ADDRESSES = 10_000
_TRUST_SECONDS = 86400.0
_REMEMBERED = 16  # tokens of each kind and address, as digests under a random key


class _Address:
    __slots__ = ("right", "wrong")

    def __init__(self) -> None:
        self.right: dict[bytes, float] = {}  # when it came last
        self.wrong: list[bytes] = []


class TokenThrottle:
    """The attempts of the addresses that one worker has heard from."""

    def __init__(self, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`most` is how many wrong tokens an address may try in a minute."""
        self._guesses = MinuteBudget(most, monotonic)
        self._monotonic = monotonic
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._key = os.urandom(16)

    def wait(self, address: str, token: str) -> float:
        """Return the seconds until a token of an address may be compared; 0 for now."""
        name = network_of(address)
        known, wait = self._addresses.get(name), self._guesses.wait(name, 1)
        if wait and known is not None:
            came_at = known.right.get(self._digest(token))
            if came_at is not None and self._monotonic() - came_at < _TRUST_SECONDS:
                return 0.0
        return wait

    def record_failure(self, address: str, token: str) -> None:
        """Note a wrong token, if it is a new guess of its address."""
        known = self._know(address)
        guess = self._digest(token)
        if guess in known.wrong:
            return
        known.wrong = [*known.wrong[1 - _REMEMBERED :], guess]
        name = network_of(address)
        if not self._guesses.wait(name, 1):
            self._guesses.use(name, 1)

    def record_success(self, address: str, token: str) -> None:
        """Note a right token; it pushes out no address that is being throttled."""
        name = network_of(address)
        if name in self._addresses or len(self._addresses) < MOST_ADDRESSES:
            right = self._know(address).right
            right.pop(digest := self._digest(token), None)
            right[digest] = self._monotonic()
            if len(right) > _REMEMBERED:
                del right[next(iter(right))]

    def __len__(self) -> int:
        return len(self._addresses)

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode(), hashlib.sha256)[:16]

    def _know(self, address: str) -> _Address:
        name = network_of(address)
        known = self._addresses.get(name)
        if known is None:
            known = self._addresses[name] = _Address()
            if len(self._addresses) > MOST_ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(name)
        return known
