"""The programs that took most CPU in each minute, as long as minutes are kept.

They are made from the log's events `processes`, and lie in the same file as the figures. A program
has the highest value that it had in the minute, so an event that is built in twice changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from heapq import nlargest
from typing import Any

import msgspec

from dashboard.events.event import Event, EventId, fields
from dashboard.log.history.block import short

EVENT = "processes"
MINUTE = 60  # seconds
_MOST = 5
_LONGEST = 64  # characters of a name
SCHEMA = """
CREATE TABLE IF NOT EXISTS program (
    minute INTEGER NOT NULL, host TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (minute, host)
) WITHOUT ROWID;
"""


class _Program(msgspec.Struct):
    name: str
    cpu_percent: float | None = None
    memory_bytes: float | None = None
    bytes_per_second: float | None = None


class _Programs(msgspec.Struct):
    top: list[_Program] = []


class _Processes(msgspec.Struct):
    time: float
    count: float | None = None
    running: float | None = None
    programs: _Programs = msgspec.field(default_factory=_Programs)


_Row = tuple[str, float | None, float | None, float | None]  # the fields of a program
_Minute = tuple[float | None, float | None, list[_Row]]  # count, running, programs: as it is kept
_TOLD = msgspec.json.Decoder(_Processes)
_KEPT = msgspec.json.Decoder(_Minute)


def write(connection: Any, events: Iterable[Event]) -> None:
    """Build in events `processes`, in a transaction of the history's file."""
    found: dict[tuple[int, str], list[_Minute]] = defaultdict(list)
    for event in events:
        told = fields(event.data, _TOLD) if event.name == EVENT else None
        if told is not None:
            rows = [_row(program) for program in told.programs.top]
            minute = int(told.time // MINUTE)
            found[minute, event.host].append((told.count, told.running, rows))
    for key, minutes in found.items():
        query = "SELECT data FROM program WHERE minute = ? AND host = ?"
        minutes += [_KEPT.decode(data) for (data,) in connection.execute(query, key)]
        data = msgspec.json.encode(_highest(minutes))
        connection.execute("INSERT OR REPLACE INTO program VALUES (?, ?, ?)", (*key, data))


def read(connection: Any, at: float) -> list[Event]:
    """Return an event `processes` of each host for the minute of a time (seconds since 1970)."""
    minute = int(at // MINUTE)
    query = "SELECT host, data FROM program WHERE minute = ?"
    found = []
    for host, data in connection.execute(query, (minute,)):
        count, running, rows = _KEPT.decode(data)
        top = [dict(zip(_Program.__struct_fields__, row, strict=True)) for row in rows]
        # What shows a list of processes shows the programs.
        lists = {"top": top, "programs": {"top": top}}
        whole = {"host": host, "time": minute * MINUTE, "count": count, "running": running, **lists}
        text = msgspec.json.encode(whole).decode()
        found.append(Event(host, EVENT, text, EventId(minute * MINUTE * 1000, 0)))
    return found


def trim(connection: Any, before: float, most: int) -> int:
    """Delete at most `most` rows of minutes that ended before a time; return how many went."""
    return int(
        connection.execute(
            """DELETE FROM program WHERE (minute, host) IN (
                   SELECT minute, host FROM program WHERE minute < ? LIMIT ?)""",
            (int(before // MINUTE), most),
        ).rowcount
    )


def _row(program: _Program) -> _Row:
    return (
        program.name[:_LONGEST],
        program.cpu_percent,
        program.memory_bytes,
        program.bytes_per_second,
    )


def _highest(minutes: list[_Minute]) -> _Minute:
    """Return the highest of each value, and the programs that took most CPU."""
    programs: dict[str, list[_Row]] = defaultdict(list)
    for _, _, rows in minutes:
        for row in rows:
            programs[row[0]].append(row)
    top: list[_Row] = []
    for name, rows in programs.items():
        _, *figures = zip(*rows, strict=True)
        cpu, memory, moved = map(_most, figures)
        top.append((name, cpu, memory, moved))
    counts, running, _ = zip(*minutes, strict=True)
    return _most(counts), _most(running), nlargest(_MOST, top, key=lambda row: row[1] or 0.0)


def _most(values: Iterable[float | None]) -> float | None:
    return short(max((value for value in values if value is not None), default=None))
