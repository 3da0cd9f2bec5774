"""Validation of the Host and Origin headers. Pure."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from dashboard.access.trusted_proxies import FORWARDED_HOST

_LONGEST = 261  # characters of a name and a port
# A name or an address, IPv6 in brackets, and maybe a port; nothing behind it.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\[\]:/@\s]{1,255})(?::\d{0,5})?", re.ASCII)


class HostValidator:
    """The host names by which the service may be addressed: its own, IP addresses, localhost."""

    def __init__(self, names: Iterable[str]) -> None:
        self._ours = {name.lower() for name in names}
        self._is_known_good: Callable[[str], bool] = lru_cache(maxsize=256)(self._is_good)

    def untrusted_host(self, environ: Mapping[str, Any]) -> str | None:
        """Return the first untrusted host among Host and the forwarded host, or None.

        A missing Host header is accepted: only programs that are no browsers send none.
        """
        for host in (environ.get("HTTP_HOST", ""), environ.get(FORWARDED_HOST, "")):
            # What is longer than any host is wrong, and is not kept.
            if host and (len(host) > _LONGEST or not self._is_known_good(host)):
                return str(host)
        return None

    def _is_good(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].strip("[]").rstrip(".")
        return _is_local(name) or name.lower() in self._ours


def is_cross_site(environ: Mapping[str, Any]) -> bool:
    """Return True if a page of another origin, or of none (`Origin: null`), makes a request."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return False  # no browser
    ours = {environ.get("HTTP_HOST"), environ.get(FORWARDED_HOST)} - {None, ""}
    return origin.partition("://")[2] not in ours


def _is_local(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
