"""One item of a feed, of whatever kind, to a draft. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

from ingest.dates import read_date
from ingest.feedtext import one_line, paragraphs
from ingest.lines import folded
from storage.records import ArticleDraft

MAX_HEADLINE = 300
MAX_URL = 2_000
_MADE_HEADLINE = 100
_OLDEST = datetime(1971, 1, 1, tzinfo=UTC)  # a zero of Unix time, or of Go's and .NET's calendars, is no date
_AHEAD = timedelta(days=1)
_MAIL = re.compile(r"\(?[^\s@]{1,64}@[^\s@]{1,100}\)?")
_ESCAPED = re.compile(r"&(?:amp|#38);")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?$")


@dataclass(frozen=True, slots=True)
class Item:
    """What a feed says of an item, as it says it. `bodies`: (text, whether it is markup), the best first.

    `dates`: as written or as read, the best first.
    """

    title: str = ""
    bodies: tuple[tuple[str, bool], ...] = ()
    links: tuple[str, ...] = ()
    guid: str | None = None
    names: tuple[str, ...] = ()
    dates: tuple[datetime | str | None, ...] = ()
    language: str | None = None
    photos: tuple[str, ...] = ()
    source: str | None = None


def draft_of(item: Item, *, base: str | None, now: datetime, source: str | None = None) -> ArticleDraft | None:
    """None for an item with neither headline nor text. Relative addresses start from `base`; `source` is the feed's."""
    headline = _shortened(one_line(item.title), MAX_HEADLINE)
    body = next((found for text, markup in item.bodies if (found := paragraphs(text, markup=markup))), ())
    if not headline and not body:
        return None
    if body and folded(body[0]) == folded(headline):
        body = body[1:]
    draft = ArticleDraft(headline or _shortened(body[0], _MADE_HEADLINE), body)
    return replace(
        draft,
        source=one_line(item.source or source or "")[:200] or None,
        byline=_byline(item.names),
        url=web_address(item.links, base),
        guid=one_line(item.guid or "")[:MAX_URL] or None,
        photo_url=web_address(item.photos, base),
        language=language_code(item.language),
        published_at=next((moment for date in item.dates if (moment := _moment(date, now))), None),
    )


def web_address(found: Iterable[str], base: str | None = None) -> str | None:
    """The first that is, or leads from `base` to, an http or https address."""
    for text in found:
        try:
            # In CDATA an ampersand needs no escape; some feeds write one all the same.
            url = urljoin(base or "", _ESCAPED.sub("&", "".join(text.split()) if "\n" in text else text.strip()))
            parts = urlsplit(url)
        except ValueError:
            continue
        fits = parts.scheme in ("http", "https") and parts.hostname and len(url) <= MAX_URL
        if fits and text.strip() and url.isprintable() and " " not in url:
            return url
    return None


def language_code(text: str | None) -> str | None:
    found = _LANGUAGE.match((text or "").strip())
    code = found[1].lower() if found else None
    return None if code in ("und", "mul", "zxx") else code


def _byline(names: Iterable[str]) -> str | None:
    plain = (_MAIL.sub(" ", one_line(name[:300])).strip(" ()<>,;") for name in names)
    bare = (re.sub(r"(?i)^by\s+", "", " ".join(name.split())) for name in plain)
    return ", ".join(dict.fromkeys(name for name in bare if name and "://" not in name))[:200] or None


def _moment(date: datetime | str | None, now: datetime) -> datetime | None:
    moment = read_date(date) if isinstance(date, str) else date
    return moment if moment and _OLDEST <= moment <= now + _AHEAD else None


def _shortened(text: str, limit: int) -> str:
    """At most so many characters, cut between words where there are any."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) > limit / 2 else cut}…"
