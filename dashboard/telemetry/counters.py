"""What the service counts about itself; each worker has its own, `/metrics` shows all workers'."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

_DROPPED = ("lagging", "busy", "address", "feeds", "expired", "stopping")
_REFUSED = ("timed_out", "evicted", "busy", "malformed", "line", "headers", "body")
_NO_ROOM = ("hosts", "events", "size", "jobs", "alerts", "screens", "bytes", "keys")
_KINDS = ("token", "sign-in", "publish", "key", "cookie", "user")  # of failed attempts
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Instruments:
    """The counters of one worker. Units are in the names; nothing here is ever reset."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        gauge, counter = partial(Gauge, registry=registry), partial(Counter, registry=registry)
        histogram = partial(Histogram, buckets=_SECONDS, registry=registry)
        self.leads = gauge("vitals_leads", "1 in the worker that samples this host.")
        self.streams = gauge("vitals_streams", "Streams that are open now.")
        self.feeds = gauge("vitals_feeds", "Distinct filters that are followed.")
        text = "Streams that were opened."
        self.streams_opened = KeptCount(registry, "vitals_streams_opened", text)
        self.streams_dropped = counter(
            "vitals_streams_dropped", "Streams that the server closed, by reason.", ["reason"]
        )
        _begin_at_zero(self.streams_dropped, _DROPPED)
        self.events = counter("vitals_events", "Events that came out of the log.")
        self.unlogged = counter(
            "vitals_events_unlogged", "Events sent on live that the log could not take."
        )
        self.frames = counter("vitals_frames", "Frames made, one a feed.")
        self.gaps = counter("vitals_gaps", "Streams that were told of a gap in place of a replay.")
        self.attempts_failed = counter(
            "vitals_attempts_failed", "Wrong tokens, keys, cookies and users, by kind.", ["kind"]
        )
        _begin_at_zero(self.attempts_failed, _KINDS)
        self.attempts_delayed = counter(
            "vitals_attempts_delayed",
            "Requests refused unread, as their address sent too many wrong tokens.",
        )
        self.connections_waiting = gauge(
            "vitals_connections_waiting", "Connections without a whole request."
        )
        self.requests_refused = counter(
            "vitals_requests_refused", "Requests and connections that a limit ended.", ["reason"]
        )
        _begin_at_zero(self.requests_refused, _REFUSED)
        self.publications_refused = counter(
            "vitals_publications_refused", "Publications that found no room, by reason.", ["reason"]
        )
        _begin_at_zero(self.publications_refused, _NO_ROOM)
        self.fan_out = histogram(
            "vitals_fan_out_seconds", "Time from a batch read to a frame for every feed."
        )
        self.append = histogram(
            "vitals_append_seconds", "Time that the log took for a batch of samples."
        )
        self.append_failures = counter(
            "vitals_append_failures", "Attempts to log samples that failed."
        )
        self.held = gauge("vitals_events_held", "Events that wait for a log that is away.")
        self.held_dropped = counter(
            "vitals_events_held_dropped",
            "Events that waited for the log and had to go, for want of room.",
        )
        self.sample = histogram(
            "vitals_sample_seconds", "Time to read the families of a cadence.", ["cadence_seconds"]
        )
        self.overdue = counter(
            "vitals_samples_overdue", "Readings given up at their deadline, by family.", ["family"]
        )

    def add_log(self, skipped: Callable[[], int], is_history_failing: Callable[[], bool]) -> None:
        """Show what a log itself counts, the entries that readers have skipped, and its history."""
        text = "Entries of the log that are no events, as another program has put them there."
        KeptCount(self.registry, "vitals_log_entries_skipped", text).read = skipped
        text = "1 in the worker that keeps the history, while it can't."
        failing = Gauge("vitals_history_failing", text, registry=self.registry)
        failing.set_function(is_history_failing)


class KeptCount(Collector):
    """A counter whose value another part keeps, which says by `read` how it is read.

    For what is counted by every stream: prometheus_client's own counters take a lock each time.
    """

    def __init__(self, registry: CollectorRegistry, name: str, text: str) -> None:
        self.read: Callable[[], int] = int
        self._name = name
        self._text = text
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counter with its value of now."""
        yield CounterMetricFamily(self._name, self._text, value=self.read())


def _begin_at_zero(counter: Counter, labels: Iterable[str]) -> None:
    """Let a scrape show each label from the start: a rate needs a value before the first event."""
    for label in labels:
        counter.labels(label)
