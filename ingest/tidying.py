"""A draft within bounds: what storage refuses, and what is of no use in an article, goes before anything is decided."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ingest.datelines import read_dateline
from ingest.decode import clean
from ingest.errors import ExtractError
from storage.records import ArticleDraft

MAX_HEADLINE = 500
MAX_FIELD = 2_000
MAX_PARAGRAPHS = 2_000
MAX_CHARACTERS = 500_000
# The full-text key of SQLite has room for 1834-2106.
_YEARS = range(1840, 2101)
# PostgreSQL indexes at most 2,704 bytes of a value.
_INDEXED_BYTES = 2_000


def tidy_or_error(draft: ArticleDraft) -> ArticleDraft | ExtractError:
    """As `tidy`; what it would raise is given."""
    try:
        return tidy(draft)
    except ExtractError as error:
        return error


def tidy(draft: ArticleDraft) -> ArticleDraft:
    """Within bounds, whitespace folded, without what storage refuses. Raises ExtractError if nothing is left."""
    paragraphs = tuple(_bounded(draft.paragraphs))
    headline = _line(draft.headline, MAX_HEADLINE) or (paragraphs[0][:100] if paragraphs else None)
    if headline is None or not paragraphs:
        raise ExtractError("it holds no article text")
    return replace(
        draft,
        headline=headline,
        paragraphs=paragraphs,
        source=_line(draft.source, 200),
        byline=_line(draft.byline, 300),
        dateline=_line(draft.dateline, 200) or _place(paragraphs),
        url=_url(draft.url),
        guid=_indexed(draft.guid),
        photo_url=_url(draft.photo_url),
        caption=_line(draft.caption, MAX_FIELD),
        language=_line(draft.language, 16),
        published_at=_time(draft.published_at),
        published_guess=_time(draft.published_guess),
        embargo_until=_time(draft.embargo_until),
    )


def _place(paragraphs: Sequence[str]) -> str | None:
    found = read_dateline(paragraphs[0])
    return None if found is None else found.place


def _time(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment.year in _YEARS else None


def _bounded(paragraphs: Iterable[str]) -> Iterable[str]:
    left = MAX_CHARACTERS
    for paragraph in list(paragraphs)[:MAX_PARAGRAPHS]:
        text = " ".join(clean(paragraph).split())[:left]
        left -= len(text)
        if text:
            yield text


def _line(value: str | None, longest: int) -> str | None:
    return " ".join(clean(value or "").split())[:longest].strip() or None


def _url(value: str | None) -> str | None:
    url = _indexed(value)
    return url if url and url.lower().startswith(("http://", "https://")) else None


def _indexed(value: str | None) -> str | None:
    """Whole or not at all: cut values would make two articles one."""
    line = _line(value, _INDEXED_BYTES + 1)
    return line if line and len(line.encode()) <= _INDEXED_BYTES else None
