"""An article's photo: where Telegram may fetch it from, the words about it, and the alert that it stands above. Pure.

Who reads classic messages gets an alert as a photo whose caption is the alert, where all of it fits into one: a caption
holds 1,024 characters. The same alert as text stands beside it, for when Telegram refuses the photo.
"""

import ipaddress
import json
import re
import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from delivery.amended import Layout, Told, block_of
from delivery.render import ELLIPSIS, Block, Span, at_line_start, fits, split, to_html, web_url
from storage.records import Article

CAPTION_LENGTH = 1024
LONGEST_WORDS = 300

# Names that lead nowhere on the public internet (RFC 6761, 6762, 8375, and what routers use).
_PRIVATE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "arpa", "onion")
_HOST = re.compile(r"(?i)(?:[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*\.?$")


def photo_url(article: Article) -> str | None:
    """Of its photo, where Telegram can be asked to fetch it: public by its name, without a user's name or password.

    Feeds choose these addresses. Nothing of ours fetches them.
    """
    url = web_url(article.photo_url)
    try:
        parts = urlsplit(url or "")
        host, _ = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError:  # no port, or no name
        return None
    return url if "@" not in parts.netloc and _is_public(host) else None


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(_HOST.match(host)) and host.rstrip(".").rpartition(".")[2] not in _PRIVATE


def photo_words(article: Article) -> str:
    """The line under the photo; shortened where it is long, empty where there is none."""
    said = " ".join((article.caption or "").split())
    first = "".join(span.text for span in split((Span(said),), LONGEST_WORDS)[0])
    return said if len(first) == len(said) else f"{first.rstrip()}{ELLIPSIS}"


def alert_photo(layout: Layout, told: Mapping[int, Told]) -> str | None:
    """JSON of an InputMediaPhoto; None of a list, without a photo, and where the caption does not hold the alert."""
    entry = _only(layout, told)
    url = None if entry is None else photo_url(entry.article)
    if entry is None or url is None:
        return None
    block = block_of(layout["items"][0], layout, told)
    return _media(url, _with_words(block, entry.article)) if fits(block, CAPTION_LENGTH) else None


def photo_again(photo: str, layout: Layout, told: Mapping[int, Told]) -> str:
    """The same photo with what the alert says now. What became too long is shortened: a photo stays one."""
    item, entry = layout["items"][0], told[layout["items"][0]["article"]]
    block = block_of(item, layout, told)
    if not fits(block, CAPTION_LENGTH):
        block = split(block_of(item, layout, told, brief=True), CAPTION_LENGTH)[0]
    return _media(parsed(photo)["media"], _with_words(block, entry.article))


@lru_cache(maxsize=64)
def parsed(photo: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(photo)
    return found


def _only(layout: Layout, told: Mapping[int, Told]) -> Told | None:
    """The article of an alert; lists number theirs."""
    items = layout["items"]
    return told.get(items[0].get("article", 0)) if len(items) == 1 and items[0].get("number") is None else None


def _with_words(block: Block, article: Article) -> Block:
    """With the line under the photo at its end, where that says more and there is room."""
    said = photo_words(article)
    if not said or said in "".join(span.text for span in block):
        return block
    whole = (*block, Span("\n\n"), Span(at_line_start(f"📷 {said}"), italic=True))
    return whole if fits(whole, CAPTION_LENGTH) else block


def _media(source: str, caption: Block) -> str:
    media = {"type": "photo", "media": source, "caption": to_html(caption), "parse_mode": "HTML"}
    return json.dumps(media, ensure_ascii=False, separators=(",", ":"))


# In place of a photo that was withdrawn


@lru_cache(maxsize=1)
def blank_picture(width: int = 640, height: int = 360) -> bytes:
    """A PNG, all of one grey."""
    rows = (b"\0" + b"\xb4" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
