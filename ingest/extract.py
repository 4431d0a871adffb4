"""Bytes of any kind that may hold articles, to drafts. Pure, but slow for pages: call it off the event loop.

bytes → what is it? ─┬─ feed (RSS, Atom, RDF, JSON Feed) → feeds ─┐
                     ├─ JSON, a row a line or one value → jsonrows ┤
                     ├─ HTML → html                                ├→ drafts
                     └─ anything else that is text → plaintext ────┘
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import PurePath

from ingest import feeds
from ingest.decode import MAX_BYTES, decode
from ingest.errors import ExtractError
from ingest.html import draft_from_html
from ingest.jsonrows import Unread, drafts_from_json
from ingest.plaintext import draft_from_text
from storage.records import ArticleDraft

MAX_ROWS_BYTES = 200_000_000

_HTML = re.compile(
    r"(?i)\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main|div|section|p|h1|meta)\b",
    re.DOTALL,
)
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_JSON_TYPES = ("application/json", "application/x-ndjson", "application/jsonl", "application/ld+json")


class Form(StrEnum):
    FEED = "feed"
    OPML = "opml"
    ROWS = "rows"
    JSON = "json"
    HTML = "html"
    TEXT = "text"


def extract(
    data: bytes, *, name: str | None = None, url: str | None = None, content_type: str | None = None
) -> list[ArticleDraft]:
    """The drafts in `data`; `name` is its file name, `url` where it was fetched. Rows that can't be read are left out.

    Raises ExtractError where nothing can be read; the message is for people ("it is empty").
    """
    found = list(extract_each(data, name=name, url=url, content_type=content_type))
    drafts = [item for item in found if isinstance(item, ArticleDraft)]
    if not drafts:
        raise ExtractError(next((item.reason for item in found if isinstance(item, Unread)), "it holds no articles"))
    return drafts


def extract_each(
    data: bytes, *, name: str | None = None, url: str | None = None, content_type: str | None = None
) -> Iterator[ArticleDraft | Unread]:
    """As `extract`, but rows that can't be read are told where they stand."""
    form = form_of(data, name=name, content_type=content_type)
    if form is Form.OPML:
        raise ExtractError("it is a list of feeds (OPML), not articles")
    if form is Form.FEED:
        yield from feeds.parse_feed(data, url=url).drafts
        return
    text = decode(data, content_type, limit=MAX_ROWS_BYTES if form in (Form.ROWS, Form.JSON) else MAX_BYTES)
    if form in (Form.ROWS, Form.JSON):
        yield from drafts_from_json(text, by_line=form is Form.ROWS)
    elif form is Form.HTML:
        yield draft_from_html(text, url=url)
    else:
        yield draft_from_text(text, url=url)


def form_of(data: bytes, *, name: str | None = None, content_type: str | None = None) -> Form:
    """What the bytes are: their beginning decides, then the file's name, then the declared type."""
    start = _start(data)
    suffix = PurePath(name or "").suffix.lower()
    declared = (content_type or "").split(";")[0].strip().lower()
    if re.search(r"(?i)<opml[\s>]", start[:4000]):
        return Form.OPML
    if feeds.is_feed(data):
        return Form.FEED
    if suffix in (".jsonl", ".ndjson"):
        return Form.ROWS
    if start[:1] in ("{", "[") and (suffix == ".json" or declared in _JSON_TYPES or '"' in start[:200]):
        return Form.JSON
    if suffix == ".json":
        return Form.JSON
    named = suffix in (".html", ".htm", ".xhtml") or declared in _HTML_TYPES
    return Form.HTML if _HTML.match(start) or (named and "<" in start) else Form.TEXT


def _start(data: bytes) -> str:
    """Enough of the beginning to tell by; UTF-16 shows as its ASCII half."""
    return re.sub(r"^[\xef\xbb\xbf\xff\xfe\s]+", "", data[:20_000].replace(b"\x00", b"").decode("latin-1"))
