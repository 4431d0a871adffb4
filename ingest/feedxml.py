"""XML as feeds write it, made well-formed, so that feedparser needs only its strict parser. Pure.

Its other parser, for broken XML, takes minutes on some inputs; libxml2 mends in milliseconds. No entity that a feed
declares is ever filled in.
"""

import html.entities
import re
from collections import Counter
from typing import Any

import lxml.etree

from ingest.errors import ExtractError
from ingest.feedtext import MAX_MARKUP

BROKEN = "it looks like a feed, but its XML is broken before its first item"
_COMPLICATED = "its XML is too complicated to read"
_MAX_ATTRIBUTES = 50
_MAX_ELEMENTS = 150_000  # feedparser reads 60,000 a second
_MAX_CHILDREN = 200  # of one kind in one element, items aside; feedparser's time grows with their square
_MAX_REFERENCES = 1_000_000
_MAX_ROOT = 50_000  # characters of the first tag
_MAX_SPECIAL = 1_000  # characters that XML escapes, in text between elements
_SPECIAL = re.compile("[&<>]")
_ITEMS = frozenset({"item", "entry"})
# What XML allows: https://www.w3.org/TR/xml/#charsets
_CHARACTERS = (range(9, 11), range(13, 14), range(32, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!#[0-9]{1,8};|#x[0-9a-fA-F]{1,8};)(?:([A-Za-z]\w{1,30});)?", re.DOTALL
)
_KNOWN = {"&amp;": "&#38;", "&lt;": "&#60;", "&gt;": "&#62;", "&quot;": "&#34;", "&apos;": "&#39;"}
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));")
_PREFIX = re.compile(r"</?([A-Za-z_][\w-]*):[A-Za-z_]")
_NAMESPACE = re.compile(r"xmlns:([A-Za-z_][\w-]*)\s*=")
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


def sound(body: str, root: str) -> bytes:
    """Well-formed XML of a feed that begins with the element `root`. Raises ExtractError where none can be made."""
    endless = len(body) > _MAX_ROOT and body.find(">", 0, _MAX_ROOT) < 0
    if endless or body.count("&") > _MAX_REFERENCES:
        raise ExtractError(_COMPLICATED)
    missing = sorted(set(_PREFIX.findall(body)) - set(_NAMESPACE.findall(body)) - {"xml"})[:_MAX_ATTRIBUTES]
    declared = "".join(f' xmlns:{name}="{_NAMESPACES.get(name, f"urn:x:{name}")}"' for name in missing)
    body = f"<{root}{declared}{_by_number(body[len(root) + 1 :])}"
    parser = lxml.etree.XMLParser(recover=True, resolve_entities=False, no_network=True, remove_comments=True)
    try:
        tree = lxml.etree.fromstring(body.encode(), parser)
    except lxml.etree.LxmlError as error:
        raise ExtractError(BROKEN) from error
    if tree is None:
        raise ExtractError(BROKEN)
    for count, element in enumerate(tree.iter("*")):
        if count > _MAX_ELEMENTS:
            raise ExtractError(_COMPLICATED)
        _lighten(element)
    return bytes(lxml.etree.tostring(tree, encoding="utf-8"))


def _by_number(body: str) -> str:
    """Every reference by number: after its first error libxml2 drops those by name, even `&lt;`."""
    for name, number in _KNOWN.items():
        body = body.replace(name, number)
    return _AMPERSAND.sub(_entity, _REFERENCE.sub(_proper, body))


def _proper(found: re.Match[str]) -> str:
    """A character reference, unless it means none: lxml makes strings of surrogates that it can't read itself."""
    code = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if any(code in allowed for allowed in _CHARACTERS) else ""


def _lighten(element: Any) -> None:
    """What feedparser is slow on: text in many pieces, as it gets between escapes, many attributes, many children."""
    if element.text and _SPECIAL.search(element.text):
        element.text = lxml.etree.CDATA(element.text[:MAX_MARKUP].replace("]]>", "]] >"))
    if element.tail and len(element.tail) > _MAX_SPECIAL:
        some = len(_SPECIAL.findall(element.tail)) <= _MAX_SPECIAL
        element.tail = (element.tail if some else _SPECIAL.sub(" ", element.tail))[:MAX_MARKUP]
    if len(element.attrib) > _MAX_ATTRIBUTES:
        element.attrib.clear()
    if len(element) > _MAX_CHILDREN:
        _thin(element)


def _thin(element: Any) -> None:
    """Without the children that are one too many of their kind."""
    kinds: Counter[str] = Counter()
    for child in list(element):
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""  # comments and the like have none
        kinds[name] += 1
        if kinds[name] > _MAX_CHILDREN and name not in _ITEMS:
            element.remove(child)


def _entity(found: re.Match[str]) -> str:
    """HTML's entities by name, and ampersands that nobody escaped."""
    if found[0].startswith("<"):
        return found[0]
    known = html.entities.html5.get(f"{found[1]};") if found[1] else None
    return known if known and known not in "&<>" else f"&#38;{found[0][1:]}"
