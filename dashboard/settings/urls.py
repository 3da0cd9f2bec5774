"""URLs: of a Vitals, of a log, and what may stand in that of a Redis."""

import re
from urllib.parse import parse_qs, urlsplit

from .patterns import DNS_PATTERN
from .types import Kind, list_of

APPEND_ONLY = ("http://", "https://")  # logs that take events and show none
_ORIGIN = rf"https?://(?:{DNS_PATTERN}|\[[0-9A-Fa-f:.]+\])(?::\d{{1,5}})?"


def server_url(text: str) -> str:
    """The URL of a Vitals, without a slash at its end. Raises ValueError for what is none."""
    if not re.fullmatch(rf"{_ORIGIN}(?:/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError
    _ = urlsplit(text).port  # raises it for a port or an address that can't be
    return text.rstrip("/")


def _web_url(text: str) -> str:
    if not re.fullmatch(rf"{_ORIGIN}(?:[/?][!-\"$-~]*)?", text):
        raise ValueError
    _ = urlsplit(text).port  # raises it for what can't be one
    return text


def _as_browsers_write(text: str) -> tuple[str, ...]:
    """Return origins in small letters and without their scheme's own port."""
    own_ports = {"http": ":80", "https": ":443"}
    origins = (origin.lower() for origin in _ORIGINS.parse(text))
    return tuple(origin.removesuffix(own_ports[urlsplit(origin).scheme]) for origin in origins)


def _log_url(text: str) -> str:
    if text.startswith(APPEND_ONLY):
        return server_url(text)
    # The two slashes that begin a network location belong to the form; what follows the third
    # is the path, so sqlite:////var/lib/x.db is absolute and sqlite:///x.db is relative.
    if not re.fullmatch(r"sqlite:///[^\x00?#]+", text) and not _is_redis_url(text):
        raise ValueError
    return text


_REDIS_USER = r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*(?::[A-Za-z0-9._~!$&'()*+,;=:%-]*)?@)?"
_REDIS_SERVER = re.compile(rf"rediss?://{_REDIS_USER}[A-Za-z0-9.:\[\]-]+(?:/\d{{0,4}})?", re.ASCII)
_REDIS_SOCKET = re.compile(rf"unix://{_REDIS_USER}/[^\x00?#\s]+")
_REDIS_OPTIONS = {
    "prefix": r"[A-Za-z0-9_.-]{1,64}",
    "run_directory": r"[^\x00]+",
    "db": r"\d{1,4}",
    "ssl_ca_certs": r"[^\x00]+",
    "ssl_certfile": r"[^\x00]+",
    "ssl_keyfile": r"[^\x00]+",
}


def _is_redis_url(text: str) -> bool:
    place, _, query = text.partition("?")
    if not _REDIS_SERVER.fullmatch(place) and not _REDIS_SOCKET.fullmatch(place):
        return False
    parts = urlsplit(place)
    _ = parts.port  # raises ValueError for what can't be one
    if parts.scheme != "unix" and not parts.hostname:
        return False
    options = parse_qs(query, keep_blank_values=True, strict_parsing=True) if query else {}
    allowed = {"prefix", "run_directory"}
    if parts.scheme == "unix":
        allowed.add("db")
    if parts.scheme == "rediss":
        allowed |= {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
    return all(
        key in allowed and len(values) == 1 and re.fullmatch(_REDIS_OPTIONS[key], values[0])
        for key, values in options.items()
    )


HEARTBEAT_URL = Kind(
    _web_url, "an http:// or https:// URL, such as https://hc.example/ping/KEY", secret=True
)
SERVER_URL = Kind(server_url, "the URL of a Vitals, such as https://vitals.example:8000")
LOG_URL = Kind(
    _log_url,
    "sqlite:///PATH (four slashes for an absolute path), a Redis as in docs/redis.md "
    "(redis://USER:PASSWORD@HOST:PORT/DB, rediss:// for TLS, unix:///SOCKET), "
    "or for an agent a Vitals' https://URL",
)
_ORIGINS = list_of(_ORIGIN, "origins such as https://intranet.example, separated by commas")
ORIGINS = Kind(_as_browsers_write, _ORIGINS.allowed)
