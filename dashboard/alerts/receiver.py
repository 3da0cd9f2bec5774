"""One receiver of alerts: a URL, its outbox, and the greenlet that sends what is due.

The outbox follows the log by id and is kept in a file in the run directory. The file is written
when a message has arrived, so a message is sent again only if the process was killed in the moment
between; and a lock on it keeps the next process waiting while this one is still sending.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from operator import itemgetter
from pathlib import Path

import gevent
import msgspec
from gevent.event import Event as Flag

from dashboard.alerts.apprise import Sender
from dashboard.alerts.history import alerts_between, silences_between
from dashboard.alerts.model import Alert
from dashboard.alerts.outbox import Outbox, State, message
from dashboard.alerts.silences import Silence
from dashboard.events.encoded import LOG_START
from dashboard.events.event import EventId
from dashboard.log.contract import HistoryAccess, LogReader, LogUnavailable
from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.locks import open_lock, try_lock
from dashboard.posix.native_thread import NativeThread, ThreadLost
from dashboard.settings import Notify

logger = logging.getLogger(__name__)

_LOOK_AGAIN = 5.0  # seconds; for alerts of other processes, and for what is held back
_SOON = 1.0  # seconds; while one waits for others
_LOCK_AGAIN = 0.2
_FIRST_PAUSE = 1.0  # seconds after a message that failed; doubled each time
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose alerts are sent: those of `host`, by the events of its log.

    `folder` has the outboxes. `judges`: what `host` says of other machines is sent, too. `windows`
    returns the silences of the settings that hold at a time, `routes` has the names of receivers by
    rule, where a rule is for some only. `wall_url`: what messages link to; empty: nothing.
    """

    log: HistoryAccess
    host: str
    retention: float
    folder: Path
    judges: bool = False
    windows: Callable[[float], Sequence[Silence]] = lambda now: ()
    routes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wall_url: str = ""
    clock: Callable[[], float] = time.time


