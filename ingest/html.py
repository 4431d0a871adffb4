"""A news page to a draft: body by trafilatura (readability where that finds nothing), metadata as the page declares it.

Pure, but slow (5-100 ms a page): call it off the event loop. `published_at` is what the page says of itself in its
metadata, a <time> of the article or its own address, and None otherwise: general date finders invent one on most
undated pages.
"""

import importlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html

from ingest.dates import read_date
from ingest.decode import clean
from ingest.errors import ExtractError
from ingest.lines import count_words, folded
from ingest.plaintext import MAX_HEADLINE, agency, opening
from storage.records import ArticleDraft

# trafilatura and readability take over 20 s on 200,000 attributes; real pages of 3 MB have under 30,000.
MAX_ATTRIBUTES = 60_000
MIN_WORDS = 12  # fewer is a label or an error message, not an article
_FEW_WORDS = 40
_TELLING = 4

_ATTRIBUTE = re.compile(r"[\w:-]\s*=\s*[\"']?[^\s\"'>]")
_ARTICLE_TYPE = re.compile(r"(?i)(?:news|blog|reportage|opinion|review|analysis|liveblog|)(?:article|posting|report)$")
_URL_DATE = re.compile(r"/(?P<y>(?:19|20)\d\d)[/-](?P<m>0[1-9]|1[0-2])[/-](?P<d>0[1-9]|[12]\d|3[01])(?:/|-)")
_SUFFIX = re.compile(r"\s+[|\-–—·»:]+\s+")
_PUBLISHED_KEYS = (
    "article:published_time", "og:article:published_time", "datepublished", "date.published", "publish-date",
    "publishdate", "pubdate", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.created", "dc.date",
    "dcterms.date", "article.published", "published-date", "publication_date", "article_date_original",
    "cxenseparse:recs:publishtime", "date",
)  # fmt: skip
_CAPTIONS = "//figcaption|//*[contains(@class,'wp-caption-text')]|//*[@itemprop='caption']"
_LABEL = re.compile(r"(?i)^(?:image caption|photo caption|caption)\s*[:：,]?\s*")
_CREDIT = re.compile(r"(?<=\S)\s*(?:Photo |Image )?Credit(?:\.\.\.|…|:).*")

Tree = Any  # lxml ships no types


def _trafilatura() -> Any:
    """Loaded at the first page: with what it needs it takes as long to load as the rest of ingest."""
    return importlib.import_module("trafilatura")


def _readability() -> Any:
    return importlib.import_module("readability")


def draft_from_html(markup: str, *, url: str | None = None) -> ArticleDraft:
    """The article of a page fetched from `url`. Raises ExtractError where there is none."""
    if sum(1 for _ in _ATTRIBUTE.finditer(markup)) > MAX_ATTRIBUTES:
        raise ExtractError("the page is too complicated to read")
    tree = _trafilatura().load_html(markup)
    if tree is None:
        raise ExtractError("it holds no readable HTML")
    metas, data = _metas(tree), list(_linked_data(tree))
    captions = [text for text in map(_text, tree.xpath(_CAPTIONS)) if text]
    declared = _Declared(tree, metas, data, url)
    paragraphs = _body(tree, markup, captions)
    if sum(map(count_words, paragraphs)) < MIN_WORDS:
        raise ExtractError("it holds no article text")
    site = declared.site()
    headline = _without_site(declared.headline() or opening(paragraphs[0]), site)
    if len(paragraphs) > 1 and folded(paragraphs[0]) == folded(headline):
        paragraphs = paragraphs[1:]
    return ArticleDraft(
        headline=headline[:MAX_HEADLINE],
        paragraphs=tuple(paragraphs),
        source=site or agency(paragraphs[0]) or declared.host(),
        byline=declared.byline(),
        url=declared.url(),
        photo_url=declared.photo(),
        caption=_caption(captions),
        language=declared.language(),
        published_at=declared.published(),
    )


