"""Glob patterns of hosts and event names: `*` matches any run of characters, or none. Pure.

A pattern whose only `*` is at one end costs next to nothing, a hundred of them are one call; any
other is looked for piece by piece, and so costs by its stars.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache


@lru_cache(maxsize=256)
def fits(patterns: frozenset[str]) -> Callable[[str], bool]:
    """Return the predicate that is True for names that match one of the patterns."""
    names = frozenset(pattern for pattern in patterns if "*" not in pattern)
    with_stars = patterns - names
    if not with_stars:
        return names.__contains__
    beginnings = tuple(each[:-1] for each in with_stars if each.index("*") == len(each) - 1)
    ends = tuple(each[1:] for each in with_stars if each.rindex("*") == 0)
    costly = [pattern.split("*") for pattern in with_stars if _is_costly(pattern)]

    @lru_cache(maxsize=4096)
    def fit(host: str) -> bool:
        if host in names or host.startswith(beginnings) or host.endswith(ends):
            return True
        return any(_fits(host, pieces) for pieces in costly)

    return fit


def costly_stars(patterns: Iterable[str]) -> int:
    """Return how many `*` the patterns have that are not the only one, at one end, of theirs."""
    return sum(pattern.count("*") for pattern in patterns if _is_costly(pattern))


def _is_costly(pattern: str) -> bool:
    return "*" in pattern[1:-1] or (len(pattern) > 1 and pattern[0] == pattern[-1] == "*")


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
