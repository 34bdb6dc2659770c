"""Plain text out of what feeds carry: markup to paragraphs, entities once, characters cleaned.

Never drops a sentence: what belongs to a page and not to a report is decided in ``furniture``.
"""

from __future__ import annotations

import html
import re
import unicodedata

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.clean.depth import too_deep

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>|<!--(?:(?!<!--).){0,2000}?-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_INLINE_SPACE = re.compile(r"[^\S\n]+")
_ODD = re.compile(  # all of ``_UNSEEN`` and ``_WINDOWS``, and every space or break but the plain ones
    "[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\u2028\u2029]")
_CJK = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9d々〆ヶ"
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_CJK_GAP = re.compile(f"(?<=[{_CJK}、。「」『』（）・0-9０-９]) +(?=[{_CJK}、。「」『』（）・0-9０-９])")
# A headline parts its clauses with a space about every seven characters; a word-segmented text every two or three.
_SEGMENTED = 0.22  # spaces a Japanese character
_SEGMENTED_LEAST = 4  # gaps: fewer prove nothing
_DROPPED = (
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "form",
    "button",
    "select",
    "nav",
    "aside",
    "figure",
    "svg",
    "video",
    "audio",
)
# What most feeds write, and what nesting cannot change the reading of: a stray </p> parts a text as <p> does.
_BREAK_TAG = re.compile(r"</?(?:p|br)(?:\s[^<>]*|/)?>", re.IGNORECASE)
_INLINE_TAG = re.compile(r"</?(?:a|b|i|em|strong|span|img|font|small|sup|sub)(?:\s[^<>]*|/)?>", re.IGNORECASE)
_UNCOMMON_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|nbsp|[lr][ds]quo|laquo|raquo|[mn]dash|hellip|#\d{2,4});|\s)")
_HOLDS_DROPPED = re.compile(f"<(?:{'|'.join(_DROPPED)})", re.IGNORECASE)
_BLOCKS = frozenset(
    "address article blockquote body br dd div dl dt figcaption footer h1 h2 h3 h4 h5 h6 header hr html li main ol p "
    "pre section table tbody td tfoot th thead tr ul".split()
)


# Control characters that nobody means: publishers' windows-1252 quotes and dashes, written as numbers (&#150;).
_WINDOWS = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0)}
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]")


def encoded_once(text: str) -> str:
    """Text whose UTF-8 was taken for Latin-1 and encoded again, as it was meant; any other text as it is."""
    if not _TWICE.search(text):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def characters(raw: str) -> str:
    """The same text with its invisible characters gone, in NFC, with every space a plain one and lines kept."""
    if "  " not in raw and _ODD.search(raw) is None:  # as most texts are: only their lines are left to be trimmed
        lines = unicodedata.normalize("NFC", raw).split("\n")
    else:
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", _BREAKS.sub("\n", raw.translate(_WINDOWS))))
        lines = _INLINE_SPACE.sub(" ", text).split("\n")
    return "\n".join(line for line in map(str.strip, lines) if line)


def one_line(raw: str) -> str:
    """Characters cleaned, on one line, with word-segmented Japanese joined."""
    return joined(characters(raw).replace("\n", " "))


def joined(text: str) -> str:
    """Japanese that came with spaces between its words, without them; anything else as it is."""
    if text.count(" ") < _SEGMENTED_LEAST or _CJK_CHARACTER.search(text) is None:
        return text
    letters = len(_CJK_CHARACTER.findall(text))
    gaps = len(_CJK_GAP.findall(text))
    return _CJK_GAP.sub("", text) if gaps >= _SEGMENTED_LEAST and gaps >= letters * _SEGMENTED else text


def plain_title(raw: str) -> str:
    """A title that may hold markup or entities, as one line of plain text; entities are undone once."""
    text = raw
    if "<" in text and _TAG.search(text):
        text = _TAG.sub("", text)
    return one_line(html.unescape(text) if "&" in text else text)


def paragraphs(markup: str) -> str:
    """The readable text of ``markup``, one paragraph a line. Plain text passes through, its entities undone once."""
    if not _TAG.search(markup):
        return joined(characters(html.unescape(markup) if _ENTITY.search(markup) else markup))
    plain = _of_plain_markup(markup)
    if plain is not None:
        return joined(characters(plain))
    if too_deep(markup):
        return joined(characters(html.unescape(_TAG.sub("\n", markup))))
    tree = LexborHTMLParser(markup)
    if _HOLDS_DROPPED.search(markup):
        tree.strip_tags(list(_DROPPED), recursive=True)
    pieces: list[str] = []
    if tree.body is not None:
        _walk(tree.body, pieces)
    return joined(characters("".join(pieces)))


def _of_plain_markup(markup: str) -> str | None:
    """The text of markup that holds paragraphs, breaks and inline tags alone, which no parser reads otherwise.

    None where anything else stands in it: another tag, a comment, a stray bracket, an entity that is not a common one.
    """
    if "\r" in markup or "\0" in markup or _UNCOMMON_ENTITY.search(markup):
        return None
    pieces = _BREAK_TAG.split(_INLINE_TAG.sub("", markup))
    if any("<" in piece or ">" in piece for piece in pieces):
        return None
    return "\n".join(html.unescape(piece).replace("\n", " ") for piece in pieces)


def folded(text: str) -> str:
    """What is left of a text when case, form and punctuation no longer count; figures keep their signs."""
    return " ".join(_words(text))


def squeezed(text: str) -> str:
    """The same without the spaces between the words."""
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    # An ellipsis alone, which every other summary ends with, would have the whole text decomposed: six times the cost.
    return _WORDS.findall(unicodedata.normalize("NFKC", text.replace("…", "...")).casefold())


_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[+\-−]?\d+(?:[.,:]\d+)*%?")


def _walk(start: LexborNode, pieces: list[str]) -> None:
    # By hand and not recursive: a document nested ten thousand deep must not end the process.
    stack: list[tuple[LexborNode, bool]] = [(start, False)]
    while stack:
        node, closing = stack.pop()
        tag = node.tag
        if tag == "-text":
            pieces.append((node.text_content or "").replace("\n", " "))
            continue
        block = tag in _BLOCKS
        if block:
            pieces.append("\n")
        if closing:
            continue
        if block:
            stack.append((node, True))
        child = node.last_child
        while child is not None:
            if child.tag != "-comment":
                stack.append((child, False))
            child = child.prev
    pieces.append("\n")
