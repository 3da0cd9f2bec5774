"""The client's address, scheme, host and path of a request that comes through proxies.

A proxy says in X-Forwarded-For, -Proto, -Host and -Prefix from which address a request came, over
which scheme, to which host, and below which path the service is seen there. Anybody can send such
headers, so they are believed only of a peer in TRUSTED_PROXIES (and of one on a Unix socket, who
had to be let in there). The list of addresses is read from its end, and the first one that is no
trusted proxy is the client's; the client may have written what stands before that itself.
`Forwarded` (RFC 7239) is not read: a proxy that sets the other headers hands it on as it came.

The forwarded host is never put in the place of the Host header: who may be asked for by what name
is checked for both (`access.py`), because a page that was led here by DNS rebinding can send any
header but Host.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,100}){1,10}")
FORWARDED_HOST = "vitals.forwarded_host"
TRUSTED_PEER = "vitals.trusted_peer"  # whether the peer itself is one, whoever the client is
_MOST_PROXIES = 32

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies that are believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        """`trusted` are addresses and networks."""
        self._networks: list[Network] = [ipaddress.ip_network(item) for item in trusted]
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    def wrap(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """A WSGI application that sees the client in place of its proxies."""

        def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            self.see_through(environ)
            return app(environ, start_response)

        return wrapped

    def see_through(self, environ: dict[str, Any]) -> None:
        """Set REMOTE_ADDR, scheme, SCRIPT_NAME and the forwarded host as the client has them."""
        peer = environ.get("REMOTE_ADDR", "")
        environ[TRUSTED_PEER] = self._is_trusted(peer)
        if not environ[TRUSTED_PEER]:
            return
        if addresses := environ.get("HTTP_X_FORWARDED_FOR"):
            environ["REMOTE_ADDR"] = self._client(addresses) or peer
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := _last(environ.get("HTTP_X_FORWARDED_HOST", "")):
            environ[FORWARDED_HOST] = host
        prefix = _last(environ.get("HTTP_X_FORWARDED_PREFIX", "")).rstrip("/")
        if _PREFIX.fullmatch(prefix):
            _mount(environ, prefix)

    def client_of(self, peer: str, headers: Iterable[tuple[str, str]]) -> str:
        """Return the address of a request's client, by its peer and headers (names in capitals).

        What `see_through` would set REMOTE_ADDR to.
        """
        if not self._is_trusted(peer):
            return peer
        told = [value for name, value in headers if name == "X-FORWARDED-FOR"]
        return self._client(",".join(told)) or peer if told else peer

    def _client(self, addresses: str) -> str:
        """Return the last address that is no trusted proxy's, or the first; "" for none.

        More than _MOST_PROXIES in a row are not looked through.
        """
        client = ""
        for text in reversed(addresses.rsplit(",", _MOST_PROXIES)[-_MOST_PROXIES:]):
            address = _address(text.strip())
            if address is None:
                break  # what is written before it is no better
            client = address
            if not self._is_trusted(address):
                break
        return client

    def _look_up(self, peer: str) -> bool:
        if not peer:
            return True  # a Unix socket
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._networks)


def _mount(environ: dict[str, Any], prefix: str) -> None:
    """Let a request's path begin below a prefix, which the proxy has taken off it or has not."""
    environ["SCRIPT_NAME"] = prefix
    path = environ.get("PATH_INFO", "")
    if path == prefix or path.startswith(f"{prefix}/"):
        environ["PATH_INFO"] = path[len(prefix) :] or "/"


def _last(text: str) -> str:
    return text.rpartition(",")[2].strip()


def _address(text: str) -> str | None:
    """An address as headers have it: maybe with a port, IPv6 in brackets."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::\d{1,5})?", text)
    with_port = re.fullmatch(r"([\d.]+):\d{1,5}", text)
    match = bracketed or with_port
    try:
        return str(ipaddress.ip_address(match[1] if match else text))
    except ValueError:
        return None
