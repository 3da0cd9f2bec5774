"""The table of the settings: key, default, kind, meaning."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from .alerts import ALERTS, RULES, AlertRule, Alerts
from .expectations import EXPECTATIONS, Expectation
from .figures import FIGURES, FigureRow
from .notify import NOTIFY, Notify
from .pages import PAGES
from .publishers import GROUPS, HEADER_NAME, PUBLISHERS, Group, Publisher
from .setting import NONE, is_table
from .setting import setting as _setting
from .silences import WINDOWS, Window
from .sources import COMMANDS, SCRAPES, Command, Scrape
from .traffic import TRAFFIC, Traffic
from .types import (
    FOLDER,
    HISTORY,
    HOST,
    HOST_NAMES,
    NETWORKS,
    SECRET,
    SWITCH,
    TAGS,
    byte_count,
    duration,
    machine_name,
    most,
    one_of,
    seconds,
    whole,
)
from .urls import HEARTBEAT_URL, LOG_URL, ORIGINS, SERVER_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one service. Durations are seconds, `retry` is milliseconds."""

    log: str = _setting(
        NONE,
        LOG_URL,
        "where events go; many machines share one in Redis: docs/redis.md",
        shown="`sqlite:///` + instance folder + `events.db`",
    )
    instance: str = _setting(
        NONE,
        FOLDER,
        "the folder for the log and what processes keep beside it; without: `instance` here "
        "(of a wheel: docs/deploying.md)",
    )
    host_name: str = _setting(
        machine_name, HOST, "`host` in this machine's events", shown="the machine's host name"
    )
    host_tags: tuple[str, ...] = _setting(
        NONE, TAGS, "`tags` of this machine; the first one is its group on the wall"
    )
    interval: float = _setting(
        "1",
        seconds(0.05, 3600),
        "seconds between samples of the fast families, 0.05 to 3600; the kernel counts CPU time in "
        "ticks of 10 ms, so at 0.05 a core's share moves in steps of 20 %",
    )
    proc: str = _setting("/proc", FOLDER, "Linux's /proc; in a container where the machine's is")
    retention: float = _setting(
        "6h", duration("10s", "366d", "90s, 30m, 6h or 7d"), "age at which events leave the log"
    )
    log_size: int = _setting(
        "8GiB",
        byte_count(1 << 20, 1 << 50),
        "bytes that the events may take in the log; beyond it the oldest go before their age",
    )
    history: str = _setting(
        NONE,
        HISTORY,
        "the file of the figures of years, or `off`; without: beside the log, docs/history.md",
    )
    history_seconds: float = _setting(
        "24h", duration("10m", "3660d", "6h or 7d"), "age at which single samples leave the history"
    )
    history_minutes: float = _setting(
        "30d", duration("1h", "3660d", "7d or 60d"), "age at which spans of a minute leave it"
    )
    history_hours: float = _setting(
        "3y", duration("1d", "3660d", "90d or 3y"), "age at which spans of an hour leave it"
    )
    history_size: int = _setting(
        "2GiB",
        byte_count(1 << 20, 1 << 50),
        "most bytes of that file; the oldest of the finest goes first",
    )
    replay: float = _setting(
        "5m",
        duration("0s", "366d", "90s, 5m or 1h"),
        "the longest absence that a stream replays; a longer one gets `gap`",
    )
    heartbeat: float = _setting(
        "15", seconds(0.1, 3600), "seconds of silence before a `heartbeat` event"
    )
    retry: int = _setting(
        "2000",
        whole(100, 600_000, "whole milliseconds"),
        "ms; each connection is told a jittered 0.5 to 1.5 times this",
    )
    max_streams: int = _setting(
        "16000",
        whole(1, 1_000_000),
        "streams a worker holds, if the descriptor limit allows as many",
    )
    read_token: str = _setting(
        NONE, SECRET, "what reading needs: as bearer token, or in the sign-in page"
    )
    publish_token: str = _setting(
        NONE, SECRET, "what publishing over HTTP needs, as bearer token; without one it is off"
    )
    publish_to: str = _setting(
        NONE,
        SERVER_URL,
        "the Vitals to which the `flask` commands publish, with `PUBLISH_TOKEN`; without: the log",
    )
    secret_key: str = _setting(
        NONE,
        SECRET,
        "signs cookies and links; a new one ends them all (without: a random one, kept in the "
        "instance folder as `secret.key`)",
    )
    public: bool = _setting(
        "off", SWITCH, "may be bound to other than loopback addresses without a `READ_TOKEN`"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        NONE,
        HOST_NAMES,
        "names by which browsers may ask, beside IP addresses, localhost and the machine's name",
    )
    allowed_origins: tuple[str, ...] = _setting(
        NONE, ORIGINS, "other origins whose pages may read the stream and the history"
    )
    frame_ancestors: tuple[str, ...] = _setting(
        NONE, ORIGINS, "other origins that may show the pages in a frame"
    )
    gzip: bool = _setting("on", SWITCH, "compress streams for clients that accept it")
    screens: bool = _setting(
        "on",
        SWITCH,
        "take reports of displays that give themselves a name, and list them at `/screens`",
    )
    parking: bool = _setting(
        "on", SWITCH, "keep a stream that has caught up as a bare socket; off: a greenlet each"
    )
    trusted_proxies: tuple[str, ...] = _setting(
        "127.0.0.1,::1",
        NETWORKS,
        "proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed",
    )
    trusted_user_header: str = _setting(
        NONE, HEADER_NAME, "the header in which `TRUSTED_PROXIES` name the user who may read"
    )
    trusted_groups_header: str = _setting(
        NONE, HEADER_NAME, "the header in which they name the user's groups, for `[[group]]`"
    )
    failed_attempts: int = _setting(
        "10", whole(1, 10_000), "wrong tokens that an address may try in a minute at each worker"
    )
    max_streams_per_address: int = _setting(
        NONE, most(1, 1_000_000), "streams of one address (IPv6: of one /64) that a worker holds"
    )
    max_feeds: int = _setting(
        "1024",
        whole(1, 1_000_000),
        "distinct filters of a worker's streams, by what they cost; of one address a quarter",
    )
    max_requests: int = _setting(
        "1000", whole(1, 100_000), "requests, beside streams, that a worker answers at once"
    )
    max_waiting: int = _setting(
        "2000",
        whole(1, 100_000),
        "connections of a worker that have no whole request yet; one more ends the oldest",
    )
    header_timeout: float = _setting(
        "10",
        duration("0.1s", "10m"),
        "seconds that a new connection has for its first request, TLS included",
    )
    keep_alive: float = _setting(
        "1", duration("0.1s", "10m"), "seconds that a connection is kept for a further request"
    )
    body_timeout: float = _setting(
        "30", duration("0.1s", "10m"), "seconds that a request's body may take"
    )
    max_body: int = _setting(
        "1MiB", byte_count(1024, 64 << 20), "the largest body that may be published"
    )
    max_published: int = _setting(
        "256MiB",
        byte_count(1 << 20, 1 << 50),
        "bytes of events that a token, or an agent, may publish in a minute at each worker",
    )
    max_request_line: int = _setting(
        "8190", whole(256, 8190), "bytes of a request's first line, which has the URL"
    )
    max_headers: int = _setting(
        "100", whole(10, 1000), "headers of a request, of 8190 bytes at most each"
    )
    wall_url: str = _setting(NONE, SERVER_URL, "address of this dashboard in messages about alerts")
    heartbeat_url: str = _setting(
        NONE, HEARTBEAT_URL, "asked once a minute while samples are logged: docs/alerts.md"
    )
    output_format: str = _setting(
        "text", one_of("text", "json"), "form of the lines that the service prints about itself"
    )
    output_level: str = _setting(
        "info",
        one_of("debug", "info", "warning", "error", "critical"),
        "which of these lines it prints: those of this level and above",
    )
    alert: tuple[AlertRule, ...] = _setting(NONE, RULES)
    expect: tuple[Expectation, ...] = _setting(NONE, EXPECTATIONS)
    silence: tuple[Window, ...] = _setting(NONE, WINDOWS)
    alerts: Alerts = dataclasses.field(default=ALERTS.none, metadata={"kind": ALERTS})
    notify: Notify = dataclasses.field(default=NOTIFY.none, metadata={"kind": NOTIFY})
    figure: tuple[FigureRow, ...] = _setting(NONE, FIGURES)
    pages: Mapping[str, str] = dataclasses.field(default_factory=dict, metadata={"kind": PAGES})
    publish: tuple[Publisher, ...] = _setting(NONE, PUBLISHERS)
    group: tuple[Group, ...] = _setting(NONE, GROUPS)
    scrape: tuple[Scrape, ...] = _setting(NONE, SCRAPES)
    command: tuple[Command, ...] = _setting(NONE, COMMANDS)
    traffic: Traffic = dataclasses.field(default=TRAFFIC.none, metadata={"kind": TRAFFIC})

    @property
    def limits_reading(self) -> bool:
        """True if reading needs a token, a key or a user."""
        return bool(self.read_token or self.trusted_user_header)

    @property
    def routes(self) -> dict[str, tuple[str, ...]]:
        """The names of receivers by rule, none for all."""
        return {r.name: r.notify for r in self.alert} | {r.name: r.notify for r in self.expect}


def table() -> list[tuple[str, str, str]]:
    """The rows (key, default, meaning) of the settings, in the order of their declaration."""
    return [
        (field.name.upper(), field.metadata["shown"], field.metadata["meaning"])
        for field in dataclasses.fields(Settings)
        if not is_table(field)
    ]
