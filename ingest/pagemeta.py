"""What a page says about itself: JSON-LD first (it is about the article), then meta elements, then its looks. Pure.

`published` is a time that the page's metadata declares to be the article's; `published_guess` one that only its looks
suggest (a <time> element, its address, a date beside the headline). General date finders invent a date on most
undated pages, so nothing else is believed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import lxml.html

from ingest.dates import find_date, read_date
from ingest.decode import clean
from ingest.lines import count_words, folded

Tree = Any  # lxml ships no types

CAPTIONS = "//figcaption|//*[contains(@class,'wp-caption-text')]|//*[@itemprop='caption']"

_ARTICLE_TYPE = re.compile(r"(?i)(?:news|blog|reportage|opinion|review|analysis|liveblog|)(?:article|posting|report)$")
_URL_DATE = re.compile(r"/(?P<y>(?:19|20)\d\d)[/-](?P<m>0[1-9]|1[0-2])[/-](?P<d>0[1-9]|[12]\d|3[01])(?:/|-)")
_SUFFIX = re.compile(r"\s+[|\-–—·»:]+\s+")
_PUBLISHED_KEYS = (
    "article:published_time", "og:article:published_time", "og:published_time", "date.published", "publish-date",
    "publish_date", "publishdate", "pubdate", "publication_date", "published-date", "article.published",
    "article_date_original", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date", "dcterms.date", "cxenseparse:recs:publishtime", "date",
)  # fmt: skip
# Reviews, comments and the like carry dates of their own inside a page about something else.
_OTHERS = "ancestor::*[contains(@itemtype,'Review') or contains(@itemtype,'Comment') or contains(@itemtype,'Event')]"
_ITEM_DATES = (
    f"//*[@itemprop='datePublished'][not({_OTHERS})]/@content|//*[@itemprop='datePublished'][not({_OTHERS})]/@datetime"
)
_SHOWN_DATES = (
    "(//article|//header|//main)//time[@pubdate or contains(@class,'publish') or contains(@class,'entry-date') "
    "or contains(@class,'date')]/@datetime"
)
_BESIDE = "(//h1)[1]/ancestor::*[position()<=3]//*[not(self::script)][not(*[2])][string-length(normalize-space(.))<60]"
_LABEL = re.compile(r"(?i)^(?:image caption|photo caption|caption)\s*[:：,]?\s*")
_CREDIT = re.compile(r"(?<=\S)\s*(?:Photo |Image )?Credit(?:\.\.\.|…|:).*")
_TELLING = 4  # words that make a caption say something
_LONGEST_SITE = 80


class Declared:
    """Of the page fetched from `url`; `tree` is not changed."""

    def __init__(self, tree: Tree, url: str | None) -> None:
        self._tree, self._fetched, self._metas = tree, url, _metas(tree)
        found = [item for item in _linked_data(tree) if _is_article(item)]
        self.data: dict[str, Any] = next(iter(found), {})
        self.captions = [text for text in map(text_of, tree.xpath(CAPTIONS)) if text]

    def meta(self, *names: str) -> str | None:
        return next((self._metas[name] for name in names if self._metas.get(name)), None)

    def headline(self) -> str | None:
        said = string(self.data.get("headline"))
        shown = [text for text in map(text_of, self._tree.xpath("//h1")) if text]
        titled = text_of(next(iter(self._tree.xpath("//head/title|//title")), None))
        og = self.meta("og:title", "twitter:title", "dc.title", "headline")
        if len(shown) == 1 and og and folded(shown[0]) in folded(og):
            return shown[0]
        found = said or og or (shown[0] if len(shown) == 1 else None) or titled or next(iter(shown), None)
        return _without_site(found, self.site()) if found else None

    def site(self) -> str | None:
        publisher = self.data.get("publisher")
        named = string(publisher.get("name")) if isinstance(publisher, dict) else None
        site = self.meta("og:site_name", "application-name", "dc.publisher") or named
        return site if site and len(site) <= _LONGEST_SITE and "://" not in site else None

    def host(self) -> str | None:
        host = _host(self.url() or "")
        return host.removeprefix("www.") if host else None

    def url(self) -> str | None:
        """The canonical address, where it is one of the same site: a wrong one would make two articles the same."""
        hrefs = self._tree.xpath("//link[@rel='canonical']/@href")
        found = next((urljoin(self._fetched or "", href.strip()) for href in hrefs), None) or self.meta("og:url")
        if not found or not found.startswith(("http://", "https://")):
            return self._fetched
        if self._fetched is None:
            return found
        same = _host(found).removeprefix("www.") == _host(self._fetched).removeprefix("www.")
        front = urlsplit(found).path in ("", "/") and not urlsplit(found).query
        return found if same and not front else self._fetched

    def byline(self) -> str | None:
        authors = self.data.get("author")
        names = [_name(item) for item in listed(authors)]
        known = [name for name in names if name] or [self.meta("author", "article:author", "byl", "dc.creator") or ""]
        joined = ", ".join(dict.fromkeys(name for name in known if name and "://" not in name))
        return re.sub(r"(?i)^by\s+", "", joined)[:200] or None

    def photo(self) -> str | None:
        """The lead image: as shared, as linked data has it, else the first figure's of the article."""
        shown = self._tree.xpath("(//article|//main)//figure//img/@src")
        found = self.meta("og:image", "og:image:url", "twitter:image", "twitter:image:src")
        found = found or _image(self.data.get("image")) or next(iter(shown), None)
        url = urljoin(self._fetched or "", found.strip()) if found else ""
        return url if url.startswith(("http://", "https://")) else None

    def caption(self) -> str | None:
        """The lead image's own, else the first that tells something.

        Pages put the photographer's credit straight behind it, without a space.
        """
        own = self._caption_of(_file_name(self.photo()))
        telling = (text for text in self.captions if count_words(text) >= _TELLING)
        found = own or next(telling, next(iter(self.captions), None))
        return _CREDIT.sub("", _LABEL.sub("", found))[:1000] or None if found else None

    def _caption_of(self, name: str) -> str | None:
        figures = self._tree.xpath("//figure[.//figcaption]") if name else []
        for figure in figures:
            sources = figure.xpath(".//img/@src|.//img/@data-src")
            if any(_file_name(source) == name for source in sources):
                caption = text_of(figure.find(".//figcaption"))
                return caption if count_words(caption) >= _TELLING else None
        return None

    def language(self) -> str | None:
        said = next(iter(self._tree.xpath("/html/@lang|//html/@lang")), None) or self.meta("og:locale", "language")
        code = re.match(r"[a-zA-Z]{2,3}", said or "")
        return code[0].lower() if code else None

    def published(self) -> datetime | None:
        """As metadata declares it: JSON-LD, meta elements, microdata where it names one day only."""
        said = [string(self.data.get("datePublished")), *(self._metas.get(key) for key in _PUBLISHED_KEYS)]
        return _first(said) or _only_day(self._tree.xpath(_ITEM_DATES))

    def published_guess(self) -> datetime | None:
        """What the page's looks suggest, for where nothing is declared."""
        dated = _date_of_url(self._fetched or self.url())
        shown = _only_day(self._only_time()) or _first(self._tree.xpath(_SHOWN_DATES)[:1])
        if dated and (shown is None or abs(shown - dated).days > 1):
            return dated
        return shown or self._beside_headline() or _first([string(self.data.get("dateCreated"))])

    def _only_time(self) -> list[str]:
        """The one <time> of the one <article>: several may be those of comments or of other stories."""
        times = set(self._tree.xpath("//article//time/@datetime"))
        return list(times) if len(times) == 1 and len(self._tree.xpath("//article")) == 1 else []

    def _beside_headline(self) -> datetime | None:
        """A short text near the only headline that is little more than a date."""
        if len(self._tree.xpath("//h1")) != 1:
            return None
        for element in self._tree.xpath(_BESIDE)[:80]:
            text = text_of(element)
            found = find_date(text)
            if found and (found[1][1] - found[1][0]) * 3 > len(text):
                return found[0]
        return None

    def is_locked(self) -> bool:
        """Whether the page says that not everybody may read it."""
        parts = [part for part in listed(self.data.get("hasPart")) if isinstance(part, dict)]
        free = [item.get("isAccessibleForFree") for item in [self.data, *parts]]
        tier = (self.meta("article:content_tier", "article.content_tier", "content_tier") or "").lower()
        return tier == "locked" or any(str(value).strip().lower() in ("false", "no") for value in free)

    def word_count(self) -> int:
        """Of the whole article as declared; 0 where it isn't."""
        said = string(self.data.get("wordCount")) or str(self.data.get("wordCount") or "")
        return int(said) if re.fullmatch(r"\d{1,6}", said) else 0


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def string(value: Any) -> str | None:
    """Text of a JSON value; JSON-LD is often escaped twice."""
    if isinstance(value, list):
        value = next(iter(value), None)
    if not isinstance(value, str) or not value.strip():
        return None
    text = re.sub(r"<[^>]{1,80}>", "", lxml.html.fromstring(f"<p>{value}</p>").text_content())
    return " ".join(clean(text).split()) or None


