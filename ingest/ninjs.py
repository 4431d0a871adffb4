"""What news agencies send as JSON: ninjs items (IPTC, 1.x to 3.x) to drafts. Pure.

Text only; canceled items are refused, those under embargo keep its end.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingest.dates import read_date
from ingest.errors import ExtractError
from ingest.markup import paragraphs_of
from storage.records import ArticleDraft

_TEXTS = ("text", "composite", None)


def is_ninjs(row: Mapping[str, Any]) -> bool:
    """By the names that ninjs alone has: other JSON articles have no `versioncreated` or `pubstatus`."""
    return "uri" in row and bool(
        {"versioncreated", "firstcreated", "pubstatus", "body_xhtml", "bodies", "headlines"} & row.keys()
    )


def draft_from_ninjs(row: Mapping[str, Any], now: datetime) -> ArticleDraft:
    """Raises ExtractError for pictures, canceled items, items withheld without end, and those without text."""
    if row.get("type") not in _TEXTS:
        raise ExtractError(f"it is a {row['type']}, not a text")
    until = embargo(row.get("pubstatus"), _said(row, "embargoed"), now)
    paragraphs = _ninjs_body(row)
    headline = _said(row, "headline", "title") or _listed(row, "headlines")
    if not paragraphs:
        raise ExtractError("it has no text")
    picture = _picture(row)
    return ArticleDraft(
        headline=headline or paragraphs[0],
        paragraphs=tuple(paragraphs),
        source=_named(row, "provider", "source", "copyrightholder", "infosources"),
        byline=_said(row, "byline") or _named(row, "by"),
        dateline=_said(row, "located"),
        url=web(_said(row, "url", "canonical") or _said(row, "uri")),
        guid=_said(row, "altId", "uri"),
        photo_url=web(_href(picture)),
        caption=_said(picture, "body_text", "description_text", "caption")
        or _listed(picture, "bodies", "descriptions"),
        language=_said(row, "language"),
        published_at=next((found for found in map(read_date, _ninjs_times(row)) if found), None),
        embargo_until=until,
    )


def _ninjs_times(row: Mapping[str, Any]) -> list[str | None]:
    return [_said(row, name) for name in ("contentcreated", "contentCreated", "firstcreated", "firstCreated",
                                          "versioncreated", "versionCreated")]  # fmt: skip


def _ninjs_body(row: Mapping[str, Any]) -> list[str]:
    markup = _said(row, "body_xhtml", "body_html") or _listed(row, "bodies")
    return paragraphs_of(markup or _said(row, "body_text", "description_text") or "")


def _picture(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first picture that goes with it; `associations` is an object up to 1.x, a list from 2.0 on."""
    found = row.get("associations")
    items = list(found.values()) if isinstance(found, Mapping) else found if isinstance(found, list) else []
    return next((item for item in items if isinstance(item, Mapping) and item.get("type") == "picture"), {})


def _href(picture: Mapping[str, Any]) -> str | None:
    """The largest rendition's."""
    found = picture.get("renditions")
    items = list(found.values()) if isinstance(found, Mapping) else found if isinstance(found, list) else []
    known = [item for item in items if isinstance(item, Mapping) and isinstance(item.get("href"), str)]
    sizes = [item["width"] if isinstance(item.get("width"), int) else 0 for item in known]
    return str(known[sizes.index(max(sizes))]["href"]) if known else None


def _said(row: Mapping[str, Any], *names: str) -> str | None:
    return next((row[name].strip() for name in names if isinstance(row.get(name), str) and row[name].strip()), None)


def _listed(row: Mapping[str, Any], *names: str) -> str | None:
    """The first value of lists like `headlines` and `bodies`: [{"role": "main", "value": …}]."""
    for name in names:
        found = row.get(name)
        items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
        ranked = sorted(items, key=lambda item: item.get("role") not in ("main", None))
        value = next((text for item in ranked if (text := _said(item, "value"))), None)
        if value:
            return value
    return None


def _named(row: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        value = row.get(name)
        first = value[0] if isinstance(value, list) and value else value
        found = _said(first, "name", "literal") if isinstance(first, Mapping) else first
        if isinstance(found, str) and found.strip():
            return found.strip()
    return None


def embargo(status: Any, embargoed: str | None, now: datetime) -> datetime | None:
    """Until when it is embargoed, None where it is free. Raises ExtractError for what is canceled or has no end set."""
    until = read_date(embargoed)
    if isinstance(status, str) and status.rpartition(":")[2] == "canceled":
        raise ExtractError("its agency has canceled it")
    if isinstance(status, str) and status.rpartition(":")[2] == "withheld" and until is None:
        raise ExtractError("its agency withholds it and doesn't say until when")
    return until if until is not None and until > now else None


def web(url: str | None) -> str | None:
    return url if url and url.lower().startswith(("http://", "https://")) else None
