"""Find silences in rows: distances that are much longer than those around them.

The usual distance is local, because a machine may be given another interval at any time.
"""

from itertools import pairwise
from statistics import median

_TIMES = 3  # times the usual distance is a silence
_AROUND = 9  # distances before and after one that tell what is usual there
_FEW = 3  # fewer may be silences themselves, and tell nothing


def silences(times: list[float], most: int) -> frozenset[int]:
    """Return the indexes of rows before which there is a silence; of many, the `most` longest."""
    distances = [after - before for before, after in pairwise(times)]
    if len(distances) < 2:
        return frozenset()
    in_order = sorted(distances)
    overall = median(in_order)
    small = in_order[len(in_order) // 10]  # most need no second look
    found = []
    for place, distance in enumerate(distances):
        if distance > _TIMES * small and distance > _TIMES * _usual(distances, place, overall):
            found.append((distance, place + 1))
    return frozenset(index for _, index in sorted(found, reverse=True)[:most])


def _usual(distances: list[float], place: int, overall: float) -> float:
    """Return the usual distance around one of them; where it changes, the longer one."""
    before = distances[max(0, place - _AROUND) : place]
    after = distances[place + 1 : place + 1 + _AROUND]
    return max(median(side) if len(side) >= _FEW else overall for side in (before, after))
