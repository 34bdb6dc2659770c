"""What went wrong with a request, as a class and a sentence that names the fix.

Never tells a password: an address is told without the name and password in it.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
import ssl
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from monitor.entities import Problem
from monitor.sources.headers import Headers

URL_LONGEST = 8_000  # characters; what servers and browsers agree on (RFC 9110 4.1 asks for no less)
_WALL = re.compile(
    rb"just a moment|cf-chl|challenge-platform|attention required|ddos-guard|captcha|"
    rb"checking your browser|incapsula|datadome",
    re.IGNORECASE,
)
# X509_V_ERR_*: what OpenSSL says of a certificate (openssl-verification-options).
EXPIRED, _NOT_YET = 10, 9
_SELF_SIGNED, _UNKNOWN_ISSUER = frozenset({18, 19}), frozenset({2, 20, 21})
_OTHER_NAME = frozenset({62, 63, 64})
_OPT_OUT = "tls_verify = false in its row accepts any certificate"
_FIXES = {
    401: "it wants a name and a password",
    403: "its site refuses this address or this User-Agent; user_agent in its row sends another",
    404: "nothing stands at this address now; look for the new one on its site",
    451: "it is withheld for legal reasons where this machine stands",
}


class Stopped(Exception):
    """A request came to no answer. Raised and caught within the front door."""

    def __init__(self, problem: Problem, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.problem, self.message, self.status = problem, message, status


def shown(url: str, longest: int = 200) -> str:
    """An address to be read by people: without name and password, and no longer than a line or two."""
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        pass
    return one_line(url if len(url) <= longest else f"{url[:longest]}…")


def one_line(text: str, longest: int = 1000) -> str:
    """Foreign words on one line, without control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:longest]


def unfit(url: str) -> str:
    """Why an address cannot be asked at all; empty where it can."""
    if len(url) > URL_LONGEST:
        return f"an address of {len(url):,} characters is not asked: {shown(url, 60)!r}"
    if not url.isprintable():
        return f"an address with control characters in it is not asked: {shown(url)!r}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return f"{shown(url)!r} is no URL"
    if parts.scheme.casefold() not in {"http", "https"}:
        return f"only http and https are fetched, not {one_line(parts.scheme, 30) or 'a URL without a scheme'}"
    return "" if parts.hostname else f"{shown(url)!r} names no host"


def refusal(status: int, headers: Headers, page: bytes) -> tuple[Problem, str]:
    """What an answer says that is no document; ``page`` is the start of what came with it."""
    if status == 429:
        return Problem.RATE_LIMITED, "answered 429: polled too often; a larger every in its row asks less often"
    if status == 410:
        return Problem.GONE, "answered 410: gone for good, says the publisher; take it out of the configuration"
    if status in {401, 403, 503} and ("cf-mitigated" in headers or _WALL.search(page)):
        return Problem.BLOCKED, f"answered {status} with a wall against robots; ask its site to let this monitor in"
    if status == 204:
        return Problem.EMPTY, "answered 204: no content"
    if 300 <= status < 400:
        return Problem.STATUS, f"answered {status} without saying where to"
    fix = _FIXES.get(status, "the server's own trouble; it is asked again later" if status >= 500 else "")
    return Problem.STATUS, f"answered {status}" + (f": {fix}" if fix else "")


def failure(error: Exception, url: str) -> tuple[Problem, str]:
    """What an exception of the client or the network means for the address that was asked."""
    host = urlsplit(url).hostname or shown(url)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Problem.DNS, _name(host, error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Problem.TLS, certificate(host, error.certificate_error, None)
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return Problem.TLS, _tls(host, error)
    if isinstance(error, TimeoutError):
        return Problem.TIMEOUT, _timeout(host, error)
    if isinstance(error, aiohttp.ClientResponseError):
        return Problem.MALFORMED, f"{host} answered with broken HTTP: {one_line(error.message, 200)}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Problem.CONNECT, f"{host} closed the connection without an answer"
    if isinstance(error, (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError)):
        return Problem.CONNECT, f"no connection to {_place(url)}: {_said(error)}"
    if isinstance(error, ValueError):
        return Problem.REDIRECT, f"{shown(url)!r} is no URL: {one_line(str(error), 200)}"
    return Problem.INTERNAL, one_line(f"{type(error).__name__}: {error}")


def certificate(host: str, error: Exception, ended: dt.datetime | None) -> str:
    """What is wrong with a certificate that did not hold; ``ended`` is when it ran out, where that is known."""
    code = getattr(error, "verify_code", 0)
    if code == EXPIRED:
        when = f" on {ended:%Y-%m-%d}" if ended is not None else ""
        said = f"ran out{when}: its site has to renew it"
    elif code == _NOT_YET:
        said = "is not valid yet: is this machine's clock right?"
    elif code in _OTHER_NAME or (isinstance(error, ssl.CertificateError) and "match" in str(error)):
        said = "is for another name: is the address right?"
    elif code in _SELF_SIGNED:
        said = "is signed by itself, and by nobody this machine knows"
    elif code in _UNKNOWN_ISSUER:
        said = "comes from an issuer this machine does not know, or without the issuer's own"
    else:
        said = f"does not hold: {one_line(getattr(error, 'verify_message', '') or str(error), 200)}"
    return f"the certificate of {host} {said}; {_OPT_OUT}"


def _name(host: str, error: OSError) -> str:
    if error.errno == socket.EAI_AGAIN:
        return f"the name {host} cannot be looked up now: the name servers do not answer"
    return f"the name {host} is not known to the name servers: is the address right?"


def _tls(host: str, error: Exception) -> str:
    cause = getattr(error, "os_error", error)
    reason = str(getattr(cause, "reason", "") or cause)
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return f"{host} does not speak TLS there: is it an http:// address, or another port?"
    if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}:
        return f"{host} speaks only a version of TLS that is no longer safe"
    return f"no TLS connection to {host}: {one_line(reason.replace('_', ' ').casefold(), 200)}"


def _timeout(host: str, error: TimeoutError) -> str:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection to {host} in time ([http] connect_timeout)"
    if isinstance(error, aiohttp.ServerTimeoutError):
        return f"{host} fell silent before its answer was whole ([http] read_timeout)"
    return f"{host} was not done in time ([http] deadline)"


def _place(url: str) -> str:
    """Host and port, as one would give them to a connection tool."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme.casefold() == "https" else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _said(error: Exception) -> str:
    cause = getattr(error, "os_error", error)
    number = getattr(cause, "errno", None)
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return one_line(str(cause), 200) or type(cause).__name__
