"""Bytes of any kind that may hold articles, to drafts. Pure, but slow for pages: call it off the event loop.

bytes → what is it? ─┬─ feed (RSS, Atom, RDF, JSON Feed) → feeds ─┐
                     ├─ JSON, a row a line or one value → jsonrows ┤
                     ├─ HTML → html                                ├→ drafts
                     ├─ an agency's XML (NewsML-G2) → newsml        ┤
                     ├─ Word, PDF, e-mail → documents               ┤
                     └─ anything else that is text → plaintext ────┘
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath

from ingest import documents, feeds
from ingest.decode import MAX_BYTES, decode
from ingest.errors import ExtractError
from ingest.html import draft_from_html
from ingest.jsonrows import Unread, drafts_from_json
from ingest.newsml import drafts_from_newsml, is_newsml
from ingest.plaintext import draft_from_text
from storage.records import ArticleDraft

MAX_ROWS_BYTES = 200_000_000

_BEFORE = r"(?is)\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*"
_PAGE = re.compile(_BEFORE + r"<(?:!doctype\s+html|html|head|body|meta)\b")
_FRAGMENT = re.compile(_BEFORE + r"<(?:article|main|div|section|p|h1)\b")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>")
_STRAY_TAGS = 2  # so few were copied along with a text, or put around it
_STRAY = re.compile(r"(?i)^\s*<(?:article|main|div|section|p|h1)\b[^<>]*>|</(?:article|main|div|section|p|h1)>\s*$")
_OTHER_XML = re.compile(r"\s*<\?xml[\s?]|\s*<!DOCTYPE\s+(?!html)|\s*<svg[\s>]", re.IGNORECASE)
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_JSON_TYPES = ("application/json", "application/x-ndjson", "application/jsonl", "application/ld+json")
_DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIL_START = re.compile(r"(?:From |[A-Za-z][A-Za-z0-9-]{1,60}:)")
_MAIL_HEADS = re.compile(r"(?im)^(?:received|message-id|mime-version|return-path|delivered-to|dkim-signature):\s")
_MAIL_SURE = 2


class Form(StrEnum):
    FEED = "feed"
    OPML = "opml"
    ROWS = "rows"
    JSON = "json"
    HTML = "html"
    TEXT = "text"
    NEWSML = "newsml"
    DOCX = "docx"
    PDF = "pdf"
    MAIL = "mail"


_DOCUMENTS = (Form.DOCX, Form.PDF, Form.MAIL)


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
    if form is Form.NEWSML:
        yield from drafts_from_newsml(data, datetime.now(UTC))
        return
    if form in _DOCUMENTS:
        yield from _documents(data, form)
        return
    text = decode(data, content_type, limit=MAX_ROWS_BYTES if form in (Form.ROWS, Form.JSON) else MAX_BYTES)
    if form in (Form.ROWS, Form.JSON):
        yield from drafts_from_json(text, by_line=form is Form.ROWS)
    elif form is Form.HTML:
        yield draft_from_html(text, url=url)
    elif _OTHER_XML.match(text):
        raise ExtractError("it is XML of a kind that holds no articles")
    else:
        yield draft_from_text(_STRAY.sub("", text), url=url)


def _documents(data: bytes, form: Form) -> Iterator[ArticleDraft | Unread]:
    """A mail with next to no text of its own stands for the files attached to it."""
    if len(data) > documents.MAX_DOCUMENT:
        raise ExtractError(f"it is {len(data) / 1e6:.1f} MB; at most {documents.MAX_DOCUMENT / 1e6:.0f} MB is read")
    if form is Form.DOCX:
        yield documents.draft_from_docx(data)
    elif form is Form.PDF:
        yield documents.draft_from_pdf(data)
    else:
        draft, files = documents.parts_of_mail(data)
        found = [draft] if draft else [item for name, file in files for item in _attached(name, file)]
        if not found:
            raise ExtractError("it holds no article text")
        yield from found


def _attached(name: str, data: bytes) -> Iterator[ArticleDraft | Unread]:
    """Nothing from a mail in a mail, or from a picture."""
    if form_of(data, name=name) is Form.MAIL:
        return
    try:
        yield from extract_each(data, name=name)
    except ExtractError:
        return


def form_of(data: bytes, *, name: str | None = None, content_type: str | None = None) -> Form:
    """What the bytes are: their beginning decides, then the file's name, then the declared type."""
    start = _start(data)
    suffix = PurePath(name or "").suffix.lower()
    declared = (content_type or "").split(";")[0].strip().lower()
    form = _document_form(data, start, suffix, declared)
    if form is None and re.search(r"(?i)<opml[\s>]", start[:4000]):
        form = Form.OPML
    if form is None and feeds.is_feed(data):
        form = Form.FEED
    return form or _json_form(start, suffix, declared) or _text_form(start, suffix, declared)


def _json_form(start: str, suffix: str, declared: str) -> Form | None:
    if suffix in (".jsonl", ".ndjson"):
        return Form.ROWS
    named = suffix == ".json" or declared in _JSON_TYPES or '"' in start[:200]
    return Form.JSON if suffix == ".json" or (start[:1] in ("{", "[") and named) else None


def _text_form(start: str, suffix: str, declared: str) -> Form:
    named = suffix in (".html", ".htm", ".xhtml") or declared in _HTML_TYPES
    fragment = _FRAGMENT.match(start) and len(_TAG.findall(start)) > _STRAY_TAGS
    return Form.HTML if _PAGE.match(start) or fragment or (named and "<" in start) else Form.TEXT


def _document_form(data: bytes, start: str, suffix: str, declared: str) -> Form | None:
    if data.startswith(b"%PDF-"):
        return Form.PDF
    if data.startswith(b"PK\x03\x04") and (suffix == ".docx" or declared == _DOCX_TYPE or b"word/" in data):
        return Form.DOCX
    if is_newsml(data):
        return Form.NEWSML
    mail = suffix == ".eml" or declared == "message/rfc822" or len(_MAIL_HEADS.findall(start[:8_000])) >= _MAIL_SURE
    return Form.MAIL if mail and _MAIL_START.match(start) else None


def _start(data: bytes) -> str:
    """Enough of the beginning to tell by; UTF-16 shows as its ASCII half."""
    return re.sub(r"^[\xef\xbb\xbf\xff\xfe\s]+", "", data[:20_000].replace(b"\x00", b"").decode("latin-1"))
