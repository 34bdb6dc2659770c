"""Which addresses the front door may connect to: public ones, and those the operator allowed by name.

Never looks a name up: it is asked at connect time about the very address of the connection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def networks(allowed: Sequence[str]) -> tuple[Network, ...]:
    """The operator's list as networks; a mistake in it is a ``ValueError``."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in allowed)


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Whether ``text``, the numeric address of a connection about to be made, is public or allowed."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _unwrapped(address)
    if any(one in network for network in allowed for one in (address, *inner) if one.version == network.version):
        return True
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in inner)


def _unwrapped(address: Address) -> tuple[Address, ...]:
    """The addresses a packet would end at: what tunnels and translations carry inside an IPv6 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64 or address in _COMPATIBLE:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return (address,)
