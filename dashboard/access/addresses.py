"""Client addresses, and which of them count as one client."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of which an IPv6 address is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address  # a Unix socket's peer has none
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
