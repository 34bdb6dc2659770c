"""Furniture: what a page carries around a report (buttons, appeals, captions, teasers), as tables of patterns.

Never drops a line for its subject: a rule matches the form of furniture, and whole sentences of a report have none.
"""

# ruff: noqa: E501 -- a table of patterns, one kind of furniture a line

from __future__ import annotations

import re
from collections.abc import Sequence

_FLAGS = re.IGNORECASE

# A line that matches one of these from end to end goes.
_LINES: tuple[str, ...] = (
    # buttons and labels
    r"(?:un)?subscribe(?: now| today| here)?[.!]?|sign (?:in|up)|log ?in(?: or register)?|register|share(?: this)?(?: article| story| on .{1,30})?",
    r"print|e-?mail|save|copy link|comments?(?: \(\d+\))?|listen(?: to (?:this )?article)?|advertisement|sponsored(?: content)?|ad",
    r"loader|chats?|newsfeed|loading(?: ?\.{3}|…)?|menu|search|close|open|more|all|home|next|previous|back to top|\d{1,4}",
    r"(?:a ?[+\-] ?)?adjust font size:?|font size:?|text size:?|(?:larger|smaller) font",
    r"to participate in the discussion|log in or register|заголовок открываемого материала|чаты|загрузка|лента новостей",
    r"подписаться(?: на .{2,60})?|поделиться|печать|версия для печати|реклама|комментарии(?: \(\d+\))?|читать дал(?:ее|ьше)[.…]*|подробнее[.…]*",
    r"(?:シェア|ツイート|印刷|保存|メール|広告|閉じる|もっと見る|続きを読む|コメント(?:する)?|会員登録|ログイン|無料会員登録|文字サイズ.{0,8})",
    r"この記事(?:は有料記事です|を(?:シェア|保存|印刷)).{0,40}|(?:残り|ここから).{0,6}(?:文字|有料).{0,20}|有料(?:会員)?(?:限定)?(?:記事|です).{0,30}",
    # promos
    r"(?:read|see|learn|find out|watch|view) (?:more|also|full (?:story|article))(?: (?:at|on|in|here)\b.{0,80}|\s*[:：].{0,300}|[.…]*)?",
    r"(?:related(?: (?:stories|articles|coverage|news))?|more (?:on this|stories|news|from .{2,30})|also read|also see|you may also like|recommended|trending|most (?:read|popular))\s*(?:[:：].{0,300})?",
    r"(?:читайте|смотрите) (?:также|ещ[её])(?:\s*[:：].{0,300})?|по теме\s*[:：]?.{0,200}|(?:материалы|новости) по теме\s*[:：]?.{0,200}",
    r"(?:関連(?:記事|ニュース|リンク|タグ)?|あわせて読みたい|おすすめ記事|【関連】)(?:\s*[:：>＞].{0,80})?",
    # appeals
    r"united24\s*[-–—:].{0,120}|(?:please )?make (?:a|an|your) (?:charitable |tax-deductible )?(?:donation|contribution)\b.{0,100}",
    r"donate(?: now| today| here)?[.!]?|support (?:us(?: (?:by|with|on)\b.{0,100}|[.!]?)|our (?:work|journalism)\b.{0,120})",
    r"join (?:the |our )?.{0,40}(?:mailing list|newsletter|telegram(?: channel)?|whatsapp(?: channel)?)[.!]?",
    r"(?:get|sign up (?:for|to)|subscribe to) (?:the|our|all the)\b.{0,140}(?:newsletters?|inbox|mailing list|analysis|features|coverage|alerts|channel|podcast)\b.{0,60}",
    r"(?:follow|like|find) (?:us (?:on|at|in)\b|@\w+).{0,80}|download (?:our|the) .{0,40}app\b.{0,60}",
    r"by subscribing,? you (?:can )?(?:help|support|agree).{0,160}",
    r"in a time of (?:both )?misinformation\b.{0,200}",
    r"подпи(?:сывайтесь|шитесь) на (?:наш|канал|телеграм|нас|рассылку).{0,120}|следите за .{0,40}(?:telegram|телеграм|канал).{0,60}",
    # legal
    r"(?:copyright (?:\d{4}|©|\(c\)|by)|©|\(c\)\s).{0,160}|all rights reserved.{0,120}|.{0,60}無断(?:転載|複製).{0,12}禁.{0,20}|.{0,60}(?:все права защищены|перепечатка .{0,40}запрещена).{0,60}",
    r"(?:photo|image|picture|file photo|video|фото|видео|写真|撮影|画像|資料写真|提供写真)\s*(?:by\b|[:：©/／=＝]|\().{0,160}|\[?(?:file|photo|video)\]?",
    r"(?:published|updated|posted|last (?:updated|modified)|опубликовано|обновлено)(?: on)?\s*[:：]?\s*(?:\w{3,9},?\s+){0,2}\d.{3,50}",
    r"(?:更新|公開|配信)(?:日時?)?\s*[:：]\s*\d.{3,40}|\d{4}年\d{1,2}月\d{1,2}日.{0,20}(?:更新|公開|配信)",
    r"th(?:e|is) (?:article|story|post) (?:(?:originally|first) appeared|was (?:originally|first) published) .{0,120}",
    r"the post .{5,200} (?:appeared|first appeared) (?:first )?on .{2,80}",
)
_LINE = re.compile("|".join(f"(?:{pattern})" for pattern in _LINES), _FLAGS)