class _Declared:
    """What a page says about itself: JSON-LD first (it is about the article), then meta elements, then its looks."""

    def __init__(self, tree: Tree, metas: dict[str, str], data: list[dict[str, Any]], url: str | None) -> None:
        self._tree, self._metas, self._fetched = tree, metas, url
        self._data: dict[str, Any] = next((item for item in data if _is_article(item)), {})

    def _meta(self, *names: str) -> str | None:
        return next((self._metas[name] for name in names if self._metas.get(name)), None)

    def headline(self) -> str | None:
        said = _string(self._data.get("headline"))
        shown = [text for text in map(_text, self._tree.xpath("//h1")) if text]
        titled = _text(next(iter(self._tree.xpath("//head/title|//title")), None))
        og = self._meta("og:title", "twitter:title", "dc.title", "headline")
        if len(shown) == 1 and og and folded(shown[0]) in folded(og):
            return shown[0]
        return said or og or (shown[0] if len(shown) == 1 else None) or titled or next(iter(shown), None)

    def site(self) -> str | None:
        publisher = self._data.get("publisher")
        named = _string(publisher.get("name")) if isinstance(publisher, dict) else None
        site = self._meta("og:site_name", "application-name", "dc.publisher") or named
        return site if site and len(site) <= 80 and "://" not in site else None  # noqa: PLR2004

    def host(self) -> str | None:
        host = urlsplit(self.url() or "").hostname
        return host.removeprefix("www.") if host else None

    def url(self) -> str | None:
        """The canonical address, where it is one of the same site: a wrong one would make two articles the same."""
        hrefs = self._tree.xpath("//link[@rel='canonical']/@href")
        found = next((urljoin(self._fetched or "", href.strip()) for href in hrefs), None) or self._meta("og:url")
        if not found or not found.startswith(("http://", "https://")):
            return self._fetched
        if self._fetched is None:
            return found
        same = (urlsplit(found).hostname or "").removeprefix("www.") == _host(self._fetched).removeprefix("www.")
        front = urlsplit(found).path in ("", "/") and not urlsplit(found).query
        return found if same and not front else self._fetched

    def byline(self) -> str | None:
        authors = self._data.get("author")
        names = [_name(item) for item in (authors if isinstance(authors, list) else [authors])]
        known = [name for name in names if name] or [self._meta("author", "article:author", "byl", "dc.creator") or ""]
        joined = ", ".join(dict.fromkeys(name for name in known if name and "://" not in name))
        return re.sub(r"(?i)^by\s+", "", joined)[:200] or None

    def photo(self) -> str | None:
        found = self._meta("og:image", "og:image:url", "twitter:image", "twitter:image:src")
        url = urljoin(self._fetched or "", found) if found else ""
        return url if url.startswith(("http://", "https://")) else None

    def language(self) -> str | None:
        said = next(iter(self._tree.xpath("/html/@lang|//html/@lang")), None) or self._meta("og:locale", "language")
        code = re.match(r"[a-zA-Z]{2,3}", said or "")
        return code[0].lower() if code else None

    def published(self) -> datetime | None:
        said = [_string(self._data.get(key)) for key in ("datePublished", "dateCreated")]
        said += [self._metas.get(key) for key in _PUBLISHED_KEYS]
        said += self._tree.xpath("//*[@itemprop='datePublished']/@content|//*[@itemprop='datePublished']/@datetime")
        said += self._tree.xpath("(//article|//header|//main)//time[@pubdate or contains(@class,'publish') or "
                                 "contains(@class,'entry-date') or contains(@class,'date')]/@datetime")  # fmt: skip
        said += self._only_time()
        declared = next((found for found in map(read_date, said) if found), None)
        return declared or _date_of_url(self._fetched or self.url())

    def _only_time(self) -> list[str]:
        """The one <time> of the one <article>: several may be those of comments or of other stories."""
        times = set(self._tree.xpath("//article//time/@datetime"))
        return list(times) if len(times) == 1 and len(self._tree.xpath("//article")) == 1 else []


def _body(tree: Tree, markup: str, captions: Iterable[str]) -> list[str]:
    found = _trafilatura().bare_extraction(
        tree, include_comments=False, include_tables=False, with_metadata=False, prune_xpath=_CAPTIONS.split("|")
    )
    known = {folded(caption) for caption in captions}
    paragraphs = _paragraphs(getattr(found, "text", None) or "", known)
    if sum(map(count_words, paragraphs)) >= _FEW_WORDS:
        return paragraphs
    other = _paragraphs(_readable(markup), known)
    return max(paragraphs, other, key=lambda texts: sum(map(count_words, texts)))


def _caption(captions: list[str]) -> str | None:
    """The first that tells something; pages put the photographer's credit straight behind it, without a space."""
    telling = next((text for text in captions if count_words(text) >= _TELLING), next(iter(captions), None))
    return _CREDIT.sub("", _LABEL.sub("", telling))[:1000] if telling else None


def _readable(markup: str) -> str:
    """readability's opinion, a block a line; empty where it has none."""
    try:
        summary = _readability().Document(markup).summary(html_partial=True)
        blocks = lxml.html.fromstring(summary).xpath("//p|//li|//h2|//h3|//blockquote[not(p)]|//pre")
    except (lxml.etree.LxmlError, ValueError, TypeError):
        return ""
    return "\n".join(_text(block) for block in blocks)


def _paragraphs(text: str, captions: set[str]) -> list[str]:
    lines = (" ".join(line.split()).removeprefix("- ").strip() for line in clean(text).split("\n"))
    return [line for line in lines if line and folded(line) not in captions]


def _metas(tree: Tree) -> dict[str, str]:
    """Lower-case name, property or itemprop → content, the first of each."""
    found: dict[str, str] = {}
    for meta in tree.xpath("//meta[@content]"):
        content = " ".join(clean(meta.get("content")).split())
        for key in ("property", "name", "itemprop"):
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
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (inner for inner in (graph if isinstance(graph, list) else []) if isinstance(inner, dict))


def _is_article(item: dict[str, Any]) -> bool:
    kinds = item.get("@type")
    return any(isinstance(kind, str) and _ARTICLE_TYPE.fullmatch(kind) for kind in _listed(kinds))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(value: Any) -> str | None:
    return _string(value.get("name")) if isinstance(value, dict) else _string(value)


def _string(value: Any) -> str | None:
    """Text of a JSON value; JSON-LD is often escaped twice."""
    if isinstance(value, list):
        value = next(iter(value), None)
    if not isinstance(value, str) or not value.strip():
        return None
    text = re.sub(r"<[^>]{1,80}>", "", lxml.html.fromstring(f"<p>{value}</p>").text_content())
    return " ".join(clean(text).split()) or None


def _text(element: Tree) -> str:
    return "" if element is None else " ".join(clean(element.text_content()).split())


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _without_site(headline: str, site: str | None) -> str:
    """`Headline | Site` → `Headline`."""
    parts = _SUFFIX.split(headline)
    if len(parts) > 1 and site and folded(parts[-1]) in (folded(site), folded(site).replace(" ", "")):
        return headline[: headline.rindex(parts[-1])].rstrip(" |-–—·»:")
    return headline


def _date_of_url(url: str | None) -> datetime | None:
    found = _URL_DATE.search(urlsplit(url or "").path)
    return read_date(f"{found['y']}-{found['m']}-{found['d']}") if found else None
