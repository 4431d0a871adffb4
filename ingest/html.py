"""A news page to a draft: what the page declares of itself, its body, and what stands between it and the reader.

Pure, but slow (5-100 ms a page), and on hostile pages without end: the service runs it in worker processes
(ingest.workers). `published_at` is what the page's metadata declares, `published_guess` what its looks suggest.
"""

import re
from dataclasses import replace
from functools import partial

from ingest import pagebody, walls
from ingest.errors import ExtractError
from ingest.lines import count_words
from ingest.pagemeta import Declared, text_of
from ingest.plaintext import MAX_HEADLINE, agency, opening
from storage.records import ArticleDraft

# trafilatura and readability take over 20 s on 200,000 attributes; real pages of 3 MB have under 30,000.
MAX_ATTRIBUTES = 60_000
MAX_IN_A_TAG = 5_000
MIN_WORDS = 12  # fewer is a label or an error message, not an article

_ATTRIBUTE = re.compile(r"[\w:-]\s*=\s*[\"']?[^\s\"'>]")
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{20000}[^<>]*")
_NOTICES = "//p|//h1|//h2|//h3|//h4|//button|//div[not(*[2])]|//span[not(*[2])]"
_LONGEST_NOTICE = 200


def draft_from_html(markup: str, *, url: str | None = None) -> ArticleDraft:
    """The article of a page fetched from `url`. Raises ExtractError where there is none."""
    if _is_overloaded(markup):
        raise ExtractError("the page is too complicated to read")
    tree = pagebody.load(markup)
    if tree is None:
        raise ExtractError("it holds no readable HTML")
    declared = Declared(tree, url)
    draft = _described(declared)  # before the tree is cut down to the body
    found = pagebody.body_of(tree, markup, declared.captions, draft.headline)
    paragraphs = walls.without_walls(found)
    reason = walls.blocking(found, partial(_notices, markup))
    if reason or sum(map(count_words, paragraphs)) < MIN_WORDS:
        raise ExtractError(reason or "it holds no article text")
    return replace(
        draft,
        headline=(draft.headline or opening(paragraphs[0]))[:MAX_HEADLINE],
        paragraphs=tuple(paragraphs),
        source=draft.source or agency(paragraphs[0]) or declared.host(),
        paywalled=walls.is_cut(paragraphs, declared.word_count())
        and (declared.is_locked() or walls.asks_to_pay(_notices(markup))),
    )


def _is_overloaded(markup: str) -> bool:
    """Whether it has more attributes than any real page; those without a value count where a tag is very long."""
    valued = markup.count("=") > MAX_ATTRIBUTES and sum(1 for _ in _ATTRIBUTE.finditer(markup)) > MAX_ATTRIBUTES
    return valued or any(len(tag[0].split()) > MAX_IN_A_TAG for tag in _LONG_TAG.finditer(markup))


def _described(declared: Declared) -> ArticleDraft:
    """All but the body."""
    published = declared.published()
    return ArticleDraft(
        headline=declared.headline() or "",
        paragraphs=(),
        source=declared.site(),
        byline=declared.byline(),
        url=declared.url(),
        photo_url=declared.photo(),
        caption=declared.caption(),
        language=declared.language(),
        published_at=published,
        published_guess=None if published else declared.published_guess(),
    )


def _notices(markup: str) -> str:
    """The short texts of a page, where its walls speak. The page is read again: the first tree is cut down by now."""
    found = pagebody.load(markup)
    texts = [] if found is None else (text_of(element) for element in found.xpath(_NOTICES))
    return "\n".join(dict.fromkeys(text for text in texts if 0 < len(text) <= _LONGEST_NOTICE))
