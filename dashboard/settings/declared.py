"""Every setting, declared once: key, default, what is allowed, meaning."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .alerts import Alerts, Rule, read_alerts, read_rules
from .names import HOST_PATTERN
from .notify import Notify, read_notify
from .publishers import Publisher, read_publishers
from .urls import ORIGIN_PATTERN, log_url, server_url
from .values import (
    byte_count,
    duration,
    folder,
    host,
    list_of,
    machine_name,
    most,
    networks,
    one_of,
    secret,
    switch,
    tags,
    whole,
)


def is_table(field: "dataclasses.Field[Any]") -> bool:
    return "shown" not in field.metadata


def _setting(
    default: Any, parse: Callable[[str], Any], allowed: str, meaning: str, shown: str
) -> Any:
    """One row of the table. `shown` is the default as the README prints it."""
    metadata = {"parse": parse, "allowed": allowed, "meaning": meaning, "shown": shown}
    return dataclasses.field(metadata=metadata, **default)


def _is(value: Any) -> dict[str, Any]:
    return {"default": value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one service. Durations are seconds, `retry` is milliseconds."""

    log: str = _setting(
        _is(""),
        log_url,
        "sqlite:///PATH (four slashes for an absolute path), a Redis as in docs/redis.md "
        "(redis://USER:PASSWORD@HOST:PORT/DB, rediss:// for TLS, unix:///SOCKET), "
        "or for an agent a Vitals' https://URL",
        "where events go; many machines share one in Redis: docs/redis.md",
        "`sqlite:///` + instance folder + `events.db`",
    )
    instance: str = _setting(
        _is(""),
        folder,
        "an absolute path",
        "the folder for the log and what processes keep beside it; without: `instance` here",
        "none",
    )
    host_name: str = _setting(
        {"default_factory": machine_name},
        host,
        "letters, digits, '.', '_' and '-', at most 253",
        "`host` in this machine's events",
        "the machine's host name",
    )
    host_tags: tuple[str, ...] = _setting(
        _is(()),
        tags,
        "at most 20 different tags of letters, digits, '_', '.' and '-', separated by commas",
        "`tags` of this machine; the first one is its group on the wall",
        "none",
    )
    interval: float = _setting(
        _is(1.0),
        duration(0.05, 3600),
        "seconds from 0.05 to 3600",
        "seconds between samples of the fast families, 0.05 to 3600",
        "`1`",
    )
    retention: float = _setting(
        _is(6 * 3600.0),
        duration(10, 366 * 86400),
        "a duration from 10s to 366d, such as 90s, 30m, 6h or 7d",
        "age at which events leave the log",
        "`6h`",
    )
    replay: float = _setting(
        _is(300.0),
        duration(0, 366 * 86400),
        "a duration from 0s to 366d, such as 90s, 5m or 1h",
        "the longest absence that a stream replays; a longer one gets `gap`",
        "`5m`",
    )
    heartbeat: float = _setting(
        _is(15.0),
        duration(0.1, 3600),
        "seconds from 0.1 to 3600",
        "seconds of silence before a `heartbeat` event",
        "`15`",
    )
    retry: int = _setting(
        _is(2000),
        whole(100, 600_000),
        "whole milliseconds from 100 to 600000",
        "ms; each connection is told a jittered 0.5 to 1.5 times this",
        "`2000`",
    )
    max_streams: int = _setting(
        _is(16_000),
        whole(1, 1_000_000),
        "a whole number from 1 to 1000000",
        "streams a worker holds, if the descriptor limit allows as many",
        "`16000`",
    )
    read_token: str = _setting(
        _is(""),
        secret,
        "16 to 512 visible ASCII characters",
        "what reading needs: as bearer token, or in the sign-in page",
        "none",
    )
    publish_token: str = _setting(
        _is(""),
        secret,
        "16 to 512 visible ASCII characters",
        "what publishing over HTTP needs, as bearer token; without one it is off",
        "none",
    )
    publish_to: str = _setting(
        _is(""),
        server_url,
        "the URL of a Vitals, such as https://vitals.example:8000",
        "the Vitals to which the `flask` commands publish, with `PUBLISH_TOKEN`; without: the log",
        "none",
    )
    secret_key: str = _setting(
        _is(""),
        secret,
        "16 to 512 visible ASCII characters",
        "signs cookies and links; a new one ends them all (without: `READ_TOKEN` does)",
        "none",
    )
    public: bool = _setting(
        _is(False),
        switch,
        "on or off",
        "may be bound to other than loopback addresses without a `READ_TOKEN`",
        "`off`",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        _is(()),
        list_of(HOST_PATTERN),
        "host names without ports, separated by commas",
        "names by which browsers may ask, beside IP addresses, localhost and the machine's name",
        "none",
    )
    allowed_origins: tuple[str, ...] = _setting(
        _is(()),
        list_of(ORIGIN_PATTERN),
        "origins such as https://intranet.example, separated by commas",
        "other origins whose pages may read the stream and the history",
        "none",
    )
    frame_ancestors: tuple[str, ...] = _setting(
        _is(()),
        list_of(ORIGIN_PATTERN),
        "origins such as https://intranet.example, separated by commas",
        "other origins that may show the pages in a frame",
        "none",
    )
    gzip: bool = _setting(
        _is(True),
        switch,
        "on or off",
        "compress streams for clients that accept it",
        "`on`",
    )
    screens: bool = _setting(
        _is(True),
        switch,
        "on or off",
        "take reports of displays that give themselves a name, and list them at `/screens`",
        "`on`",
    )
    parking: bool = _setting(
        _is(True),
        switch,
        "on or off",
        "keep a stream that has caught up as a bare socket; off: a greenlet each",
        "`on`",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        _is(("127.0.0.1", "::1")),
        networks,
        "IP addresses and networks such as 10.0.0.0/8, separated by commas; or none",
        "proxies whose `X-Forwarded-For`, `-Proto` and `-Host` (or `Forwarded`) are believed",
        "`127.0.0.1,::1`",
    )
    failed_attempts: int = _setting(
        _is(10),
        whole(1, 10_000),
        "a whole number from 1 to 10000",
        "wrong tokens that an address may try in a minute at each worker",
        "`10`",
    )
    max_streams_per_address: int = _setting(
        _is(0),
        most(1, 1_000_000),
        "a whole number from 1 to 1000000, or none",
        "streams of one address (IPv6: of one /64) that a worker holds",
        "none",
    )
    max_feeds: int = _setting(
        _is(4096),
        whole(1, 1_000_000),
        "a whole number from 1 to 1000000",
        "distinct filters that a worker's streams may have between them",
        "`4096`",
    )
    max_requests: int = _setting(
        _is(1000),
        whole(1, 100_000),
        "a whole number from 1 to 100000",
        "requests, beside streams, that a worker answers at once",
        "`1000`",
    )
    max_waiting: int = _setting(
        _is(2000),
        whole(1, 100_000),
        "a whole number from 1 to 100000",
        "connections of a worker that have no whole request yet; one more ends the oldest",
        "`2000`",
    )
    header_timeout: float = _setting(
        _is(10.0),
        duration(0.1, 600),
        "a duration from 0.1s to 10m",
        "seconds that a new connection has for its first request, TLS included",
        "`10`",
    )
    keep_alive: float = _setting(
        _is(1.0),
        duration(0.1, 600),
        "a duration from 0.1s to 10m",
        "seconds that a connection is kept for a further request",
        "`1`",
    )
    body_timeout: float = _setting(
        _is(30.0),
        duration(0.1, 600),
        "a duration from 0.1s to 10m",
        "seconds that a request's body may take",
        "`30`",
    )
    max_body: int = _setting(
        _is(1 << 20),
        byte_count(1024, 64 << 20),
        "bytes from 1024 to 67108864, also such as 64kiB or 1MiB",
        "the largest body that may be published",
        "`1MiB`",
    )
    max_request_line: int = _setting(
        _is(8190),
        whole(256, 8190),
        "a whole number from 256 to 8190",
        "bytes of a request's first line, which has the URL",
        "`8190`",
    )
    max_headers: int = _setting(
        _is(100),
        whole(10, 1000),
        "a whole number from 10 to 1000",
        "headers of a request, of 8190 bytes at most each",
        "`100`",
    )
    output_format: str = _setting(
        _is("text"),
        one_of("text", "json"),
        "text or json",
        "form of the lines that the service prints about itself",
        "`text`",
    )
    output_level: str = _setting(
        _is("info"),
        one_of("debug", "info", "warning", "error", "critical"),
        "debug, info, warning, error or critical",
        "which of these lines it prints: those of this level and above",
        "`info`",
    )
    # Tables of the file; docs/alerts.md has what is in the first three, docs/security.md the last.
    alert: tuple[Rule, ...] = dataclasses.field(default=(), metadata={"parse": read_rules})
    alerts: Alerts = dataclasses.field(default=Alerts(), metadata={"parse": read_alerts})
    notify: Notify = dataclasses.field(default=Notify(), metadata={"parse": read_notify})
    publish: tuple[Publisher, ...] = dataclasses.field(
        default=(), metadata={"parse": read_publishers}
    )


def table() -> list[tuple[str, str, str]]:
    """The rows (key, default, meaning) of the settings, in the order of their declaration."""
    return [
        (field.name.upper(), field.metadata["shown"], field.metadata["meaning"])
        for field in dataclasses.fields(Settings)
        if not is_table(field)
    ]


def secrets(settings: Settings) -> tuple[str, ...]:
    """The values that nobody is to see printed."""
    fields = dataclasses.fields(settings)
    values = [getattr(settings, f.name) for f in fields if f.metadata["parse"] is secret]
    tokens = [publisher.token for publisher in settings.publish]
    return tuple(value for value in (*values, *tokens, *settings.notify.urls) if value)
