"""The history of one worker: who reads it, and who keeps it while it is this worker's turn.

The keeper builds in what the log has got, once a minute. It reads the log in pieces, so that others
who read the past wait for one piece at most; what a minute has is written at once, in a native
thread.
"""

import logging
import time
from functools import partial
from pathlib import Path

import gevent

from dashboard.events.event import Event, EventId
from dashboard.log.contract import EventLog, HistoryAccess, LogReader, LogUnavailable
from dashboard.log.history.access import History
from dashboard.log.history.builder import Builder, Limits
from dashboard.log.history.shared import SharedAnswers
from dashboard.log.history.store import HistoryStore
from dashboard.log.opening import log_url, run_directory
from dashboard.posix.native_thread import NativeThread
from dashboard.settings import Settings

logger = logging.getLogger(__name__)

_EVERY = 60.0  # seconds
_PIECE = 2000  # events that are read at once
_MOST = 50_000  # that are written at once; a thousand machines' minute would be many small parts
_LAST = EventId(10**15 - 1, 0)


class HistoryKeeper:
    """The greenlet that runs a builder."""

    def __init__(self, log: HistoryAccess, builder: Builder) -> None:
        self.trouble: str | None = None
        """Why the history can't be written now; None while it can."""
        self._log = log
        self._builder = builder
        self._greenlet: gevent.Greenlet[[], None] | None = None
        self._thread = NativeThread()

    def start(self) -> None:
        """Build in what the log has now, and then once a minute."""
        self._greenlet = gevent.spawn(self._keep)

    def stop(self) -> None:
        """Stop, and close the file. A piece that is being written is written to its end."""
        greenlet, self._greenlet = self._greenlet, None
        if greenlet is not None:
            greenlet.kill()
            self._builder.interrupt()
            self._thread.close(self._builder.close)

    def _keep(self) -> None:
        while True:
            try:
                self._build()
            except Exception as error:  # no memory, no thread: it is tried again, like a full disk
                if self.trouble is None:
                    is_known = isinstance(error, LogUnavailable)
                    logger.error("the history can't be written: %s", error, exc_info=not is_known)
                self.trouble = str(error) or type(error).__name__
            else:
                if self.trouble is not None:
                    logger.info("the history is written again")
                self.trouble = None
            gevent.sleep(_EVERY - time.time() % _EVERY)

    def _build(self) -> None:
        builder, run = self._builder, self._thread.run
        events: list[Event] = []
        position = run(builder.position)
        while True:
            piece = self._log.with_reader(partial(_next_piece, position.following))
            events += piece
            newest = piece[-1].id if piece else None
            is_last = newest is None or len(piece) < _PIECE
            if is_last or len(events) >= _MOST:
                run(partial(builder.add, events))
                events = []
            if newest is None or is_last:
                break
            position = newest
        run(builder.finish)
        run(builder.trim)


def _next_piece(first: EventId, log: LogReader) -> list[Event]:
    return log.read_range(first, _LAST, limit=_PIECE)


class HistoryService:
    """What a worker has of the history. `keeper` is None where the setting HISTORY is off."""

    def __init__(self, settings: Settings, log: EventLog) -> None:
        folder = run_directory(log_url(settings), instance=settings.instance)
        path, lock = history_path(settings), folder / "history-files.lock"
        limits = Limits(
            settings.history_seconds,
            settings.history_minutes,
            settings.history_hours,
            settings.history_size,
        )
        self.reader = History(path, lock, limits)
        self.answers = SharedAnswers()
        self.keeper: HistoryKeeper | None = None
        if path is not None:
            self.keeper = HistoryKeeper(log, Builder(HistoryStore(path, lock), limits))

    @property
    def trouble(self) -> str | None:
        """Return why this worker can't write the history; None where it can or need not."""
        return None if self.keeper is None else self.keeper.trouble

    def start(self) -> None:
        """Keep the history, as the one process of this log that does."""
        if self.keeper is not None:
            self.keeper.start()

    def stop(self) -> None:
        """Leave keeping it to another process."""
        if self.keeper is not None:
            self.keeper.stop()


def history_path(settings: Settings) -> Path | None:
    """Return the file that the setting HISTORY names, or the one beside the log; None for off.

    For a log that is no file of this machine it lies in the folder of its run-time files.
    """
    if settings.history.lower() == "off":
        return None
    if settings.history:
        return Path(settings.history)
    url = log_url(settings)
    if url.startswith("sqlite:"):
        log = Path(url.removeprefix("sqlite:///")).absolute()
        return log.with_name(f"{log.stem}-history.db")
    return run_directory(url, instance=settings.instance) / "history.db"