class Receiver:
    """One URL."""

    def __init__(self, origin: Origin, settings: Notify, number: int, url: str) -> None:
        self.awake = Flag()
        self.stopping = False
        self._origin = origin
        self._settings = settings
        self._clock = origin.clock
        of = f" of {settings.name}" if settings.name else ""
        self._name = f"URL {number}{of} ({url.partition(':')[0]})"  # all else may be secret
        # Receivers that have no name are known by their URLs alone.
        whose = f"{origin.host} {settings.name} {url}" if settings.name else f"{origin.host} {url}"
        digest = hashlib.sha256(whose.encode()).hexdigest()[:16]
        self._file = origin.folder / f"notify-{digest}.json"
        self._sender = Sender(url)
        self._pause = 0.0
        self._trouble: OSError | None = None  # with the file

    def run(self, thread: NativeThread) -> None:
        """Follow the log and send, until told to stop."""
        try:
            problem = thread.run(self._prepare)
            if problem is None:
                with self._alone():
                    self._follow(thread)
        except OSError as error:
            problem = str(error)
        if problem:
            logger.error("no alerts go to notify %s: %s", self._name, problem)

    def _follow(self, thread: NativeThread) -> None:
        outbox: Outbox | None = None
        while not self.stopping:
            self.awake.clear()
            try:
                outbox = outbox or self._open(thread)
                if self._read_on(outbox):
                    thread.run(partial(self._save, outbox))
            except LogUnavailable as error:
                logger.warning("notify %s: %s", self._name, error)
            except Exception:  # a defect here must not end all alerts
                logger.exception("notify %s: the log's alerts can't be read", self._name)
            is_busy = outbox is not None and self._send(outbox, thread)
            if self._trouble:
                logger.warning("notify %s: can't note what was sent: %s", self._name, self._trouble)
            if not is_busy:
                self._rest(_SOON if outbox is not None and outbox.is_waiting else _LOOK_AGAIN)

    def _send(self, outbox: Outbox, thread: NativeThread) -> bool:
        """Send what is due. Returns whether there was something, and it has arrived."""
        due = outbox.due(self._clock())
        if not due:
            self._pause = 0.0
            return False
        try:
            problem = thread.run(partial(self._deliver, outbox, due))
        except (ThreadLost, RuntimeError) as error:  # no memory for a thread
            problem = str(error)
        if self.stopping and problem:
            return False
        if problem:
            self._pause = min(max(_FIRST_PAUSE, 2 * self._pause), _LONGEST_PAUSE)
            logger.warning("notify %s: %s; again in %g s", self._name, problem, self._pause)
            return False
        self._pause = 0.0
        return True

    def _rest(self, seconds: float) -> None:
        if not self._pause:
            self.awake.wait(seconds)
            return
        until = time.monotonic() + self._pause
        while not self.stopping and (left := until - time.monotonic()) > 0:
            self.awake.wait(min(left, _LOOK_AGAIN))
            self.awake.clear()

    # The outbox and its file.

    def _open(self, thread: NativeThread) -> Outbox:
        """The outbox as it was left. Raises LogUnavailable."""
        try:
            state = msgspec.json.decode(self._file.read_bytes(), type=State)
            EventId.parse(state.position)
        except FileNotFoundError:
            state = None
        except (OSError, ValueError) as error:  # what msgspec raises is a ValueError
            logger.warning("notify %s: begins anew, as its file is no use: %s", self._name, error)
            state = None
        is_new = state is None
        outbox = Outbox(
            state or State(position=str(LOG_START)),
            quiet=self._settings.quiet,
            rate=self._settings.rate,
            levels=self._settings.levels,
            windows=self._origin.windows,
        )
        if is_new:
            self._read_on(outbox)
            outbox.drop_cleared()
            thread.run(partial(self._save, outbox))
        return outbox

    def _read_on(self, outbox: Outbox) -> bool:
        """Take what the log has got. Returns whether that changed anything."""
        host, kept_since = self._origin.host, self._clock() - self._origin.retention

        def read(log: LogReader) -> bool:
            last = log.newest()
            if last is None or last < outbox.position:  # another log, of an earlier time
                return last is not None and outbox.take((), last)
            after = max(outbox.position, log.id_at(kept_since))
            found = alerts_between(log, after, last, host=None if self._origin.judges else host)
            own = (each for each in found if each[1].teller == host and self._takes(each[1]))
            silences = silences_between(log, after, last)
            return outbox.take(merge(own, silences, key=itemgetter(0)), last)

        outbox.drop_before(kept_since)
        return self._origin.log.with_reader(read)

    def _takes(self, alert: Alert) -> bool:
        only = self._origin.routes.get(alert.rule)
        return not only or self._settings.name in only

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only process that sends to this URL. Raises OSError where there can be no lock."""
        descriptor = open_lock(self._file.with_suffix(".lock"))
        try:
            while not self.stopping and not try_lock(descriptor):
                gevent.sleep(_LOCK_AGAIN)
            yield
        finally:
            os.close(descriptor)

    # In the native thread.

    def _prepare(self) -> str | None:
        return None if self.stopping else self._sender.prepare()

    def _deliver(self, outbox: Outbox, due: Sequence[Alert]) -> str | None:
        """Send what is due and note it at once. Returns what went wrong, None if it has arrived."""
        if self.stopping:  # while others of the thread were sent
            return "stopped"
        if outbox.mark_sending(due):
            self._save(outbox)
        problem = self._sender.send(message(due, self._origin.wall_url))
        if problem is None:
            outbox.mark_notified(due, self._clock())
            self._save(outbox)
        return problem

    def _save(self, outbox: Outbox) -> None:
        self._trouble = None
        try:
            write_atomically(self._file, msgspec.json.encode(outbox.state))
        except OSError as error:
            self._trouble = error
