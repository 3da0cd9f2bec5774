"""Patterns of names, in which `*` stands for any run of characters, also none. Pure."""

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=256)
def fits(patterns: frozenset[str]) -> Callable[[str], bool]:
    """Whether a host is one of those that some patterns mean, as a function of the host."""
    names = frozenset(pattern for pattern in patterns if "*" not in pattern)
    with_stars = [pattern.split("*") for pattern in patterns if "*" in pattern]
    if not with_stars:
        return names.__contains__

    @lru_cache(maxsize=4096)
    def fit(host: str) -> bool:
        return host in names or any(_fits(host, pieces) for pieces in with_stars)

    return fit


def _fits(host: str, pieces: list[str]) -> bool:
    """Whether a host is these pieces in order, with anything between; without backtracking."""
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
