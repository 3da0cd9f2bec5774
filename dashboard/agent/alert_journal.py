"""What an agent knows of its alerts where its log can't be read back: a file of its own.

The file has the alerts that the log has taken, with their ids, and the batch that is under way if
there are alerts in it, with its key; that is written before the batch is sent. So whenever the
process is killed, the next one either finds the batch noted as taken, or sends it again under its
key. The log then has it once, and no alert is raised for a second time.

To whoever goes on from it, it is a log of these alerts.
"""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from dashboard.alerts.model import EVENT
from dashboard.events.event import Event, EventId
from dashboard.posix.atomic_file import write_atomically

logger = logging.getLogger(__name__)

_MOST = 1000  # alerts that are noted; one that is open is told of again every ten minutes


class _Batch(msgspec.Struct):
    key: str
    events: list[tuple[str, str]]  # name and data


class _State(msgspec.Struct):
    taken: list[tuple[str, str]] = []  # id and data
    under_way: _Batch | None = None


class AlertJournal:
    """The notes of one host's agent. Threads may share it: each change is one assignment."""

    def __init__(self, path: Path, *, host: str) -> None:
        self._path = path
        self._host = host
        self._trouble = ""
        self._state = _State()
        try:
            self._state = msgspec.json.decode(path.read_bytes(), type=_State)
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:  # what msgspec raises is a ValueError
            logger.warning("alerts begin anew, as %s is no use: %s", path, error)
        self._left = self._state.under_way

    @property
    def left(self) -> tuple[str, list[Event]] | None:
        """The key and the events of an earlier process, who did not hear whether they are logged.

        They have to be sent again before anything else is, and before these notes say what is so.
        """
        if self._left is None:
            return None
        return self._left.key, [Event(self._host, name, data) for name, data in self._left.events]

    def begin(self, key: str, events: Sequence[Event]) -> None:
        """Note a batch that is about to be sent."""
        self._left = None
        before = self._state.under_way
        if before is not None and before.key == key:
            return
        batch = None
        if any(event.name == EVENT for event in events):
            batch = _Batch(key, [(event.name or "", event.data) for event in events])
        if batch is not None or before is not None:
            self._note(_State(self._state.taken, batch))

    def taken(self, events: Sequence[Event], ids: Sequence[EventId]) -> None:
        """Note that the log has a batch."""
        told = [
            (str(event_id), event.data)
            for event, event_id in zip(events, ids, strict=True)
            if event.name == EVENT
        ]
        if told:
            self._note(_State([*self._state.taken, *told][-_MOST:]))

    def _note(self, state: _State) -> None:
        self._state = state
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self._path, msgspec.json.encode(state))
            self._trouble = ""
        except OSError as error:
            # A full disk is no reason to keep silent about it.
            if self._trouble != str(error.strerror):
                logger.warning(
                    "alerts may be raised twice if this process is killed: %s: %s",
                    self._path,
                    error.strerror,
                )
            self._trouble = str(error.strerror)

    # What whoever goes on from here reads.

    def latest(self) -> list[Event]:
        """The newest of the alerts."""
        return self._noted()[-1:]

    def newest(self) -> EventId | None:
        """The highest id."""
        noted = self._noted()
        return noted[-1].id if noted else None

    def id_at(self, seconds: float) -> EventId:
        """Return the lowest id of a time; the other Vitals gave the ids, by its own clock."""
        return EventId.at(seconds)

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        """At most `limit` alerts with `first <= id <= last`, in order, if they are asked for."""
        if (names is not None and EVENT not in names) or (
            hosts is not None and self._host not in hosts
        ):
            return []
        return [e for e in self._noted() if e.id is not None and first <= e.id <= last][:limit]

    def _noted(self) -> list[Event]:
        taken = self._state.taken
        return [Event(self._host, EVENT, data, EventId.parse(event_id)) for event_id, data in taken]
