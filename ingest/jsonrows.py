"""Articles as JSON: a row a line, one object, or a list. Pure.

Names are those of `tidings ingest --json`, with the ones that others use: `headline` or `title`; `paragraphs` (list) or
`text`, `body`, `content` (HTML or plain); `url` or `link`; `source`; `published_at` or `published`, `date`; `language`;
`byline` or `author`; `caption`; `guid`. What agencies send is read by its own names (ingest.ninjs).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingest.dates import read_date
from ingest.errors import ExtractError
from ingest.markup import paragraphs_of
from ingest.ninjs import draft_from_ninjs, is_ninjs
from ingest.plaintext import opening
from storage.records import ArticleDraft

_LISTS = ("articles", "items", "entries", "data", "results", "rows")
_MILLISECONDS = 100_000_000_000  # a Unix time above this counts milliseconds


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that is no article, and why."""

    row: int
    reason: str


def drafts_from_json(text: str, *, by_line: bool) -> Iterator[ArticleDraft | Unread]:
    """In order. `by_line`: rows are numbered by their lines; what can't be one JSON value may be one a line anyway."""
    for number, row in _rows(text, by_line):
        if isinstance(row, Unread):
            yield row
            continue
        try:
            yield draft_from_row(row)
        except ExtractError as error:
            yield Unread(number, str(error))


def draft_from_row(row: Any) -> ArticleDraft:
    """Raises ExtractError for what has no text."""
    if not isinstance(row, Mapping):
        raise ExtractError("not a JSON object")
    if is_ninjs(row):
        return draft_from_ninjs(row, datetime.now(UTC))
    paragraphs = _paragraphs(row)
    if not paragraphs:
        raise ExtractError("it has no text (`text` or `paragraphs`)")
    return ArticleDraft(
        headline=_string(row, "headline", "title") or opening(paragraphs[0]),
        paragraphs=paragraphs,
        source=_string(row, "source", "site", "publisher"),
        byline=_string(row, "byline", "author"),
        dateline=_string(row, "dateline"),
        url=_web(_string(row, "url", "link", "uri")),
        guid=_string(row, "guid"),
        photo_url=_web(_string(row, "photo_url", "image")),
        caption=_string(row, "caption"),
        language=_string(row, "language", "lang"),
        published_at=_time(row),
    )


def _rows(text: str, by_line: bool) -> Iterator[tuple[int, Any]]:
    if not by_line:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            by_line = "\n" in text.strip()
            if not by_line:
                raise ExtractError("it is not valid JSON") from None
        else:
            yield from enumerate(_listed(value), start=1)
            return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, Unread(number, "it is not valid JSON")


def _listed(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        inner = next((value[name] for name in _LISTS if isinstance(value.get(name), list)), None)
        return [value] if inner is None else inner
    return value if isinstance(value, list) else [value]


def _paragraphs(row: Mapping[str, Any]) -> tuple[str, ...]:
    given = row.get("paragraphs")
    if isinstance(given, list):
        return tuple(text for text in (" ".join(item.split()) for item in given if isinstance(item, str)) if text)
    return tuple(paragraphs_of(_string(row, "text", "body", "content", "body_text", "body_html", "content_html") or ""))


def _string(row: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        value = row.get(name)
        if isinstance(value, Mapping):
            value = value.get("name")
        if isinstance(value, list):
            value = ", ".join(item for item in value if isinstance(item, str))
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _web(url: str | None) -> str | None:
    return url if url and re.match(r"(?i)https?://", url) else None


def _time(row: Mapping[str, Any]) -> datetime | None:
    for name in ("published_at", "published", "date", "pub_date", "date_published", "versioncreated", "timestamp"):
        value = row.get(name)
        found = read_date(value) if isinstance(value, str) else _unix(value)
        if found is not None:
            return found
    return None


def _unix(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if abs(value) > _MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
