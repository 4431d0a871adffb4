"""The body of a page: trafilatura's, without what it leaves of the page around; readability's where that finds nothing.

tree → pruned (captions, hidden words, boxes, paragraphs that are only a link) → trafilatura → lines → trimmed
"""

import importlib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import lxml.etree
import lxml.html

from ingest.dates import find_date
from ingest.decode import clean
from ingest.lines import count_words, folded, is_sentence
from ingest.pagemeta import CAPTIONS, text_of

Tree = Any  # lxml ships no types

_FEW_WORDS = 40
_LINK_WORDS = 25
_PROSE_WORDS = 12
_PART = 0.5  # of the page's prose: where precision leaves less, look again with less of it
_BOX_SHARE = 0.25  # of the page's paragraphs: more is the article itself, whatever its class is called
_LEADING = 4
_BOX = re.compile(
    r"(?i)(?:^|[\s_-])(?:newsletters?|sign-?up|recirc(?:ulation)?|recommend(?:ed|ations?)|outbrain|taboola|trending"
    r"|rollover|tooltip|popover|most-?(?:popular|read|viewed)|related|read-?more|see-?also|also-?read|promo(?:tion)?"
    r"|advert(?:isement)?s?|sponsored|share|sharing|social|author-?bio|about-?author|comments?|paywall|cookies?"
    r"|consent|breadcrumbs?|disclaimer|copyright|tags)(?:$|[\s_-])"
)
_BOXES = (
    "//*[self::div or self::section or self::aside or self::ul or self::p or self::form or self::nav][@class or @id]"
)
_HIDDEN = (
    "//p//*[@hidden or contains(@class,'tooltip') or contains(@class,'rollover') or contains(@class,'popover') or "
    "contains(translate(@style,' ',''),'display:none') or contains(translate(@style,' ',''),'visibility:hidden')]"
)
_LINKED = "//p[.//a[@href]]"
_DECK = re.compile(
    r"(?i)(?:^|[\s_-])(?:dek|deck|standfirst|strapline|sub-?(?:head(?:line)?|title|line)|kicker|summary|teaser|excerpt"
    r"|description|alternativeheadline|intro-?text)(?:$|[\s_-])"
)
_DECKS = "//h2|//h3|//*[self::p or self::div or self::span][@class or @itemprop]"
_PROMO = re.compile(
    r"""(?x)^\W*(?:(?i:
    (?:read\ (?:more|also|next|this)|see\ also|also\ read|also\ on|related(?:\ (?:story|stories|articles?|content))?
        |more(?:\ (?:on\ this|from\ \S+(?:\ \S+)?))?|watch(?:\ (?:now|live|below|more))?|listen|don['’]?t\ miss
        |mehr\ zum\ thema|lesen\ sie\ auch|lire\ aussi|à\ lire\ aussi|leia\ (?:também|mais)|lea\ también
        |te\ puede\ interesar|leggi\ anche|читайте\ также|lees\ ook|zobacz\ także|läs\ (?:också|mer))\s?[:：|].{0,200}
    |(?:click|tap)\ (?:here|below)\ (?:to|for)\b.{0,120}|get\ .{3,60}\bon\ the\ go\b.{0,60}
    |(?:sign\ up|subscribe|register)\ (?:here|now|today|for|to)\b.{0,140}
    |follow\ (?:us|him|her|them|@\S+|\S+(?:\ \S+)?)\ on
        \ (?:twitter|facebook|x|instagram|threads|telegram|google)\b.{0,100}
    |(?:like|join)\ us\ on\ facebook.{0,60}|(?:download|get)\ (?:the|our)\ .{0,40}\bapp\b.{0,40}
    |(?:share|tweet|print|e-?mail|save|advertisement|story\ continues\ below.{0,40}|tags|topics|comments?)
    |(?:©|copyright\ (?:©|\(c\)|\d{4})).{0,160}|all\ rights\ reserved.{0,60}|https?://\S+
    |e-?mail\ .{3,40}\bat\ \S+@\S+.{0,80}))\W*$"""
)
_BYLINE = re.compile(r"(?i)^(?:by|von|por|par)\s+[^.!?]{3,60}$")


