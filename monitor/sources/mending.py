"""From a feed's characters to its tree, and back to a tree where the markup is cut, careless or broken.

Never guesses a text: what is added are end tags that did not come and escapes that were left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from monitor.entities import Problem
from monitor.sources.decode import undeclared
from monitor.sources.documents import local, problem_of, space, tree_of, without_forbidden
from monitor.sources.items import ITEMS, OWN, items_of

_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_ROOT_END = re.compile(r"</(?:[\w\-]+:)?(?:rss|rdf|feed)\s*>", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w\-]+:)?(item|entry)\s*>", re.IGNORECASE)
_ITEM_START = re.compile(r"<(?:[\w\-]+:)?(?:item|entry)(?:\s[^<>]*[^/<>])?>", re.IGNORECASE)
_CLOSING = re.compile(r"(?:\s|</[\w\-:.]+\s*>|<!--(?:(?!-->).){0,2000}-->)*", re.DOTALL)
_OPAQUE = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
_BOUNDARY = re.compile(
    r"<!\[CDATA\[.*?\]\]>|<(?P<start>(?:[\w\-]+:)?(?:item|entry))(?:\s[^<>]*[^/<>])?>|</(?P<end>(?:[\w\-]+:)?(?:item|entry))\s*>",
    re.DOTALL,
)
_XMLNS = re.compile(r"\bxmlns(:[\w\-]+)?\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_HEAD = 8000  # characters in which a document names its namespaces
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[>]{0,500}(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]{0,5000}?(/?)>")
_DEEPEST = 1000  # elements within elements, unclosed <br> of careless markup counted; real feeds stay below 12
_UNCLOSED_MOST = 20  # sections opened after the last end of one: each of them costs a look through the whole rest
_BUFFER = 4096  # bytes; software that stops at a full buffer leaves a multiple of it (8192, 12288, 16384 recorded)

_NAMESPACES_MOST = 200  # of the root, written out again with each item; real feeds name a dozen
_LADEN = etree.XPath("boolean(//*[@*[100]])")  # attributes of one element; real ones have up to ten
_BEYOND = "nested, opened or laden beyond reason"

NEVER_CLOSED = "never closed"
"""The flag of a document whose end is missing by habit: nothing of it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as a tree, and what had to be done to get it.

    ``sound``: an XML parser took it (as it came, or with its end tags and escapes mended), and no item hides another.
    ``apart``: it is so damaged that each of its ``items`` was read on its own; the tree holds other ones.
    """

    root: etree._Element | None
    items: tuple[etree._Element, ...] = ()
    ascii: bool = False
    flags: tuple[str, ...] = ()
    cut: bool = False
    sound: bool = True
    apart: bool = False
    problem: Problem | None = None


def read(text: str, *, size: int, flagged: str, cut: bool) -> Reading:
    """The tree of a document of ``size`` bytes; ``cut``: the transport says that bytes are missing."""
    flags = [flagged] if flagged else []
    # Most documents are well-formed, and for these all further looks at the text would be waste.
    start = text.find("<")
    root = tree_of(text[start:], recover=False) if start >= 0 and "<!DOCTYPE" not in text else None
    if root is not None and local(root).casefold() in _ROOTS:
        if _is_laden(root):
            return Reading(root=None, flags=(_BEYOND,), problem=Problem.MALFORMED)
        return _checked(root, text, (*flags, "cut short") if cut else tuple(flags), cut=cut, sound=True)
    problem, said = problem_of(text)
    if problem is None:
        text = _DOCTYPE.sub("", undeclared(text), count=1)
        if _is_bomb(text):
            problem, said, flags = Problem.MALFORMED, _BEYOND, []
    if problem is not None:
        return Reading(root=None, flags=(said,), problem=problem)
    text, ending = _whole(text, size)
    cut = cut or ending == "cut short"
    if cut or ending:
        flags.append("cut short" if cut else ending)
    root, text, mended = _tree(text)
    if mended:
        flags.append(mended)
    if root is not None and _is_laden(root):
        return Reading(root=None, flags=(_BEYOND,), problem=Problem.MALFORMED)
    if root is None:
        said = "; ".join([*flags, "the XML cannot be read"])
        return Reading(root=None, flags=(said,), problem=Problem.CUT_SHORT if cut else Problem.MALFORMED)
    return _checked(root, text, tuple(flags), cut=cut, sound=mended != _RECOVERED)


def _checked(root: etree._Element, text: str, flags: tuple[str, ...], *, cut: bool, sound: bool) -> Reading:
    """The reading, its items on their own where the tree holds fewer of them than the text."""
    if local(root) == "rss":
        _without_space(root)
    items, plain = items_of(root), text.isascii()
    if not sound or len(items) != sum(1 for _ in root.iter(*ITEMS)):
        # Where the parser stopped at a fault, or took an item for a part of another, each on its own says more.
        pieces = _pieces(text) if len(items) < len(_ITEM_START.findall(_OPAQUE.sub("", text))) else []
        if len(pieces) > len(items):
            flags = (*flags, "damaged markup")
            return Reading(root=root, items=tuple(pieces), ascii=plain, flags=flags, cut=cut, sound=False, apart=True)
    return Reading(root=root, items=tuple(items), ascii=plain, flags=flags, cut=cut, sound=sound)


def _without_space(root: etree._Element) -> None:
    """Take an invented namespace off the elements of RSS, which has none (Suspilne names the specification's page)."""
    invented = space(root)
    if invented not in OWN:
        for element in root.iter(f"{{{invented}}}*"):
            element.tag = local(element)


def _is_bomb(text: str) -> bool:
    """Whether a document is made to cost: nested or opened beyond reason. Looks at the tags only, in one pass."""
    for opener, closer in (("<![CDATA[", "]]>"), ("<!--", "-->"), ("<!DOCTYPE", ">")):
        if text.count(opener, text.rfind(closer) + 1) > _UNCLOSED_MOST:
            return True
    depth = 0
    for tag in _TAG.finditer(_OPAQUE.sub("", text)):
        depth += -1 if tag[1] else (0 if tag[2] else 1)
        if depth > _DEEPEST:
            return True
    return False


def _is_laden(root: etree._Element) -> bool:
    """Whether an element bears attributes or namespaces beyond reason: feedparser takes their square in time."""
    return len(root.nsmap) > _NAMESPACES_MOST or bool(_LADEN(root))


def _whole(text: str, size: int) -> tuple[str, str]:
    """The document up to its last whole item, closed again where its own end never came, and what that was.

    What ends right after an item, with no tag begun and no buffer just full, was never closed by its publisher
    (some never do, and were cut short for ever if that counted as such); what ends within one was cut.
    """
    ends = list(_ROOT_END.finditer(text))
    items = list(_ITEM_END.finditer(text))
    if ends and (not items or ends[-1].start() > items[-1].start()):
        return text, ""
    if not items:
        whole = re.search(r"<(?:rss|feed|channel|rdf:RDF)\b[^<>]*/>\s*$", text, re.IGNORECASE) is not None
        return (text, "") if whole else ("", "cut short")
    kept = text[: items[-1].end()]
    habit = _CLOSING.fullmatch(text, items[-1].end()) is not None and size % _BUFFER != 0
    opened: list[str] = []
    for tag in re.finditer(r"<(/?)([A-Za-z_][\w.:\-]*)(?:\s[^<>]*?)?(/?)>", _OPAQUE.sub("", kept)):
        if tag[1]:
            while opened and opened.pop() != tag[2]:
                pass
        elif not tag[3]:
            opened.append(tag[2])
    return kept + "".join(f"</{name}>" for name in reversed(opened)), NEVER_CLOSED if habit else "cut short"


_RECOVERED = "not well-formed"


def _tree(text: str) -> tuple[etree._Element | None, str, str]:
    """The tree, the text it was made of, and how that had to be mended (empty: not at all)."""
    root = tree_of(text, recover=False)
    if root is not None:
        return root, text, ""
    mended = _mended(text)
    root = tree_of(mended, recover=False)
    if root is not None:
        return root, mended, "raw ampersands or unknown entities" if mended != text else ""
    return tree_of(mended, recover=True), mended, _RECOVERED


def _mended(text: str) -> str:
    parts = _OPAQUE.split(text)
    for number in range(0, len(parts), 2):  # the odd ones are CDATA and comments
        part = _NAMED.sub(_character, without_forbidden(parts[number]))
        parts[number] = _AMPERSAND.sub("&amp;", part)
    return "".join(parts)


def _character(found: re.Match[str]) -> str:
    if found[1] in {"amp", "lt", "gt", "quot", "apos"}:
        return found[0]
    return html5.get(f"{found[1]};", found[0])


def _pieces(text: str) -> list[etree._Element]:
    """The items of a document that is damaged, each parsed on its own."""
    spaces = {found[1]: found[0] for found in _XMLNS.finditer(text[:_HEAD])}
    found: list[etree._Element] = []
    opened: re.Match[str] | None = None
    for boundary in _BOUNDARY.finditer(text):
        if boundary["start"] is None and boundary["end"] is None:
            continue
        if opened is not None:
            piece = f"{text[opened.start() : boundary.start()]}</{opened['start']}>"
            root = tree_of(f"<x {' '.join(spaces.values())}>{piece}</x>", recover=True)
            found.extend(items_of(root)[:1] if root is not None else [])
        opened = boundary if boundary["start"] else None
    return found
