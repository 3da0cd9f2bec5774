"""What a service tells its service manager, by the protocol of sd_notify(3): datagrams of lines.

`READY=1` once it serves, `RELOADING=1` at a reload, and `WATCHDOG=1` again and again as long as all
is well: when those stop coming, systemd starts the service anew.

It imports nothing of the package: gunicorn.conf.py loads this file alone, as it does settings/.
"""

import os
import socket
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

_PINGS = 4  # in the time after which silence is taken for trouble; systemd advises at least two


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """Where to tell it, and seconds between two signs of life (None: none are wanted)."""

    address: str
    every: float | None = None

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str]) -> "ServiceManager | None":
        """Take the one that has started this process out of the environment; None without one."""
        address, limit = (environ.pop(key, "") for key in ("NOTIFY_SOCKET", "WATCHDOG_USEC"))
        environ.pop("WATCHDOG_PID", None)
        if not address.startswith(("/", "@")):
            return None
        every = int(limit) / 1e6 / _PINGS if limit.isascii() and limit.isdigit() else 0
        return cls(address, every or None)

    def tell(self, state: str) -> bool:
        """Send a state, such as READY=1; whether it was taken. Never waits, and never raises."""
        # An abstract socket's name begins with a zero byte (unix(7)), which is written as @.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_manager:
                to_manager.setblocking(False)
                to_manager.sendto(state.encode(), address)
        except OSError:
            return False
        return True


def handed_over(environ: Mapping[str, str]) -> Iterator[Any]:
    """Yield the addresses of the sockets that a service manager has opened (sd_listen_fds(3))."""
    if environ.get("LISTEN_PID") == str(os.getpid()):
        for descriptor in range(3, 3 + int(environ.get("LISTEN_FDS", 0))):
            with socket.socket(fileno=os.dup(descriptor)) as listener:
                yield listener.getsockname()
