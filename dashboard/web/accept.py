"""Read Accept and Accept-Encoding (RFC 9110, section 12.5) in linear time.

werkzeug's reader takes a time that grows with the square of a run of blanks or tabs, and anybody
can send one.
"""

from typing import NamedTuple

_MOST_BYTES = 4096  # of a header; browsers send some 150
_MOST_ITEMS = 64


class Match(NamedTuple):
    """How well a header accepts something: by weight, then by how exactly it is named."""

    weight: float
    exactness: int


def match(header: str, name: str) -> Match:
    """Return how a header accepts a media type ("text/html") or a coding ("gzip").

    The most exact item counts: the name itself, then "text/*", then "*/*" or "*". The weight is 0.0
    where none is there or it is refused.
    """
    group = f"{name.partition('/')[0]}/*"
    best = Match(0.0, 0)
    for item in header[:_MOST_BYTES].split(",")[:_MOST_ITEMS]:
        range_, *parameters = item.split(";")
        range_ = range_.strip().lower()
        exactness = 3 if range_ == name else 2 if range_ == group else range_ in ("*/*", "*")
        if exactness > best.exactness:
            best = Match(_weight(parameters), int(exactness))
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
