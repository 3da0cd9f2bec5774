"""Whether an address to listen at is free, before a server tries it and says so in many lines.

gunicorn.conf.py loads this alone, so it imports nothing of the package.
"""

import errno
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

_HIGHEST = 65535
_PATIENCE = 5.0  # seconds for a server that is just ending, as gunicorn itself has


def listening_error(host: str, port: int) -> OSError | None:
    """Return why nobody can listen at an address now; None where it is free."""
    if not 0 <= port <= _HIGHEST:  # of which the kernel would take another
        return OSError(errno.EINVAL, f"a port is a number from 0 to {_HIGHEST}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, where = found[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(where)
    except OSError as error:
        return error
    return None


def wait_until_free(addresses: Iterable[Any], complain: Callable[[str], None]) -> bool:
    """Return False if one of some addresses stays taken; says so in a line at once.

    Addresses are as gunicorn has them: of pairs the host and the port are looked at, and paths and
    descriptors are left alone.
    """
    for host, port in (each for each in addresses if isinstance(each, tuple)):
        until = None
        while (error := listening_error(host, port)) is not None:
            if until is None:
                complain(_line(host, port, error))
                until = time.monotonic() + _PATIENCE
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                return False
            time.sleep(0.2)
    return True


def _line(host: str, port: int, error: OSError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if error.errno != errno.EADDRINUSE:
        return f"can't listen at {where}: {error.strerror}"
    return f"{where} is in use, perhaps by another Vitals; another port: --port {port + 1}"
