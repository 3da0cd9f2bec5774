"""`[traffic]`: how much this machine may send and receive in a month."""

import re
from dataclasses import dataclass

from .tables import WrongTable, check_keys, table_of
from .types import Kind

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_QUOTA = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*(?:([kMGTP]?)(i?)B)?", re.ASCII)
_COUNTS = ("sent", "received", "both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A quota in bytes, None for none; the day of the month that begins anew; what counts."""

    quota: int | None = None
    resets: int = 1
    counts: str = "both"


def _traffic(text: str) -> Traffic:
    table = table_of(text)
    check_keys(table, ("quota", "resets", "counts"))
    resets, counts = table.get("resets", 1), table.get("counts", "both")
    if not isinstance(resets, int) or isinstance(resets, bool) or not 1 <= resets <= 31:
        raise WrongTable(f"resets={resets!r}: allowed is a day of the month, from 1 to 31")
    if counts not in _COUNTS:
        raise WrongTable(f"counts={counts!r}: allowed is {', '.join(_COUNTS)}")
    quota = None
    if "quota" in table:
        match = _QUOTA.fullmatch(str(table["quota"]).strip())
        size = _UNITS[match[2] or ""] if match else 0
        if match and match[3]:
            size = 1 << 10 * list(_UNITS).index(match[2])
        quota = int(float(match[1]) * size) if match else 0
        if not 0 < quota <= 1 << 53:
            raise WrongTable(
                f"quota={table['quota']!r}: allowed are bytes, such as 500GB, 1.5TB or 2TiB"
            )
    return Traffic(quota=quota, resets=resets, counts=counts)


TRAFFIC = Kind(_traffic, "a table [traffic]", none=Traffic())
