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
        if not _is_address(address):
            raise WrongTable(
                f"page {name!r}: allowed is a path of this service with its query, such as "
                f"/?panels=cpu,memory, at most {_LONGEST} characters without blanks and '#', "
                "and no page of this table (/p/...)"
            )
    return MappingProxyType(table)


def _is_address(address: object) -> bool:
    """Return whether a page may stand for it: one that leads to another could go in a circle."""
    if not isinstance(address, str) or len(address) > _LONGEST or "#" in address:
        return False
    path = normpath(unquote(address.partition("?")[0]))
    return bool(re.match(ADDRESS_PATTERN, address)) and not path.startswith("/p/")


PAGES = Kind(_pages, "a table [pages]", none=MappingProxyType({}))
