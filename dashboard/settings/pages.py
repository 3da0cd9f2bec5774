"""`[pages]`: names for addresses of this service's pages."""

import re
from collections.abc import Mapping
from posixpath import normpath
from types import MappingProxyType
from urllib.parse import unquote

from .tables import WrongTable, table_of
from .types import Kind

PAGE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# Only a path of this very service: nobody is led elsewhere.
ADDRESS_PATTERN = r"^/(?![/\\])[^\x00-\x20\x7f]*\Z"
_ADDRESS = re.compile(ADDRESS_PATTERN)
_LONGEST = 2000
_MOST = 100


def _pages(text: str) -> Mapping[str, str]:
    table = table_of(text)
    if len(table) > _MOST:
        raise WrongTable(f"{len(table)} pages; at most {_MOST}")
    for name, address in table.items():
        if not PAGE_NAME.fullmatch(name):
            raise WrongTable(
                f"page {name!r}: allowed are names of a-z, 0-9, '_' and '-', at most 40"
            )
        if not isinstance(address, str) or not _ADDRESS.match(address) or len(address) > _LONGEST:
            raise WrongTable(
                f"page {name!r}: allowed is a path of this service with its query, such as "
                f"/?panels=cpu,memory, at most {_LONGEST} characters without blanks"
            )
    # What a display adds to an address would be lost behind a fragment, which no page reads.
    pages = {name: address.partition("#")[0] for name, address in table.items()}
    for name in pages:
        _check_end(name, pages)
    return MappingProxyType(pages)


def _check_end(first: str, pages: Mapping[str, str]) -> None:
    """Raise WrongTable for a page that leads in a circle, by itself or by other pages."""
    passed, name = [first], first
    while (path := normpath(unquote(pages[name].partition("?")[0]))).startswith("/p/"):
        name = path.removeprefix("/p/")
        if name not in pages:
            return
        if name in passed:
            raise WrongTable(f"page {first!r} leads in a circle: {' to '.join([*passed, name])}")
        passed.append(name)


PAGES = Kind(_pages, "a table [pages]", none=MappingProxyType({}))