def body_of(tree: Tree, markup: str, captions: Collection[str], headline: str | None) -> list[str]:
    """Paragraphs in order. `tree` is changed; `markup` is the same page as text; `captions` never come back."""
    known = {folded(caption) for caption in captions}
    decks = set(_decks(tree))
    prose = _prune(tree)
    paragraphs = _paragraphs(_extracted(tree, precise=True), known)
    if _length(paragraphs) < _PART * prose:
        wider = _paragraphs(_extracted(tree, precise=False), known)
        paragraphs = max(paragraphs, wider, key=_length)
    if sum(map(count_words, paragraphs)) < _FEW_WORDS:
        other = _paragraphs(_readable(markup), known)
        paragraphs = max(paragraphs, other, key=lambda texts: sum(map(count_words, texts)))
    return _trimmed(paragraphs, folded(headline or ""), decks)


def load(markup: str) -> Tree | None:
    return _trafilatura().load_html(markup)


def _trafilatura() -> Any:
    """Loaded at the first page: with what it needs it takes as long to load as the rest of ingest."""
    return importlib.import_module("trafilatura")


def _length(paragraphs: Sequence[str]) -> int:
    return sum(map(len, paragraphs))


def _extracted(tree: Tree, *, precise: bool) -> str:
    found = _trafilatura().bare_extraction(tree, include_comments=False, favor_precision=precise, with_metadata=False)
    return getattr(found, "text", None) or ""


def _readable(markup: str) -> str:
    """readability's opinion, a block a line; empty where it has none."""
    try:
        summary = importlib.import_module("readability").Document(markup).summary(html_partial=True)
        blocks = lxml.html.fromstring(summary).xpath("//p|//li|//h2|//h3|//blockquote[not(p)]|//pre")
    except (lxml.etree.LxmlError, ValueError, TypeError):
        return ""
    return "\n".join(text_of(block) for block in blocks)


def _prune(tree: Tree) -> int:
    """How many characters of prose are left in the page's paragraphs."""
    for element in tree.xpath(f"{CAPTIONS}|{_HIDDEN}"):
        _drop(element)
    total = sum(len(text_of(element)) for element in tree.iter("p"))
    for box in tree.xpath(_BOXES):
        if _BOX.search(f"{box.get('class', '')} {box.get('id', '')}") and len(text_of(box)) < _BOX_SHARE * total:
            _drop(box)
    linked = [element for element in tree.xpath(_LINKED) if _is_only_link(element)]
    if sum(len(text_of(element)) for element in linked) < _BOX_SHARE * total:  # else it is a list of links
        for element in linked:
            _drop(element)
    prose = [(element, text) for element in tree.iter("p") if count_words(text := text_of(element)) >= _PROSE_WORDS]
    for element, text in prose:
        if is_sentence(text) and 2 * sum(len(text_of(link)) for link in element.iter("a")) < len(text):
            lxml.etree.strip_tags(element, "a", "span")  # precision drops phrases that are linked, out of sentences
    return sum(len(text) for _, text in prose)


def _is_only_link(element: Tree) -> bool:
    text = text_of(element)
    linked = "".join(text_of(link) for link in element.iter("a"))
    short = 0 < count_words(text) <= _LINK_WORDS and not is_sentence(text)
    return short and folded(text).replace(" ", "") == folded(linked).replace(" ", "")


def _drop(element: Tree) -> None:
    """With its words, but not with those that follow it."""
    if element.getparent() is not None:
        element.drop_tree()


def _decks(tree: Tree) -> Iterator[str]:
    """Texts that stand under the headline and say the article's contents beforehand."""
    for element in tree.xpath(_DECKS):
        named = f"{element.get('class', '')} {element.get('itemprop', '')} {element.get('id', '')}"
        if element.tag in ("h2", "h3") or _DECK.search(named):
            yield folded(text_of(element))


def _paragraphs(text: str, captions: Collection[str]) -> list[str]:
    lines = (_line(line) for line in clean(text).split("\n"))
    return [line for line in lines if folded(line) and folded(line) not in captions]


def _line(text: str) -> str:
    line = " ".join(text.split())
    if line.startswith("|") and line.endswith("|"):  # a table's row
        return " | ".join(cell for cell in (part.strip() for part in line.split("|")) if cell.strip("-"))
    return line.removeprefix("- ").strip()


def _trimmed(paragraphs: Sequence[str], headline: str, decks: Collection[str]) -> list[str]:
    """Without headline, deck, byline and date at the beginning, and without promotions anywhere."""
    kept = [text for text in paragraphs if not _PROMO.match(text)]
    for _ in range(_LEADING):
        if len(kept) > 1 and (folded(kept[0]) in (headline, *decks) or _is_meta(kept[0])):
            kept.pop(0)
    return kept


def _is_meta(text: str) -> bool:
    """Little more than a date or a name."""
    found = find_date(text)
    return bool(found and (found[1][1] - found[1][0]) * 2 > len(text)) or bool(_BYLINE.match(text))