# What hangs on at the end of a line that is otherwise the report's own.
_TAILS: tuple[str, ...] = (
    r"\s+(?:endi(?:tem)?|enditem)\.?",
    r"\s*\[?(?:continue reading|read more|read the full (?:story|article)|читать далее|подробнее|続きを読む)\s*(?:\.{3}|…|→|»|>)*\]?",
    r"\s*\[(?:…|\.{3}|&#8230;)\]",
    r"\s*adjust font size:?",
    r"\s*\(end\)",
)
_TAIL = re.compile("(?:" + "|".join(_TAILS) + r")\s*$", _FLAGS)
# How every one of them ends, in lower case: a line that ends otherwise, as nearly all do, is not searched.
_TAIL_ENDS = (
    "endi", "enditem", "endi.", "enditem.", "reading", "more", "article", "story", "далее", "подробнее", "続きを読む",
    "...", "…", "→", "»", ">", "]", "size", "size:", "(end)",
)  # fmt: skip
_TAIL_LONGEST = 12  # characters of those

_SECTIONS = frozenset(
    "world asia europe africa americas russia japan politics national business economy opinion analysis news newsfeed society "
    "military sports sport science culture life tech technology viral multimedia videos photo top "
    "мир россия политика экономика общество армия спорт культура наука новости в&nbsp;мире "
    "国際 政治 経済 社会 国内 海外 スポーツ ニュース 北海道".split()
) | {"asia & pacific", "asia-pacific", "middle east", "latin america", "в мире", "в россии"}
_BULLET = re.compile(r"^[•·*▪■●◆▼▲►]\s*")
_CAPTION_MARK = re.compile(r"^[©(]?\s*(?:©|\(c\)\s)", _FLAGS)
_ENDS_SENTENCE = re.compile(r"[.!?…。！？][\"'”’»）)」』\]]*$")
_TEASER_LONGEST = 160  # characters: a headline; a paragraph is longer or ends as a sentence does


def without_tail(line: str) -> str:
    """The line without what hangs on to its end."""
    while line.rstrip()[-_TAIL_LONGEST:].casefold().endswith(_TAIL_ENDS):
        shorter = _TAIL.sub("", line)
        if shorter == line:
            break
        line = shorter
    return line


def is_furniture(line: str) -> bool:
    """Whether a line is furniture by its own form."""
    bare = _BULLET.sub("", line).strip()
    return not bare or bool(_LINE.fullmatch(bare)) or bool(_CAPTION_MARK.match(bare))


def is_section(line: str) -> bool:
    """Whether a line is nothing but a section's name."""
    return line.strip(" :>»・").casefold() in _SECTIONS


def without_teasers(lines: Sequence[str], publisher: str) -> list[str]:
    """The lines without captions signed by the publisher and the teasers that follow them (section, then headline)."""
    ending = publisher.casefold()
    if not publisher or not any(line.casefold().removesuffix(".").endswith(ending) for line in lines):
        return list(lines)
    signed = re.compile(rf".*(?:^|\s)[-–—|]\s*{re.escape(publisher)}\.?$", _FLAGS)
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if not signed.fullmatch(line):
            kept.append(line)
            number += 1
            continue
        number += 1
        if number < len(lines) and is_section(lines[number]):
            number += 1
            if number < len(lines) and _is_headline(lines[number]):
                number += 1
    return kept


def _is_headline(line: str) -> bool:
    return len(line) <= _TEASER_LONGEST and not _ENDS_SENTENCE.search(line)
