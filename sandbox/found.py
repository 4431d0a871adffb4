"""Pure: URLs, e-mail addresses, mentions, hashtags, cashtags and commands that Telegram marks by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Top-level domains that make a bare address a link: generic ones in wide use, and all countries'.
_TOPS = (
    "ac ad ae aero af africa ag agency ai al am ao app aq ar as asia at au aw ax az ba bb bd be berlin bf bg bh bi "
    "biz bj blog bm bn bo br bs bt bw by bz ca cc cd cf cg ch chat ci city ck cl click cloud club cm cn co com cr "
    "cu cv cw cx cy cz de dev digital dj dk dm do dz ec edu ee eg email er es et eu fi fj fk fm fo fr ga gb gd ge "
    "gf gg gh gi gl global gm gn gov gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in info int "
    "international io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li link live lk london lr "
    "ls lt lu lv ly ma mc md me media mg mh mil mk ml mm mn mo moscow mp mq mr ms mt mu museum mv mw mx my mz na "
    "name nc ne net news nf ng ni nl no np nr nu nyc nz om online org pa page paris pe pf pg ph pk pl pm pn pr "
    "press pro ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh shop si site sk sl sm sn so social space space sr "
    "ss st store su sv sx sy sz tc td tech tf tg th tj tk tl tm tn to today tokyo top tr tt tv tw tz ua ug uk us uy "
    "uz va vc ve vg vi vn vu web website wf wiki world world ws xyz ye yt za zm zw рус рф 中国 한국 "
)
_DOMAINS = frozenset(_TOPS.split())
_MENTION_LENGTH = 4
_SHORT_MENTIONS = frozenset({"gif", "pic", "vid"})
_MENTION = re.compile(r"(?<![\w])@([A-Za-z0-9_]{3,32})(?![A-Za-z0-9_])")
_HASHTAG = re.compile(r"(?<![\w\u200c])#([\w\u200c\u00b7]{1,256})(?![\w\u200c#])")
_CASHTAG = re.compile(r"(?<![\w$])\$(1INCH|[A-Z]{1,8})(?![\w$])")
_COMMAND = re.compile(r"(?<![\w/<>])/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?![\w/<>])")
_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+([A-Za-z]{2,24})(?![\w])")
_URL = re.compile(
    r"(?<![\w@./:-])(?P<scheme>(?:https?|ftp|tg|tonsite)://)?"
    r"(?P<host>(?:\d{1,3}(?:\.\d{1,3}){3})|(?:[\w-]{1,63}\.)*[\w-]{1,63}\.(?P<top>[^\W\d_]{2,24}|xn--[a-z0-9-]+)|localhost)"
    r"(?P<port>:\d{1,5})?(?P<path>[/?#][^\s<>\"«»]*)?",
    re.IGNORECASE,
)
_TAIL = ".,:;!?'\"`…"
_HINT = re.compile(r"[@#$/.]")


def find(text: str, *, skip_commands: bool = False) -> list[tuple[str, int, int]]:
    """(kind, UTF-16 offset, UTF-16 length), in order, none overlapping."""
    if not _HINT.search(text):
        return []
    spans = sorted(_spans(text, skip_commands), key=lambda span: (span[1], -span[2]))
    kept: list[tuple[str, int, int]] = []
    for kind, start, end in spans:
        if not kept or start >= kept[-1][2]:
            kept.append((kind, start, end))
    return [_in_units(text, span) for span in kept]


def _in_units(text: str, span: tuple[str, int, int]) -> tuple[str, int, int]:
    kind, start, end = span
    if text.isascii():
        return kind, start, end - start
    before = len(text[:start].encode("utf-16-le")) // 2
    return kind, before, len(text[start:end].encode("utf-16-le")) // 2


def _spans(text: str, skip_commands: bool) -> Iterator[tuple[str, int, int]]:
    if "@" in text:
        yield from _mentions(text)
    if "#" in text:
        yield from (("hashtag", *m.span()) for m in _HASHTAG.finditer(text) if not m[1].isdigit())
    if "$" in text:
        yield from (("cashtag", *m.span()) for m in _CASHTAG.finditer(text))
    if "/" in text and not skip_commands:
        yield from (("bot_command", *m.span()) for m in _COMMAND.finditer(text))
    if "." in text or "://" in text:
        yield from _urls(text)


def _mentions(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _MENTION.finditer(text):
        if len(match[1]) >= _MENTION_LENGTH or match[1].lower() in _SHORT_MENTIONS:
            yield "mention", *match.span()
    for match in _EMAIL.finditer(text):
        if match[1].lower() in _DOMAINS:
            yield "email", *match.span()


def _urls(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _URL.finditer(text):
        if match["scheme"] is None and (match["top"] or "").lower() not in _DOMAINS:
            continue
        start, end = match.span()
        if match["scheme"] is None and text[end : end + 1] == "@":
            continue
        while end > start and (text[end - 1] in _TAIL or _unpaired(text, start, end)):
            end -= 1
        yield "url", start, end


def _unpaired(text: str, start: int, end: int) -> bool:
    pairs = {")": "(", "]": "[", "}": "{"}
    close = text[end - 1]
    return close in pairs and text.count(close, start, end) > text.count(pairs[close], start, end)
