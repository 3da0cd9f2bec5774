"""Where a browser's request comes from, and to which name it is addressed. Pure."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from dashboard.access.trusted_proxies import FORWARDED_HOST


class HostValidator:
    """The names by which this service may be asked: its own, IP addresses and localhost."""

    def __init__(self, names: Iterable[str]) -> None:
        ours = {name.lower() for name in names}
        self._is_ours: Callable[[str], bool] = lru_cache(maxsize=256)(
            lambda host: _is_local(host) or host.lower() in ours
        )

    def untrusted_host(self, environ: Mapping[str, Any]) -> str | None:
        """The name in a request that is none of ours: in the Host header or, of a proxy, before it.

        No name at all is what only programs send.
        """
        for host in (environ.get("HTTP_HOST", ""), environ.get(FORWARDED_HOST, "")):
            if host and not self._is_ours(_without_port(host)):
                return str(host)
        return None


def is_cross_site(environ: Mapping[str, Any]) -> bool:
    """Whether a page of another origin, or of none (`Origin: null`), makes a request."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return False  # no browser
    ours = {environ.get("HTTP_HOST"), environ.get(FORWARDED_HOST)} - {None, ""}
    return urlsplit(origin).netloc not in ours


def _is_local(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")
