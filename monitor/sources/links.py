"""Where an aggregator's link leads: read from the link itself, or from the page behind it.

Never goes out: ``http`` fetches the pages. What a page says is taken for an address and nothing more.

Google News wraps each link. Until 2024 its id was a protocol buffer, in base64, with the publisher's address in it;
since then it holds a token (``AU_yqL…``) that only Google resolves, asked with the signature its page carries.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

from monitor.sources.failures import URL_LONGEST, unfit

STUBS = (
    "https://news.google.com/",
    "https://www.google.com/url?",
    "https://www.bing.com/news/apiclick.aspx?",
    "https://feedproxy.google.com/",
    "https://t.co/",
    "https://bit.ly/",
    "https://dlvr.it/",
    "https://ow.ly/",
    "https://buff.ly/",
)
"""How the links begin that only lead to an article. An aggregator that shows the text itself is none (Yahoo! Japan)."""

ASKED_AT = "/_/DotsSplashUi/data/batchexecute?rpcids=Fbv4je"
"""Where Google's page asks for an address, on its own host."""
_CALL, _QUESTION, _ANSWER = "Fbv4je", "garturlreq", "garturlres"
# Who asks, from where and with which screen, as open-source decoders of these links send it: any value is taken.
_ASKER = [
    ["X", "X", ["X", "X"], None, None, 1, 1, "US:en", None, 1, None, None, None, None, None, 0, 1],
    "X", "X", 1, [1, 1, 1], 1, 1, None, 0, 0, None, 0,
]  # fmt: skip
_REFRESH = re.compile(r"\s*(\d{1,5})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_REFRESH_MOST = 10  # seconds; a page that waits longer is read, not passed through
# Read by pattern, and no tree is made: an HTML parser's time grows with the square of the depth of a hostile page.
_DATA = re.compile(r"data-n-(au|a-id|a-ts|a-sg)\s*+=\s*+[\"']([^\"'<>]{1,8000})[\"']")
_TAG = re.compile(r"<(?:meta|link)\b([^<>]{1,10000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![a-z-])([a-z-]++)\s*+=\s*+(\"[^\"]*\"|'[^']*'|[^\s\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Where a link led: the ``target``, or the ``error`` that stands in its place. Never both.

    ``busy``: the aggregator asked for patience, so that its other links need not be tried now.
    """

    target: str = ""
    error: str = ""
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What Google's page needs to be asked with for its address: it is refused without the page's signature."""

    article: str
    time: int
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a page says of the address behind it. Never more than one page's word.

    ``target`` is said outright, ``onward`` is where the page sends its reader, ``canonical`` what it calls itself.
    """

    target: str = ""
    onward: str = ""
    canonical: str = ""
    signed: Signed | None = None


def decoded(url: str) -> str:
    """The publisher's address inside an aggregator's link; empty where it is not in there."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    if host == "news.google.com":
        return _address(_texts(_unpacked(parts.path.rpartition("/")[2])))
    if (host, parts.path) in {("google.com", "/url"), ("bing.com", "/news/apiclick.aspx")}:
        said = parse_qs(parts.query)
        return _address(iter(said.get("url", said.get("q", []))))
    return ""


def hints(page: bytes, url: str) -> Hints:
    """What the page at ``url`` says of the address behind it."""
    text = page.decode("utf-8", "replace")
    data = {name: html.unescape(value) for name, value in reversed(_DATA.findall(text))}
    refreshes: list[str] = []
    canonicals: list[str] = []
    for tag in _TAG.findall(text):
        said = {name.casefold(): html.unescape(value).strip(" \"'") for name, value in _ATTRIBUTE.findall(tag)}
        if said.get("http-equiv", "").casefold() == "refresh":
            refreshes.append(said.get("content", ""))
        if "canonical" in said.get("rel", "").casefold().split():
            canonicals.append(said.get("href", ""))
    return Hints(
        target=_whole(url, data.get("au", "")),
        onward=_whole(url, _onward(refreshes)),
        canonical=_whole(url, next(iter(canonicals), "")),
        signed=_signed(data, url),
    )


def question(signed: Signed) -> Mapping[str, str]:
    """The form that asks Google for the address behind its page."""
    asked = json.dumps([_QUESTION, _ASKER, signed.article, signed.time, signed.signature])
    return {"f.req": json.dumps([[[_CALL, asked, None, "generic"]]])}


def answer(body: bytes) -> str:
    """The address in Google's answer: lists in lists, behind a line that keeps scripts from running them."""
    for line in body.decode("utf-8", "replace").split("\n"):
        if not line.startswith("["):
            continue
        try:
            rows = json.loads(line)
            for row in rows:
                if row[:2] == ["wrb.fr", _CALL] and row[2]:
                    said = json.loads(row[2])
                    return _address(iter(said[1:2])) if said[0] == _ANSWER else ""
        except (ValueError, TypeError, LookupError, RecursionError):
            continue
    return ""


def site(url: str) -> str:
    """The part of a host that its owner registered, near enough: ``www.google.com`` belongs to ``news.google.com``."""
    labels = urlsplit(url).netloc.rpartition("@")[2].casefold().removeprefix("www.").split(".")
    country = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3  # co.jp, com.ua
    return ".".join(labels[-3 if country else -2 :])


def _signed(data: Mapping[str, str], url: str) -> Signed | None:
    signature, stamp = data.get("a-sg", ""), data.get("a-ts", "")
    if not signature or not re.fullmatch(r"[0-9]{1,12}", stamp):
        return None
    article = data.get("a-id") or urlsplit(url).path.rpartition("/")[2]
    return Signed(article=article, time=int(stamp), signature=signature)


def _onward(refreshes: Sequence[str]) -> str:
    """Where the first page that sends on, sends on to."""
    found = next(filter(None, map(_REFRESH.match, refreshes)), None)
    return found[2].strip() if found is not None and int(found[1]) <= _REFRESH_MOST else ""


def _whole(base: str, reference: str) -> str:
    if not reference:
        return ""
    try:
        return _address(iter([urljoin(base, reference)]))
    except ValueError:
        return ""


def _address(found: Iterator[object]) -> str:
    """The first that is a web address."""
    return next((text for text in found if isinstance(text, str) and _is_address(text)), "")


def _is_address(text: str) -> bool:
    return text.casefold().startswith(("http://", "https://")) and " " not in text and not unfit(text)


def _unpacked(name: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)) if len(name) <= URL_LONGEST else b""
    except (ValueError, binascii.Error):
        return b""


def _texts(packed: bytes) -> Iterator[str]:
    """The texts of a protocol buffer, in order, as far as it can be read."""
    at = 0
    while at < len(packed):
        tag, at = _varint(packed, at)
        kind = tag & 7
        if kind == 0:
            _, at = _varint(packed, at)
        elif kind == 2:
            size, at = _varint(packed, at)
            yield packed[at : at + size].decode("utf-8", "replace")
            at += size
        elif kind in {1, 5}:
            at += 8 if kind == 1 else 4
        else:
            return


def _varint(packed: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = 0
    for shift in range(0, 64, 7):
        if at >= len(packed):
            break
        byte = packed[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return number, at
