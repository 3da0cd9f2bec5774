"""The stream of one job: its steps since an id, those to come, and the end.

What is past is read from the log; then the stream joins the feed of all progress, which wakes it,
and takes what is new from the hub. It ends with the step that ends the run.
"""

from collections.abc import Iterator

import msgspec

from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.events.sse import ServerSentEvent
from dashboard.jobs.model import EVENT, decode_step
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.streaming.feed import Lagging
from dashboard.streaming.hub import Hub
from dashboard.streaming.subscription import StreamSlot

_BATCH = 500
_READY_SECONDS = 5.0
PROGRESS = Filter(names=frozenset({EVENT}))


class JobStream(StreamSlot):
    """The events of one job's stream.

    With a gap in what the reader has, `gap` comes first, as on /stream. Each step is an unnamed
    event with the log's id; the last is called after the state in which the job ends, "completed"
    or "failed".
    """

    def __init__(
        self,
        hub: Hub,
        log: EventLog,
        job: str,
        after: EventId,
        scope: Scope,
        address: str,
        *,
        missed: EventId | None = None,
    ) -> None:
        """`after` is the id of the last step that the reader has.

        `missed` is the id since which the reader lacks steps that can't be sent.
        Steps of hosts beyond the right are those of other jobs. The place is that of `address`.
        """
        super().__init__(hub, address, PROGRESS.restricted_to(scope))
        self._log = log
        self._job = job
        self._after = after
        self._missed = missed
        self._events = self._run()

    def __iter__(self) -> Iterator[ServerSentEvent]:
        return self

    def __next__(self) -> ServerSentEvent:
        return next(self._events)

    def _run(self) -> Iterator[ServerSentEvent]:
        self._hub.admission.count_opened()
        if self._missed is not None:
            self._hub.admission.count_gap()
            gap = msgspec.json.encode(self._hub.gap_since(self._missed)).decode()
            yield ServerSentEvent(gap, event="gap")
        self._hub.ready.wait(_READY_SECONDS)
        try:
            for event in self._progress():
                step = decode_step(event) if self._filter.wants(event) else None
                if step is not None and step.job == self._job:
                    name = step.state if step.is_end else None
                    yield ServerSentEvent(event.data, event=name, id=str(event.id))
                    if step.is_end:
                        return
        except Lagging:
            self._hub.admission.count_dropped("lagging")
        except LogUnavailable:
            return  # its browser comes back with the last id, when the log may be there again
        else:
            self._count_end()

    def _progress(self) -> Iterator[Event]:
        """The progress of all jobs after the id, in order, until the worker stops."""
        hub, position = self._hub, self._after
        while position < hub.position:
            events, position = self._read_back(position, hub.position)
            yield from events
        # Nothing can have come between that comparison and this.
        self._subscriber = hub.join(self._filter)
        while not hub.stopping and not self._subscriber.feed.ended:
            while position < hub.position:
                news, position = hub.replay.read_next(position, self._filter)
                yield from (encoded.event for encoded in news)
            self._subscriber.frames(0)  # only to be woken: the events themselves are in the hub

    def _read_back(self, after: EventId, last: EventId) -> tuple[list[Event], EventId]:
        """The next stretch of progress after an id, and the id where that ends."""
        first = after.following
        events = self._log.with_reader(
            lambda log: log.read_range(first, last, names=[EVENT], limit=_BATCH)
        )
        if len(events) < _BATCH:
            return events, last
        return events, events[-1].id or last
