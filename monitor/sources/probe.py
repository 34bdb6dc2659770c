"""Connections that ask for nothing: whether an anchor can be reached, and which certificate a host shows.

Never sends a byte of a request, and never trusts what it sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

Place = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
"""An address as ``getaddrinfo`` gives it."""

ANCHOR_WAIT = dt.timedelta(seconds=3)  # a handshake half round the world takes 0.3 s; a busy name server some more
_CERTIFICATE_WAIT = dt.timedelta(seconds=5)
# The first two times in a certificate's DER are its notBefore and notAfter (RFC 5280 4.1.2.5).
_TIME = re.compile(rb"\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z")


async def reached(anchors: Sequence[str], wait: dt.timedelta = ANCHOR_WAIT) -> bool:
    """Whether any ``host:port`` can be connected to, all of them tried at once; without anchors nothing speaks against.

    An anchor is the operator's own choice, so it may stand at any address.
    """
    tries = [asyncio.create_task(_connects(anchor)) for anchor in anchors]
    try:
        for done in asyncio.as_completed(tries, timeout=wait.total_seconds()):
            if await done:
                return True
    except TimeoutError:
        return False
    finally:
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    return not anchors


async def certificate_end(
    host: str, port: int, open_socket: Callable[[Place], socket.socket], wait: dt.timedelta = _CERTIFICATE_WAIT
) -> dt.datetime | None:
    """When the certificate that a host shows runs out; None where it shows none now.

    ``open_socket`` refuses addresses that must not be connected to.
    """
    try:
        async with asyncio.timeout(wait.total_seconds()):
            return _end(await _shown(host, port, open_socket))
    except (OSError, ValueError):
        return None


async def _connects(anchor: str) -> bool:
    host, _, port = anchor.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, ValueError, OverflowError):
        return False
    await _dropped(writer)
    return True


async def _shown(host: str, port: int, open_socket: Callable[[Place], socket.socket]) -> bytes:
    loop = asyncio.get_running_loop()
    place = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
    # Nothing is read or sent over it: the certificate is looked at because it does not hold.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    made = open_socket(place)
    try:
        await loop.sock_connect(made, place[4])
        _, writer = await asyncio.open_connection(sock=made, ssl=context, server_hostname=host)
    except BaseException:
        made.close()
        raise
    shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    await _dropped(writer)
    return shown or b""


async def _dropped(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _end(certificate: bytes) -> dt.datetime | None:
    times = _TIME.findall(certificate)[:2]
    if len(times) < 2:
        return None
    short, long = times[1]
    # Two digits of a year mean 1950 to 2049.
    digits = (b"20" if short < b"5" else b"19") + short if short else long
    return dt.datetime.strptime(digits.decode(), "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
