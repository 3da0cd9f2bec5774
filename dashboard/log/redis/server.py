"""The way to a Redis server: what a URL says, connections fit for a log, and errors in words.

Whatever goes wrong becomes a LogUnavailable that says what to change, and never names a password.
A server is looked at each time a connection is made: one that may drop what it was given, or
that can't be written, holds no log. After a failure nobody tries again for a moment, which grows
up to a second; then the next call does.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import (
    BlockingConnectionPool,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.retry import Retry

from dashboard.log.contract import LogUnavailable
from dashboard.log.redis.errors import explain_error
from dashboard.log.retry_buffer import Backoff

OLDEST = (7, 0)
_PAUSES = (0.05, 1.0)  # seconds without an attempt after a failure: the first and the longest
_FULL_POOL_SECONDS = 5.0


class _Unfit(redis.RedisError):
    """The server answers, but can't hold a log."""


class _Unreachable(redis.RedisError):
    """There is no connection to be had."""


class Full(LogUnavailable):
    """The server has no memory left for more."""


class Server:
    """One Redis server, as a URL names it."""

    def __init__(self, url: str) -> None:
        """Nothing is sent yet. The URL is one that the settings accept."""
        parts = urlsplit(url)
        options = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.prefix = options.pop("prefix", "vitals")
        options.pop("run_directory", None)
        self.name = name_of(url)
        self._kind: type[Any] = Connection
        self._options: dict[str, Any] = {
            "username": unquote(parts.username or "") or None,
            "password": unquote(parts.password or "") or None,
            "db": int(options.pop("db", 0)),
            "protocol": 2,
            # A command that was sent may have been done: who calls decides, not this package.
            "retry": Retry(NoBackoff(), 0),
            "redis_connect_func": self._greet,
            "client_name": "vitals",
            "driver_info": None,  # one question less on each connection
        }
        if parts.scheme == "unix":
            self._kind = UnixDomainSocketConnection
            self._options["path"] = unquote(parts.path)
        else:
            self._options |= {
                "host": unquote(parts.hostname or "localhost"),
                "port": parts.port or 6379,
                "db": int(parts.path.strip("/") or 0),
                "socket_keepalive": True,
            }
        if parts.scheme == "rediss":
            self._kind = SSLConnection
            self._options |= {"ssl_cert_reqs": "required", **options}
        self.is_up = True  # as far as is known
        self.run_id = ""  # the id of the server's process; another one after each start
        self._backoff = Backoff(*_PAUSES)
        self._not_before = 0.0
        self._reason = ""

    def key(self, name: str) -> str:
        """The name of a key of the log; all are in one slot of a cluster."""
        return f"{{{self.prefix}}}:{name}"

    def calls(self, most: int, timeout: float) -> "CommandPool":
        """At most so many connections, on which an answer may take `timeout` seconds."""
        return CommandPool(
            self,
            BlockingConnectionPool(  # type: ignore[no-untyped-call]
                connection_class=self._kind,
                max_connections=most,
                timeout=_FULL_POOL_SECONDS,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                **self._options,
            ),
        )

    def connection(self, timeout: float) -> Any:
        """A connection of one's own, not made yet."""
        return self._kind(socket_timeout=timeout, socket_connect_timeout=timeout, **self._options)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what may go wrong into LogUnavailable. Refuses to try right after a failure."""
        if time.monotonic() < self._not_before:
            raise LogUnavailable(self._reason)
        try:
            yield
        except redis.RedisError as error:
            self._reason = f"{self.name}: {explain_error(error)}"
            if isinstance(error, _Unreachable | redis.TimeoutError | redis.BusyLoadingError):
                self._not_before = time.monotonic() + self._backoff.next()
                self.is_up = False
            kind = Full if isinstance(error, redis.OutOfMemoryError) else LogUnavailable
            raise kind(self._reason) from None
        self._backoff.reset()
        self.is_up = True

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """What fails in here is no matter of one connection; for within `guarded`."""
        try:
            yield
        except redis.RedisError as error:
            if str(error) == "No connection available.":  # of the pool: the server is as it was
                raise
            raise _Unreachable(explain_error(error)) from None

    def _greet(self, connection: Any) -> None:
        """Sign in, and see whether the server is one that keeps what it is given."""
        connection.on_connect()
        connection.send_command("INFO")
        info = _info(connection.read_response())
        version = tuple(int(part) for part in info.get("redis_version", "0").split(".")[:2])
        if version < OLDEST:
            raise _Unfit(
                f"it is Redis {info.get('redis_version', 'of an unknown version')}; a log needs "
                "Redis 7.0 or newer, or Valkey"
            )
        if info.get("loading") == "1":
            raise _Unfit("it is still loading its data")
        policy = info.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            raise _Unfit(
                f"its maxmemory-policy {policy} may throw parts of the log away: set "
                "maxmemory-policy to noeviction"
            )
        if info.get("role") == "slave":
            raise _Unfit("it is a replica, which can't be written: name its master in LOG")
        self.run_id = info.get("run_id", "")


class CommandPool:
    """Commands, each on a connection of a bounded set."""

    def __init__(self, server: Server, pool: Any) -> None:
        self._server = server
        self._pool = pool

    def call(self, *command: Any) -> Any:
        """What the server answers. Raises LogUnavailable."""
        with self._server.guarded():
            return self._call(command)

    def run(self, script: "Script", keys: list[str], arguments: list[Any]) -> Any:
        """What a script returns. Raises LogUnavailable."""
        with self._server.guarded():
            rest = (len(keys), *keys, *arguments)
            try:
                return self._call(("EVALSHA", script.digest, *rest))
            except redis.exceptions.NoScriptError:  # of a server that was restarted
                return self._call(("EVAL", script.source, *rest))

    def _call(self, command: tuple[Any, ...]) -> Any:
        with self._server.connecting():
            connection = self._pool.get_connection()
        try:
            connection.send_command(*command)
            return connection.read_response()
        except redis.ReadOnlyError:
            connection.disconnect()  # it has become a replica: the next connection is looked at
            raise
        finally:
            self._pool.release(connection)

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.disconnect()


class Script:
    """A script for the server, and the name under which it knows that."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = sha1(source.encode(), usedforsecurity=False).hexdigest()


def name_of(url: str) -> str:
    """A URL as operators may see it: without user, password and options."""
    parts = urlsplit(url)
    place = parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2] + parts.path
    return f"{parts.scheme}://{place.rstrip('/')}"


def redis_run_directory(url: str, instance: Path) -> Path:
    """Where the processes of one machine that share this log meet."""
    options = parse_qs(urlsplit(url).query)
    if "run_directory" in options:
        return Path(options["run_directory"][0]).absolute()
    place = f"{name_of(url)} {options.get('prefix', [])} {options.get('db', [])}"
    return instance / f"redis-{sha256(place.encode()).hexdigest()[:16]}-run"


def _info(answer: Any) -> dict[str, str]:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    pairs = (line.partition(":") for line in text.split("\r\n"))
    return {key: value for key, colon, value in pairs if colon}
