"""Which addresses the front door may connect to: public ones, and those the operator allowed by name.

Never looks a name up: it is asked at connect time about the very address of the connection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOCAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # a protocol's own, never a server
        "192.88.99.0/24",  # the relays of 6to4, withdrawn
        "64:ff9b:1::/48",  # a network's own NAT64
        "3fff::/20",  # documentation
        "fec0::/10",  # site-local, withdrawn and still routed inside some houses
    )
)
"""Networks that are nobody's public address, though some versions of ``ipaddress`` call them global."""


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
    return all(map(_is_public, inner))


@lru_cache(maxsize=4096)
def is_public(text: str) -> bool:
    """Whether a numeric address is one that anybody can reach; what an operator allowed does not make it so."""
    return is_allowed(text, ())


def _is_public(address: Address) -> bool:
    own = any(address in network for network in _LOCAL if address.version == network.version)
    return address.is_global and not own and not address.is_multicast and not address.is_reserved


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
