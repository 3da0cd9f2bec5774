"""Glob patterns of hosts and event names: `*` matches any run of characters, or none. Pure."""

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=256)
def fits(patterns: frozenset[str]) -> Callable[[str], bool]:
    """Return the predicate that is True for names that match one of the patterns."""
    names = frozenset(pattern for pattern in patterns if "*" not in pattern)
    with_stars = [pattern.split("*") for pattern in patterns if "*" in pattern]
    if not with_stars:
        return names.__contains__

    @lru_cache(maxsize=4096)
    def fit(host: str) -> bool:
        return host in names or any(_fits(host, pieces) for pieces in with_stars)

    return fit


def _fits(host: str, pieces: list[str]) -> bool:
    """Return True if the pieces occur in order with any text between; linear, no backtracking."""
    first, *between, last = pieces
    at, end = len(first), len(host) - len(last)
    if at > end or not (host.startswith(first) and host.endswith(last)):
        return False
    for piece in between:
        found = host.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
