"""What the service counts about itself; each worker has its own, `/metrics` shows all workers'."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Instruments:
    """The counters of one worker. Units are in the names; nothing here is ever reset."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.leads = Gauge(
            "vitals_leads", "1 in the worker that samples this host.", registry=registry
        )
        self.streams = Gauge("vitals_streams", "Streams that are open now.", registry=registry)
        self.feeds = Gauge("vitals_feeds", "Distinct filters that are followed.", registry=registry)
        self.streams_opened = Counter(
            "vitals_streams_opened", "Streams that were opened.", registry=registry
        )
        self.streams_dropped = Counter(
            "vitals_streams_dropped",
            "Streams that the server closed, by reason.",
            ["reason"],
            registry=registry,
        )
        for reason in ("lagging", "busy", "address", "feeds", "expired", "stopping"):
            self.streams_dropped.labels(reason)
        self.events = Counter(
            "vitals_events", "Events that came out of the log.", registry=registry
        )
        self.unlogged = Counter(
            "vitals_events_unlogged",
            "Events sent on live that the log could not take.",
            registry=registry,
        )
        self.frames = Counter("vitals_frames", "Frames made, one a feed.", registry=registry)
        self.gaps = Counter(
            "vitals_gaps",
            "Streams that were told of a gap in place of a replay.",
            registry=registry,
        )
        self.attempts_failed = Counter(
            "vitals_attempts_failed",
            "Requests with a wrong token, key or cookie, by what it was for.",
            ["kind"],
            registry=registry,
        )
        for kind in ("token", "sign-in", "publish", "key", "cookie"):
            self.attempts_failed.labels(kind)
        self.attempts_delayed = Counter(
            "vitals_attempts_delayed",
            "Requests whose token was not looked at, as too many of their address had been wrong.",
            registry=registry,
        )
        self.connections_waiting = Gauge(
            "vitals_connections_waiting",
            "Connections that have no whole request yet, or none any more.",
            registry=registry,
        )
        self.requests_refused = Counter(
            "vitals_requests_refused",
            "Requests and connections that a limit ended, by reason.",
            ["reason"],
            registry=registry,
        )
        for reason in ("timed_out", "evicted", "busy", "malformed", "line", "headers", "body"):
            self.requests_refused.labels(reason)
        self.fan_out = Histogram(
            "vitals_fan_out_seconds",
            "From a batch read from the log until every feed has its frame.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.append = Histogram(
            "vitals_append_seconds",
            "Time that the log took for a batch of samples.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.append_failures = Counter(
            "vitals_append_failures", "Attempts to log samples that failed.", registry=registry
        )
        self.held = Gauge(
            "vitals_events_held", "Events that wait for a log that is away.", registry=registry
        )
        self.held_dropped = Counter(
            "vitals_events_held_dropped",
            "Events that waited for the log and had to go, for want of room.",
            registry=registry,
        )
        self.sample = Histogram(
            "vitals_sample_seconds",
            "Time that reading the families of one cadence took.",
            ["cadence_seconds"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.overdue = Counter(
            "vitals_samples_overdue",
            "Readings given up at their deadline, by family.",
            ["family"],
            registry=registry,
        )