def text_of(element: Tree) -> str:
    return "" if element is None else " ".join(clean(element.text_content()).split())


def _metas(tree: Tree) -> dict[str, str]:
    """Lower-case name or property → content, the first of each."""
    found: dict[str, str] = {}
    for meta in tree.xpath("//meta[@content]"):
        content = " ".join(clean(meta.get("content")).split())
        for key in ("property", "name"):
            if meta.get(key) and content:
                found.setdefault(meta.get(key).lower(), content)
    return found


def _linked_data(tree: Tree) -> Iterator[dict[str, Any]]:
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            yield from _objects(json.loads(script, strict=False))
        except (ValueError, RecursionError):
            continue


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects on the two levels where pages put them: a list, or an @graph."""
    for item in listed(value):
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (inner for inner in (graph if isinstance(graph, list) else []) if isinstance(inner, dict))


def _is_article(item: dict[str, Any]) -> bool:
    return any(isinstance(kind, str) and _ARTICLE_TYPE.fullmatch(kind) for kind in listed(item.get("@type")))


def _name(value: Any) -> str | None:
    return string(value.get("name")) if isinstance(value, dict) else string(value)


def _image(value: Any) -> str | None:
    first = next(iter(listed(value)), None)
    return string(first.get("url")) if isinstance(first, dict) else string(first)


def _file_name(url: str | None) -> str:
    return unquote(urlsplit(url or "").path.rsplit("/", 1)[-1])


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _without_site(headline: str, site: str | None) -> str:
    """`Headline | Site` → `Headline`."""
    parts = _SUFFIX.split(headline)
    if len(parts) > 1 and site and folded(parts[-1]) in (folded(site), folded(site).replace(" ", "")):
        return headline[: headline.rindex(parts[-1])].rstrip(" |-–—·»:")
    return headline


def _first(values: Iterable[str | None]) -> datetime | None:
    return next((found for found in map(read_date, values) if found), None)


def _only_day(values: Iterable[str]) -> datetime | None:
    """The first of the times, where all are of one day: several days are those of several things."""
    found = [moment for moment in map(read_date, values) if moment]
    return found[0] if found and len({moment.date() for moment in found}) == 1 else None


def _date_of_url(url: str | None) -> datetime | None:
    found = _URL_DATE.search(urlsplit(url or "").path)
    return read_date(f"{found['y']}-{found['m']}-{found['d']}") if found else None
