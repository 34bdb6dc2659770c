"""What makes two URLs the same article.

Never changes the URL a reader clicks: tracking is cut off for identity only.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_TRACKING = re.compile(
    r"^(?:utm_\w+|at_\w+|ns_\w+|mc_[ce]id|pk_\w+|mtm_\w+|hsa_\w+|wt\.\w+|[a-z]?clid|fbclid|gclsrc|dclid|gbraid|wbraid|msclkid|"
    r"ysclid|yclid|twclid|igshid|cmpid|cmp|cid|ocid|ftag|ito|smid|smtyp|xtor|rssid|feedtype|fromrss|from_rss|oc|spm)$",
    re.IGNORECASE,
)
# These names carry real meaning on some sites, so only their feed-like values are tracking.
_MAYBE_TRACKING = frozenset({"ref", "from", "source", "partner", "ch", "iref", "mode", "medium", "campaign", "s"})
_FEED_LIKE = re.compile(
    r"(?:^|[_\-.])(?:rss|feed|feeds|atom|rdf|twitter|facebook|telegram|social|share|newsletter)(?:$|[_\-.\d])",
    re.IGNORECASE,
)
_KEEP = "%/:=&?~#+!$,;'@()*[]-._"
_PLAIN_PATH = re.compile(r"(?!.*//)[\w/:=&~+!$,;'@()*\-.]*", re.ASCII)  # what comes out of ``quote`` as it went in
_PORTS = {"http": 80, "https": 443}
# One publisher, two hosts: NHK moved in 2025 and served both for a time, which told one team everything twice.
_HOSTS = {"bbc.co.uk": "bbc.com", "nhk.or.jp": "news.web.nhk", "www3.nhk.or.jp": "news.web.nhk"}
_NHK_ARTICLE = re.compile(r"(?:^|[/\-])(k1\d{13})(?:\D|$)")


@lru_cache(maxsize=256)  # a guid that is the link, and whoever asks for one entry's again
def identity(url: str) -> str:
    """A URL's identity: host, path and telling parameters. Empty where it names no page of its own."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    scheme, host = parts.scheme.casefold(), (parts.hostname or "").rstrip(".")
    if scheme not in _PORTS or not host:
        return ""
    host = _HOSTS.get(host, host)
    host = host.removeprefix("www.")
    host = _HOSTS.get(host, host)
    if port and port != _PORTS[scheme]:
        host = f"{host}:{port}"
    path = parts.path
    if not _PLAIN_PATH.fullmatch(path):
        path = quote(unquote(re.sub(r"/{2,}", "/", path)), safe=_KEEP, errors="replace")
    path = path.rstrip("/")
    article = _NHK_ARTICLE.search(path) if host == "news.web.nhk" else None
    if article is not None:
        return f"{host}/{article[1]}"
    told = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(*pair)]
    query = urlencode(sorted(told), errors="replace") if told else ""
    page = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    if not path and not query and not page:
        return ""
    return host + path + (f"?{query}" if query else "") + (f"#{page}" if page else "")


def is_url(text: str) -> bool:
    """Whether a guid is a web address rather than an opaque id."""
    return text.strip()[:8].casefold().startswith(("http://", "https://"))


def _is_tracking(name: str, value: str) -> bool:
    return bool(_TRACKING.match(name)) or (name.casefold() in _MAYBE_TRACKING and bool(_FEED_LIKE.search(value)))
