"""What news agencies send as XML: NewsML-G2 items (IPTC, 2.x) to drafts. Pure.

Text only; canceled items are refused, those under embargo keep its end. No entity is expanded and nothing is
loaded from elsewhere.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import lxml.etree

from ingest.dates import read_date
from ingest.decode import MAX_BYTES, clean
from ingest.errors import ExtractError
from ingest.jsonrows import Unread
from ingest.markup import paragraphs_of, paragraphs_of_block
from ingest.ninjs import embargo, web
from storage.records import ArticleDraft

Tree = Any  # lxml ships no types

NAR = "http://iptc.org/std/nar/2006-10-01/"
MAX_ITEMS = 2_000
_N = {"n": NAR}
_SNIFFED = 4_000


def is_newsml(data: bytes) -> bool:
    start = data[:_SNIFFED]
    return NAR.encode() in start and any(name in start for name in (b"newsItem", b"newsMessage", b"packageItem"))


def drafts_from_newsml(data: bytes, now: datetime) -> Iterator[ArticleDraft | Unread]:
    """Each news item of a message, a package's wrapper aside. Raises ExtractError where it can't be read at all."""
    if len(data) > MAX_BYTES:
        raise ExtractError(f"it is {len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB is read")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ExtractError("it defines entities of its own, which are not read")
    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, recover=False
    )
    try:
        root = lxml.etree.fromstring(data, parser)
    except (lxml.etree.XMLSyntaxError, ValueError) as error:
        raise ExtractError("it is not well-formed XML") from error
    items = list(root.iter(f"{{{NAR}}}newsItem"))[:MAX_ITEMS]
    if not items:
        raise ExtractError("it holds no news items")
    for number, item in enumerate(items, start=1):
        try:
            yield _draft_from_item(item, now)
        except ExtractError as error:
            yield Unread(number, str(error))


def _draft_from_item(item: Tree, now: datetime) -> ArticleDraft:
    kind = _code(item, "n:itemMeta/n:itemClass")
    if kind not in ("", "text", "composite"):
        raise ExtractError(f"it is a {kind}, not a text")
    until = embargo(_code(item, "n:itemMeta/n:pubStatus"), _text(item, "n:itemMeta/n:embargoed"), now)
    inline, pictured = _inline(item), item.find("n:contentMeta/n:icon", _N)
    caption = _text(inline, ".//{*}figcaption") or _text(inline, ".//{*}media-caption")
    paragraphs = _newsml_body(inline)
    if not paragraphs:
        raise ExtractError("it has no text")
    created = (_text(item, f"n:{path}") for path in ("contentMeta/n:contentCreated", "itemMeta/n:firstCreated",
                                                    "itemMeta/n:versionCreated"))  # fmt: skip
    return ArticleDraft(
        headline=_text(item, "n:contentMeta/n:headline") or _text(inline, ".//{*}hl1") or paragraphs[0],
        paragraphs=tuple(paragraphs),
        source=_text(item, "n:contentMeta/n:creditline") or _name(item, "n:contentMeta/n:infoSource")
        or _name(item, "n:itemMeta/n:provider"),
        byline=_text(item, "n:contentMeta/n:by") or _name(item, "n:contentMeta/n:creator"),
        dateline=_text(item, "n:contentMeta/n:dateline") or _text(inline, ".//{*}dateline"),
        url=web(_link(item)),
        guid=item.get("guid"),
        photo_url=web(pictured.get("href")) if pictured is not None else None,
        caption=caption,
        language=_language(item),
        embargo_until=until,
        published_at=next((found for found in map(read_date, created) if found), None),
    )  # fmt: skip


def _inline(item: Tree) -> Tree | None:
    found = item.find("n:contentSet/n:inlineXML", _N)
    return item.find("n:contentSet/n:inlineData", _N) if found is None else found


def _newsml_body(inline: Tree | None) -> list[str]:
    """NITF's body.content, XHTML's body, or plain text."""
    if inline is None:
        return []
    if len(inline) == 0:
        return paragraphs_of(inline.text or "")
    body = next((found for name in ("body.content", "body") if (found := inline.find(f".//{{*}}{name}")) is not None),
                inline)  # fmt: skip
    for extra in list(body.iterfind(".//{*}media")) + list(body.iterfind(".//{*}figure")):
        _drop(extra)
    for element in body.iter(lxml.etree.Element):
        element.tag = lxml.etree.QName(element).localname
    lxml.etree.cleanup_namespaces(body)
    return paragraphs_of_block(lxml.etree.tostring(body, encoding="unicode", with_tail=False))


def _drop(element: Tree) -> None:
    parent, before = element.getparent(), element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)


def _text(item: Tree | None, path: str) -> str | None:
    found = item.find(path, _N) if item is not None else None
    return " ".join(clean("".join(found.itertext())).split()) or None if found is not None else None


def _name(item: Tree, path: str) -> str | None:
    """`<provider><name>…`, a literal, or the end of a qcode such as `nprov:AFP`."""
    found = item.find(path, _N)
    if found is None:
        return None
    return _text(found, "n:name") or found.get("literal") or (found.get("qcode") or "").rpartition(":")[2] or None


def _code(item: Tree, path: str) -> str:
    found = item.find(path, _N)
    return "" if found is None else (found.get("qcode") or found.get("uri") or "").replace("/", ":").rpartition(":")[2]


def _link(item: Tree) -> str | None:
    links = item.iterfind("n:itemMeta/n:link", _N)
    return next((link.get("href") for link in links if (link.get("rel") or "").endswith(("canonical", "alternate"))),
                None)  # fmt: skip


def _language(item: Tree) -> str | None:
    found = item.find("n:contentMeta/n:language", _N)
    said = found.get("tag") if found is not None else item.get("{http://www.w3.org/XML/1998/namespace}lang")
    return str(said) if said else None
