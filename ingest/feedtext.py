"""What a feed carries as HTML or text, to plain headlines and paragraphs. Pure.

Feeds add to an article what only a web page needs: pictures, captions, share links, "The post … appeared first on …".
"""

import re
from collections.abc import Iterator
from typing import Any

import lxml.etree
import lxml.html

from ingest.decode import clean, unescaped
from ingest.lines import folded, is_caption, is_sentence
from ingest.tags import refuse_overloaded

MAX_MARKUP = 500_000  # characters of one item; a long read has 60,000

_TAG = re.compile(
    r"(?i)</?(?:a|abbr|article|b|big|blockquote|br|center|cite|code|dd|div|dl|dt|em|figcaption|figure|font|h[1-6]|hr|i"
    r"|iframe|img|ins|li|mark|ol|p|picture|pre|q|s|script|section|small|span|strike|strong|style|sub|sup|table|tbody|td"
    r"|th|time|tr|tt|u|ul|video|wbr)(?:\s[^<>]{0,2000})?/?>"
)
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "fieldset", "footer"),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
    ),
    *("tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
_DROPPED = {
    *("applet", "audio", "button", "canvas", "embed", "figcaption", "figure", "form", "frame", "head", "iframe", "img"),
    *(
        "input",
        "math",
        "nav",
        "noscript",
        "object",
        "picture",
        "script",
        "select",
        "source",
        "style",
        "svg",
        "template",
    ),
    *("textarea", "title", "video"),
}
_CHROME_CLASS = re.compile(
    r"(?i)(?:^|[\s_-])(?:share|shares|sharing|sharedaddy|social|feedflare|addtoany|addthis|related|relatedposts|caption"
    r"|newsletter|advert|advertisement|promo|credit|byline|breadcrumbs?)(?:$|[\s_-])"
)
_CHROME_LINE = re.compile(
    r"""(?ix)^\W*(?:
    (?:read|learn|see|view|find\ out)\ more(?:\ (?:at|on|here|about)\b.{0,80})?|more|link|click\ here\b.{0,60}
    |(?:read|see|view)\ (?:on|the\ (?:full|whole|rest|entire|original))\b.{0,80}
    |(?:continue|keep)\ reading.{0,160}|full\ (?:story|article|text)(?:\ (?:here|at).{0,60})?
    |(?:the\ )?(?:post|article|entry)\b.{1,300}\bappeared\ first\ (?:on|at|in)\b.{1,120}
    |(?:the\ )?(?:post|article|entry)\b.{1,300}\bfirst\ (?:appeared|published)\ (?:on|at|in)\b.{1,120}
    |(?:this\ (?:post|article)\ )?(?:was\ )?originally\ published\ (?:on|at|by)\b.{1,100}
    |(?:share|tweet|like|save|e-?mail|print|pin|follow)(?:\ (?:this|it|us))?(?:\ (?:story|article|post|page))?
        (?:\ (?:on|via|to|with|by)\b.{0,40})?:?
    |facebook|twitter|x|whatsapp|telegram|linkedin|reddit|pinterest|tumblr|mastodon|bluesky
    |(?:\d+\ |no\ |leave\ a\ )?comments?|advertisement|sponsored.{0,30}
    |(?:related|recommended|see\ also|also\ read|read\ also|read\ next|you\ (?:may|might)\ also\ like)
        (?:\ (?:stories|articles|news|posts|links))?:?
    )\W*$"""
)
_SOFT_END = re.compile(r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\((?:more|continued)…?\))\s*$")
_BREAKS = re.compile(r"\n\s*\n|(?<=[.!?。！？”\"])[ \t]*\n")
_LINE_BREAK = "\x00"  # stands for <br>; `clean` has taken it out of what was sent
_SPACES = re.compile(r"\s+")
_LINK_WORDS = 12  # a paragraph that is nothing but a link of so many words at most leads elsewhere

Tree = Any  # lxml ships no types


def one_line(text: str) -> str:
    """A headline or a name: tags dropped, entities decoded (also those escaped twice), whitespace folded."""
    bare = _TAG.sub(" ", clean(text[:MAX_MARKUP]))
    return _fold(unescaped(unescaped(bare)))


def paragraphs(text: str, *, markup: bool = True) -> tuple[str, ...]:
    """The paragraphs of an item, without pictures, captions, share links and what else leads back to a page."""
    text = clean(text[:MAX_MARKUP])
    if markup and (_TAG.search(text) or "<!--" in text):
        found = list(_blocks(text))
    else:
        found = [(part, False) for part in _BREAKS.split(unescaped(text) if markup else text)]
    folded_blocks = ((_SOFT_END.sub("", _fold(block)), linked) for block, linked in found)
    return tuple(block for block, linked in folded_blocks if _is_body(block, linked))


def _is_body(block: str, linked: bool) -> bool:
    if not folded(block) or _CHROME_LINE.match(block):
        return False
    if linked and len(block.split()) <= _LINK_WORDS and not is_sentence(block):
        return False
    return is_sentence(block) or not is_caption(block)


def _blocks(markup: str) -> Iterator[tuple[str, bool]]:
    """Texts between block tags, each with whether all of it is links."""
    try:
        refuse_overloaded(markup)
        root = lxml.html.fragment_fromstring(markup, create_parent="div")
    except (lxml.etree.LxmlError, ValueError, AssertionError):
        yield _TAG.sub(" ", markup), False
        return
    collector = _Collector()
    collector.walk(root)
    for pieces in collector.blocks:
        text = "".join(piece for piece, _ in pieces)
        linked = all(in_link or not piece.strip(" \x00") for piece, in_link in pieces)
        # Two line breaks in a row are how old pages part paragraphs.
        for part in re.split(r"\x00\s*\x00", text):
            yield part.replace(_LINE_BREAK, " "), linked


class _Collector:
    """Gathers a tree's text by events, not by recursion: elements may be nested a thousand deep."""

    def __init__(self) -> None:
        self.blocks: list[list[tuple[str, bool]]] = [[]]
        self._links = 0

    def walk(self, root: Tree) -> None:
        walker = lxml.etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walker:
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                self._start(element, tag, walker)
            else:
                self._end(element, tag, event, root)

    def _start(self, element: Tree, tag: str, walker: Tree) -> None:
        if tag in _DROPPED or _is_chrome(element, tag):
            walker.skip_subtree()
            self._links += tag == "a"
            return
        self._edge(tag)
        self._links += tag == "a"
        self._add(_LINE_BREAK if tag == "br" else element.text)

    def _end(self, element: Tree, tag: str, event: str, root: Tree) -> None:
        self._links -= event == "end" and tag == "a"
        self._edge(tag)
        if element is not root:
            self._add(element.tail)

    def _edge(self, tag: str) -> None:
        if tag in _BLOCKS and self.blocks[-1]:
            self.blocks.append([])

    def _add(self, text: str | None) -> None:
        if text:
            self.blocks[-1].append((_SPACES.sub(" ", text), self._links > 0))


def _is_chrome(element: Tree, tag: str) -> bool:
    if tag == "br":
        return False
    return bool(_CHROME_CLASS.search(f"{element.get('class', '')} {element.get('id', '')}"))


def _fold(text: str) -> str:
    return " ".join(clean(text).split())
