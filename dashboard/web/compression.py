"""gzip for whole responses: the page's files and the history. A stream compresses its own."""

import gzip
from functools import lru_cache

from dashboard.web.accept import match

_LEVEL = 9


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends this Accept-Encoding takes gzip."""
    return match(accept_encoding, "gzip").weight > 0


@lru_cache(maxsize=256)
def compress_once(data: bytes) -> bytes:
    """`compress` for what is asked for again: the page's files."""
    return compress(data)


def compress(data: bytes, level: int = _LEVEL) -> bytes:
    """The same bytes for the same data, whenever it is."""
    return gzip.compress(data, level, mtime=0)
