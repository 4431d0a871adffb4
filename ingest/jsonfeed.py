"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1). Pure. Nothing in it is trusted to have the type that it should."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.errors import ExtractError
from ingest.feeditems import Item

_ITEMS = re.compile(r'"items"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_TITLE = re.compile(r'"title"\s*:\s*("(?:[^"\\]|\\.){0,500}")')


@dataclass(frozen=True, slots=True)
class JsonFeed:
    title: str | None
    base: str | None
    items: tuple[Item, ...]
    truncated: bool
    hub: str | None = None
    self_url: str | None = None


def read_json_feed(text: str, limit: int) -> JsonFeed:
    """At most `limit` items; where the text is cut short, those that are whole. Raises ExtractError."""
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        feed = _salvaged(text, limit)
        if feed is None:
            raise ExtractError("it is a JSON Feed, but its JSON is broken") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise ExtractError("it is a JSON Feed without a list of items")
    language, names = _text(feed, "language"), _names(feed)
    found = tuple(_item(item, language, names) for item in items[:limit] if isinstance(item, dict))
    truncated = len(items) > limit or bool(feed.get("_cut"))
    about = (_text(feed, "title"), _text(feed, "feed_url") or _text(feed, "home_page_url"))
    return JsonFeed(*about, found, truncated, _hub(feed), _text(feed, "feed_url"))


def _hub(feed: dict[str, Any]) -> str | None:
    hubs = feed.get("hubs")
    found = (hub for hub in hubs if isinstance(hub, dict)) if isinstance(hubs, list) else ()
    return next((url for hub in found if hub.get("type") == "WebSub" and (url := _text(hub, "url"))), None)


def _salvaged(text: str, limit: int) -> dict[str, Any] | None:
    start = _ITEMS.search(text)
    items = list(_whole(text, start.end(), limit)) if start else []
    title = _TITLE.search(text[: start.start()]) if start else None
    return (
        {"items": items, "title": json.loads(title[1], strict=False) if title else None, "_cut": True}
        if items
        else None
    )


def _whole(text: str, position: int, limit: int) -> Iterator[Any]:
    """Items from a place in the text on, until one can't be read."""
    decoder = json.JSONDecoder(strict=False)
    for _ in range(limit):
        between = _BETWEEN.match(text, position)
        try:
            item, position = decoder.raw_decode(text, between.end() if between else position)
        except (ValueError, RecursionError):
            return
        yield item


def _item(item: dict[str, Any], language: str | None, names: tuple[str, ...]) -> Item:
    bodies = (
        (_text(item, "content_html"), True),
        (_text(item, "content_text"), False),
        (_text(item, "summary"), False),
    )
    links = (_text(item, "url"), _text(item, "external_url"), _text(item, "id"))
    return Item(
        title=_text(item, "title") or "",
        bodies=tuple((text, markup) for text, markup in bodies if text),
        links=tuple(filter(None, links[:2])) or tuple(link for link in links if link and "://" in link),
        guid=_text(item, "id"),
        names=_names(item) or names,
        dates=(_text(item, "date_published"), _text(item, "date_modified")),
        language=_text(item, "language") or language,
        photos=tuple(filter(None, (_text(item, "image"), _text(item, "banner_image"), *_pictures(item)))),
    )


def _names(holder: dict[str, Any]) -> tuple[str, ...]:
    authors = holder.get("authors")
    known = authors if isinstance(authors, list) and authors else [holder.get("author")]
    return tuple(name for author in known if isinstance(author, dict) and (name := _text(author, "name")))


def _pictures(item: dict[str, Any]) -> Iterator[str]:
    attachments = item.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else []:
        if isinstance(attachment, dict) and (_text(attachment, "mime_type") or "").startswith("image/"):
            yield _text(attachment, "url") or ""


def _text(holder: dict[str, Any], key: str) -> str | None:
    value = holder.get(key)
    if isinstance(value, int) and key == "id":  # version 1 allowed numbers
        return str(value) if abs(value) < 10**30 else None
    return value.strip() or None if isinstance(value, str) else None
