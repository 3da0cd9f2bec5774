"""Modules and style sheets of the page without comments that fill whole lines, and indentation.

They are a third of the bytes sent.
"""

import re
from functools import lru_cache

# From the start of a line to the end of one, or how far it is indented. A licence (/*!) stays.
_COMMENT = re.compile(
    rb"^[ \t]*(?://[^\n]*|/\*(?!!)[^*]*(?:\*(?!/)[^*]*)*\*/[ \t]*)$|^[ \t]+", re.MULTILINE
)


@lru_cache(maxsize=256)
def without_comments(script: bytes) -> bytes:
    """Return a script without its comments; each line keeps its number, for messages of errors.

    Code decides nothing by its place in a line, so only text in backquotes could be mistaken.
    tests/js/test_minified.py holds the page's modules to having none of that kind.
    """
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)
