"""A builder of two machines' history that kills itself: python -m tests.log.history.killed_builder.

The arguments are a folder, how many seconds of the log there are by now, and after how many steps
of SQLite's machine it is killed, 0 for never; then it prints how many steps there were. With `last`
in place of the steps it also waits for all windows to end.
"""

import os
import signal
import sys
from pathlib import Path

from dashboard.events.event import Event, EventId
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.store import HistoryStore

START = 1_801_440_000  # the beginning of a window of each tier
DAY = 86_400.0
STEP = 10  # seconds between two samples
SILENT = range(5 * 3600, 6 * 3600 + 1800)  # seconds from the start of which the log has nothing
_PIECE = 200  # events of a transaction
_EVERY = 20  # instructions of SQLite's machine that are a step


def log_until(seconds: int) -> list[Event]:
    """Return the log: two machines, but for the silence of one."""
    return [
        Event(host, "cpu", f'{{"host":"{host}","time":{START + at},"percent":{at % 97}}}', id_)
        for at in range(0, seconds, STEP)
        for number, host in enumerate(("box", "other"))
        if host == "other" or at not in SILENT
        for id_ in [EventId((START + at) * 1000, number)]
    ]


def build(folder: Path, seconds: int, steps: int, *, is_last: bool = False) -> int:
    """Go on with the history up to some seconds; return the steps, or be killed at one."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if done == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    now = START + seconds + (60 * DAY if is_last else 0)
    store = HistoryStore(folder / "history.db", folder / "lock")
    with store._database.connected() as connection:
        connection.set_progress_handler(step, _EVERY)
    limits = Limits(100 * DAY, 100 * DAY, 100 * DAY, 1 << 30)
    builder = Builder(store, limits, lambda: now)
    position = builder.position()
    left = [event for event in log_until(seconds) if event.id and event.id > position]
    for start in range(0, len(left), _PIECE):
        builder.add(left[start : start + _PIECE])
    builder.finish()
    store.close()
    return done


if __name__ == "__main__":
    folder, seconds, steps = sys.argv[1:]
    is_last = steps == "last"
    print(build(Path(folder), int(seconds), 0 if is_last else int(steps), is_last=is_last))
