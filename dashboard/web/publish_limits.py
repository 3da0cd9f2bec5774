"""Bounds on what is published: the names that others choose, and bytes in a minute. Pure.

Whoever may publish may choose names, and each new one stays for RETENTION: in the memory of each
worker, in the start of each stream and, of hosts, in each `hello`. So there are so many places for
them, and a token may take half. Machines that are sampled have places of their own: the
dashboard's own machine needs none, and an agent's are not used up by what others publish.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from dashboard.access.minute_budget import MinuteBudget
from dashboard.access.name_limit import LimitReached, Name, NameLimit
from dashboard.alerts.history import OpenAlerts
from dashboard.events.event import Event
from dashboard.jobs.index import JobIndex
from dashboard.publications import AGENTS_NAMES
from dashboard.streaming.known_names import Kind
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.telemetry.counters import Instruments

MOST_MACHINES = 10_000  # hosts that are sampled; further agents over HTTP are refused
MOST_HOSTS = 1000  # other hosts
MOST_KINDS = 10_000  # published kinds of event: pairs of a host and a name
MOST_KINDS_OF_HOST = 200
MOST_KINDS_OF_AGENT = 100  # beside the families: twice what its settings may have
MOST_NEWEST_BYTES = 64 << 20  # data of the newest published event of each kind
MOST_JOBS = 1000
MOST_ALERTS = 10_000  # that are open, with those of machines; published ones want less
MOST_ALERTS_EACH = 1000  # of a token, or of an agent
MOST_KEYS = 60_000  # idempotency keys of a token (or of an agent) in a minute
_OVERHEAD = 100  # bytes that an event takes beside its data, in the log

_Undo = list[Callable[[], None]]


class Publication(NamedTuple):
    """What one request publishes: by which token, as which agent, under which key, which jobs'.

    `alerts` are (host, alert) of those that it says are open.
    """

    publisher: str
    events: Sequence[Event]
    agent: str | None = None
    key: str | None = None
    jobs: Iterable[str] = ()
    alerts: Iterable[tuple[str, str]] = ()


class PublishLimits:
    """The bounds of one worker."""

    def __init__(
        self,
        buffer: ReplayBuffer,
        jobs: JobIndex,
        alerts: OpenAlerts,
        *,
        own_host: str,
        bytes_per_minute: int,
        instruments: Instruments,
    ) -> None:
        self._names = names = buffer.names
        self._newest_size = buffer.newest_size
        self._own_host = own_host
        self._refused = instruments.publications_refused
        self._bytes = MinuteBudget(bytes_per_minute)
        self._keys = MinuteBudget(MOST_KEYS)
        self._machines: NameLimit[str] = NameLimit(
            "hosts",
            "hosts that are sampled",
            is_known=names.is_sampled,
            known=lambda: names.sampled_hosts,
            most=MOST_MACHINES,
        )
        self._hosts: NameLimit[str] = NameLimit(
            "hosts",
            "hosts that nobody samples",
            is_known=names.has_host,
            known=lambda: names.published_hosts,
            most=MOST_HOSTS,
        )
        kinds = partial(NameLimit[Kind], "events", "kinds of event", is_known=self._is_known_kind)
        self._kinds = kinds(known=lambda: names.published, most=MOST_KINDS)
        self._kinds_of_host = kinds(
            known_of=names.published_of, most=float("inf"), most_each=MOST_KINDS_OF_HOST
        )
        self._kinds_of_agent = kinds(most=float("inf"), most_each=MOST_KINDS_OF_AGENT)
        self._jobs: NameLimit[str] = NameLimit(
            "jobs",
            "jobs",
            is_known=jobs.__contains__,
            known=lambda: len(jobs),
            known_of=jobs.count_of,
            most=MOST_JOBS,
        )

        self._alerts = _alert_limit(alerts, MOST_ALERTS)
        self._alerts_of_agent = _alert_limit(alerts, float("inf"))

    def admit(self, publication: Publication) -> None:
        """Make room for a publication. Raises LimitReached, and then it takes no room."""
        undo: _Undo = []
        try:
            if publication.agent is None:
                self._place_all(publication, undo)
            else:
                _place(self._machines, publication.agent, publication.publisher, undo)
                for event in publication.events:
                    if event.name not in AGENTS_NAMES:
                        kind = event.host, event.name
                        _place(self._kinds_of_agent, kind, publication.agent, undo)
                for alert in publication.alerts:
                    _place(self._alerts_of_agent, alert, publication.agent, undo)
            self._spend(publication)
        except LimitReached as refused:
            for each in undo:
                each()
            self._refused.labels(refused.reason).inc()
            raise

    def _place_all(self, publication: Publication, undo: _Undo) -> None:
        publisher = publication.publisher
        last = {(event.host, event.name): event for event in publication.events}
        for kind, event in last.items():
            if event.host != self._own_host:
                _place(self._hosts, event.host, publisher, undo)
            _place(self._kinds_of_host, kind, event.host, undo)
            _place(self._kinds, kind, publisher, undo)
            if self._names.published_bytes >= MOST_NEWEST_BYTES:
                self._check_size(kind, event)
        for job in publication.jobs:
            _place(self._jobs, job, publisher, undo)
        for alert in publication.alerts:
            _place(self._alerts, alert, publisher, undo)

    def _is_known_kind(self, kind: Kind) -> bool:
        return self._newest_size(kind) is not None

    def _check_size(self, kind: Kind, event: Event) -> None:
        if len(event.data) > (self._newest_size(kind) or 0):
            raise LimitReached(
                "size",
                409,
                f"the newest events of all names have {MOST_NEWEST_BYTES} bytes, which is the "
                "most: an event may only be shorter than the last one of its host and name",
            )

    def _spend(self, publication: Publication) -> None:
        who = publication.publisher, publication.agent
        size = sum(len(event.data) + _OVERHEAD for event in publication.events)
        wait = self._bytes.wait(who, size)
        if wait:
            most = f"{self._bytes.most:.0f} bytes a minute (the setting MAX_PUBLISHED)"
            raise _too_fast("bytes", publication, most, wait)
        if publication.key is not None:
            wait = self._keys.wait(who, 1)
            if wait:
                raise _too_fast("keys", publication, f"{MOST_KEYS} idempotency keys a minute", wait)
            self._keys.use(who, 1)
        self._bytes.use(who, size)


def _alert_limit(alerts: OpenAlerts, most: float) -> NameLimit[tuple[str, str]]:
    return NameLimit(
        "alerts",
        "open alerts",
        is_known=alerts.__contains__,
        known=alerts.__len__,
        most=most,
        most_each=MOST_ALERTS_EACH,
        room="it is over",
    )


def _place(limit: NameLimit[Name], name: Name, owner: str, undo: _Undo) -> None:
    if limit.take(name, owner):
        undo.append(lambda: limit.give_back(name, owner))


def _too_fast(reason: str, publication: Publication, most: str, wait: float) -> LimitReached:
    who = publication.publisher if publication.agent is None else publication.agent
    return LimitReached(reason, 429, f"{who} may publish at most {most}", retry_after=wait)
