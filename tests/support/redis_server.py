"""A real redis-server for tests: in a folder of its own, stopped, killed and frozen at will.

VITALS_REDIS_SERVER names another program that is to stand in for it, as Valkey can.
"""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import redis

from tests.support.network import Network
from tests.support.waiting import wait_for

PROGRAM = os.environ.get("VITALS_REDIS_SERVER", "redis-server")


def free_port() -> int:
    """A port of 127.0.0.1 that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


def rows_in_redis(url: str) -> list[tuple[str, str, str, str]]:
    """What is in a log (id, host, name, data), read by redis-py and not by the engine."""
    with _client_of(url) as (client, prefix):
        found = client.xrange(f"{prefix}:events")
    return [(event_id, fields["h"], fields["n"], fields["d"]) for event_id, fields in found]


def delete_in_redis(url: str) -> None:
    """Delete all keys of a log."""
    with _client_of(url) as (client, prefix):
        client.delete(*client.keys(f"{prefix}:*"))


@contextmanager
def _client_of(url: str) -> Iterator[tuple[Any, str]]:
    place, _, query = url.partition("?")
    prefix = parse_qs(query).get("prefix", ["vitals"])[0]
    with redis.Redis.from_url(place, protocol=2, decode_responses=True) as client:
        yield client, f"{{{prefix}}}"


class RedisServer:
    """One redis-server, on a Unix socket, and on a port where one is asked for."""

    def __init__(
        self, folder: Path, *, port: int = 0, network: Network | None = None, **config: object
    ) -> None:
        """`config` are directives, `_` for `-`. It is not started yet.

        Its port may be one of another `network`; the Unix socket is reached through no network.
        """
        self.folder = folder
        self.port = port
        self.address = network.address if network else "127.0.0.1"
        self._inside = network.inside() if network else []
        # A Unix socket's path has room for 107 bytes; a test's folder may be longer.
        self.path = folder / "r.sock"
        self._config = {
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "daemonize": "no",
            "enable-debug-command": "yes",
            **{key.replace("_", "-"): value for key, value in config.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RedisServer":
        """Start with the data that is in its folder, and return once it answers."""
        options = {
            "port": self.port,
            "bind": self.address,
            "protected-mode": "no",
            "unixsocket": self.path,
            "dir": self.folder,
            **self._config,
        }
        arguments = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        with (self.folder / "redis.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*self._inside, PROGRAM, *arguments], stdout=output, stderr=output, cwd=self.folder
            )
        wait_for(self._answers, "Redis to answer")
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "redis.log").read_text()
        try:
            with self.client() as client:
                return bool(client.info("persistence")["loading"] == 0)
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False

    @property
    def url(self) -> str:
        """For LOG; the workers meet in the server's folder."""
        where = f"redis://{self.address}:{self.port}/0" if self.port else f"unix://{self.path}"
        return f"{where}?run_directory={self.folder / 'run'}"

    @property
    def url_for_each(self) -> str:
        """For LOG of several services: support/service.py gives each its folder and keys."""
        where = self.url.partition("?")[0]
        return f"{where}?run_directory={{folder}}/run&prefix={{unique}}"

    def client(self) -> "redis.Redis":
        """A client of the tests' own."""
        return redis.Redis(
            unix_socket_path=str(self.path), protocol=2, decode_responses=True, socket_timeout=20
        )

    def call(self, *command: Any) -> Any:
        """Run one command."""
        with self.client() as client:
            return client.execute_command(*command)

    def set(self, name: str, value: object) -> None:
        """Set a directive while it runs."""
        self.call("CONFIG", "SET", name, value)

    def kill(self) -> None:
        """As a crash does it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator does it."""
        self._end(signal.SIGTERM)

    def lose_data(self) -> None:
        """Delete what it has on its disk."""
        for name in ("appendonlydir", "dump.rdb"):
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let it answer nobody, with all connections as they are."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(30)
