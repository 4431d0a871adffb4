"""Pieces of HTML, as feeds and JSON carry them, to paragraphs. Pure. Whole pages go through ingest.html."""

import re

import lxml.etree
import lxml.html

from ingest.decode import clean, unescaped
from ingest.tags import refuse_overloaded

_TAG = re.compile(
    r"</?(?:p|br|div|a|b|i|em|strong|span|img|ul|ol|li|h[1-6]|blockquote|figure|table)\b[^>]{0,2000}>", re.IGNORECASE
)
_BLOCK_TAG = re.compile(r"<(?:p|br|div|ul|ol|li|h[1-6]|blockquote|table|article|section)\b", re.IGNORECASE)
_BLOCK = frozenset(
    (
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2",
        "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td", "th",
        "tr", "ul",
    )
)  # fmt: skip
_DROPPED = frozenset(("script", "style", "figcaption", "noscript", "iframe", "svg", "button", "form", "template"))


def is_markup(text: str) -> bool:
    return bool(_TAG.search(text))


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a text that may be HTML, whitespace folded, none empty, without scripts and captions."""
    if not is_markup(text):
        return _folded(unescaped(text))
    if not _BLOCK_TAG.search(text):  # words in bold, but lines that are lines
        return [line for part in text.split("\n") for line in paragraphs_of_block(f"<div>{part}</div>")]
    return paragraphs_of_block(text)


def paragraphs_of_block(text: str) -> list[str]:
    """The paragraphs of HTML, whose line ends are only spaces."""
    try:
        refuse_overloaded(text)
        root = lxml.html.fragment_fromstring(clean(text), create_parent="div")
    except (lxml.etree.LxmlError, ValueError):
        return _folded(unescaped(_TAG.sub("\n", text)))
    pieces: list[str] = []
    _collect(root, pieces)
    return _folded("".join(pieces))


def plain(text: str) -> str:
    """One line without markup: a headline or a name."""
    return " ".join(paragraphs_of(text))


def _collect(root: lxml.html.HtmlElement, pieces: list[str]) -> None:
    """Text with line ends around blocks. By events, not by recursion: elements may be nested a thousand deep."""
    hidden = 0
    for event, element in lxml.etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = element.tag if isinstance(element.tag, str) else None
        edge = "\n" if name in _BLOCK else ""
        if event == "start":
            hidden += name in _DROPPED
            pieces.append(edge + ("" if hidden else _line(element.text)))
        else:
            hidden -= event == "end" and name in _DROPPED
            pieces.append(edge + ("" if hidden else _line(element.tail)))


def _line(text: str | None) -> str:
    """Line ends in HTML source are only spaces."""
    return re.sub(r"\s+", " ", text or "")


def _folded(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in clean(text).split("\n"))
    return [line for line in lines if line]
