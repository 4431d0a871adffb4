"""Lists of feeds (OPML), in and out, with their folders. Pure. No entity is ever filled in, no address asked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import lxml.etree

from ingest.decode import clean
from ingest.errors import ExtractError
from ingest.feeditems import web_address
from ingest.feeds import MAX_BYTES, decoded, refuse_entities

MAX_LISTED = 20_000
MAX_FOLDER, MAX_TITLE = 200, 200
_HEAD = 65_536
_OPML = re.compile(r"(?i)<opml[\s>]")

Element = Any  # lxml ships no types


@dataclass(frozen=True, slots=True)
class Listed:
    """`folder`: the outlines around it, joined by "/"; empty where there are none."""

    url: str
    title: str
    folder: str = ""


def read_opml(data: bytes) -> list[Listed]:
    """The feeds that a list names, in its order, each once. Raises ExtractError for what is no such list."""
    text = decoded(data[:MAX_BYTES])
    root = _OPML.search(text[:_HEAD])
    if root is None:
        raise ExtractError("it is not a list of feeds (OPML)")
    refuse_entities(text[: root.start()])
    parser = lxml.etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    tree = lxml.etree.fromstring(text[root.start() :].encode(), parser)
    if tree is None:
        raise ExtractError("it is a list of feeds (OPML), but its XML is broken")
    found: dict[str, Listed] = {}
    for element in tree.iter("{*}outline", "{*}OUTLINE"):
        listed = _listed(element)
        if listed is not None and len(found) < MAX_LISTED:
            found.setdefault(listed.url, listed)
    return list(found.values())


def _listed(element: Element) -> Listed | None:
    said = _attributes(element)
    url = web_address([_web_scheme(said.get("xmlurl", ""))])
    if url is None:
        return None
    above = (_label(_attributes(parent)) for parent in element.iterancestors("{*}outline", "{*}OUTLINE"))
    folders = [name for name in above if name][::-1]
    # Flat lists say it in an attribute: "/World/Asia,/Business".
    folder = "/".join(folders) or said.get("category", "").split(",")[0].strip("/ ")
    return Listed(url, _label(said), clean(folder)[:MAX_FOLDER])


def _attributes(element: Element) -> dict[str, str]:
    return {name.lower(): value for name, value in element.attrib.items()}


def _label(said: dict[str, str]) -> str:
    return " ".join(clean(said.get("title") or said.get("text") or "").split())[:MAX_TITLE]


def _web_scheme(address: str) -> str:
    """`feed://host/…` and `feed:https://host/…` are how feed readers used to be called."""
    bare = re.sub(r"(?i)^feed:", "", address.strip())
    return f"http:{bare}" if bare.startswith("//") else bare


def write_opml(listed: Sequence[Listed], *, title: str, now: datetime) -> bytes:
    """OPML 2.0, the folders as outlines around their feeds."""
    root = lxml.etree.Element("opml", version="2.0")
    head = lxml.etree.SubElement(root, "head")
    lxml.etree.SubElement(head, "title").text = title
    lxml.etree.SubElement(head, "dateCreated").text = format_datetime(now, usegmt=True)
    folders: dict[tuple[str, ...], Element] = {(): lxml.etree.SubElement(root, "body")}
    for one in listed:
        parent = _folder(folders, tuple(part for part in clean(one.folder).split("/") if part.strip()))
        name = clean(one.title) or one.url
        lxml.etree.SubElement(parent, "outline", type="rss", text=name, title=name, xmlUrl=one.url)
    return bytes(lxml.etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _folder(folders: dict[tuple[str, ...], Element], path: tuple[str, ...]) -> Element:
    for length in range(1, len(path) + 1):
        if path[:length] not in folders:
            above = folders[path[: length - 1]]
            folders[path[:length]] = lxml.etree.SubElement(above, "outline", text=path[length - 1])
    return folders[path]


def by_folder(listed: Iterable[Listed]) -> list[Listed]:
    """As a person sorts them."""
    return sorted(listed, key=lambda one: (one.folder.casefold(), one.title.casefold()))
