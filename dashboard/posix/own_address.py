"""The address by which other devices of the network reach this machine."""

import re
import socket

_EVERYWHERE = re.compile(r"//(?:0\.0\.0\.0|\[::\])")


def url_to_open(listener: str) -> str:
    """Return the URL to type into another device's browser; "" for a listener that has none.

    A listener at all addresses is reached at the one of the interface with the default route, or
    where there is none by the machine's name.
    """
    if not listener.startswith("http"):
        return ""  # a Unix socket, behind a proxy
    return _EVERYWHERE.sub(lambda _: f"//{_own_address()}", listener)


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route, and sends nothing
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
