"""What a service must not be started with, whichever server it runs under."""

import dataclasses
import ipaddress
from collections.abc import Iterable
from typing import Any

from .loader import SettingError
from .schema import Settings
from .urls import APPEND_ONLY


def check_serves(settings: Settings) -> None:
    """Raise SettingError for settings that are an agent's: with them nothing could be shown."""
    if settings.log.startswith(APPEND_ONLY):
        raise SettingError(
            f"LOG={settings.log!r}: another Vitals takes events, but can't be read like a log, so "
            "there would be nothing to serve: `flask agent` is for it; a service has a log of "
            "sqlite:/// or redis://"
        )


def check_bound(settings: Settings, addresses: Iterable[Any]) -> None:
    """Raise SettingError where others can reach an address and nothing says that they may read.

    Addresses are as sockets have them: (host, port, ...), or else a Unix socket's path.
    """
    open_to = [address for address in addresses if not _is_loopback(address)]
    if open_to and not settings.limits_reading and not settings.public:
        raise SettingError(
            f"bound to {open_to[0][0]}, which others can reach, without a READ_TOKEN: set "
            "DASHBOARD_READ_TOKEN, or DASHBOARD_PUBLIC=1 if everyone may read"
        )


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket, or the number of a descriptor
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return str(address[0]).lower() == "localhost"


def secrets(settings: Settings) -> tuple[str, ...]:
    """The values that nobody is to see printed."""
    fields = dataclasses.fields(settings)
    values = [getattr(settings, f.name) for f in fields if f.metadata["kind"].secret]
    tokens = [publisher.token for publisher in settings.publish]
    receivers = (settings.notify, *settings.notify.receivers)
    urls = [url for each in receivers for url in each.urls]
    return tuple(value for value in (*values, *tokens, *urls) if value)
