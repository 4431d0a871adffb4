"""Pure: formatted text as Telegram keeps it: entities sorted, split and trimmed; offsets in UTF-16 code units.

Rules from tdlib/td (MessageEntity.cpp, fix_formatted_text), written down in our own words:

    clean     control characters become spaces, \\r and a few invisible ones vanish
    settle    links, code and mentions never overlap; bold, italic... are cut at their edges and never lie in code
    trim      white space at both ends of the text goes, and at the start of an entity; empty entities vanish
    found     URLs, mentions, hashtags and commands are marked where nothing else is
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from sandbox.errors import refuse
from sandbox.found import find

_STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
_CODE = frozenset({"code", "pre"})
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_PRIORITY = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "pre": 10,
    "code": 20,
    "text_link": 49,
    "text_mention": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "custom_emoji": 99,
}
_USER_KINDS = frozenset(_PRIORITY) | {"date_time"}
_FOUND_KINDS = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"})
_UNCLEAN = re.compile("[\x00-\x09\x0b-\x1f\u2028-\u202e\u0333\u033f\u030a]")
_VANISH = frozenset("\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u0333\u033f\u030a")
_FIT = 1_000_000
_LOW_HALF = (b"\xdc", b"\xdd", b"\xde", b"\xdf")  # high bytes of the second half of a surrogate pair


@dataclass(slots=True)
class Entity:
    """One entity; `extra` holds url, language, user, custom_emoji_id, unix_time..."""

    type: str
    offset: int
    length: int
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """First UTF-16 offset after the entity."""
        return self.offset + self.length

    def as_json(self) -> dict[str, Any]:
        """The Bot API's MessageEntity."""
        return {"offset": self.offset, "length": self.length, "type": self.type, **self.extra}


def utf16(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def given(items: list[dict[str, Any]]) -> list[Entity]:
    """Entities from the parameter `entities`; kinds that Telegram finds by itself are dropped as it does."""
    entities = []
    for item in items:
        offset, length, kind = item["offset"], item["length"], item["type"]
        if kind not in _USER_KINDS and kind not in _FOUND_KINDS:
            raise refuse("can't parse MessageEntity: Unsupported type specified")
        if not 0 <= offset <= _FIT:
            raise refuse(f"receive an entity with incorrect offset {offset}")
        if not 0 <= length <= _FIT:
            raise refuse(f"receive an entity with incorrect length {length}")
        if kind in _USER_KINDS:
            extra = {key: value for key, value in item.items() if key not in {"type", "offset", "length"}}
            entities.append(Entity(kind, offset, length, extra))
    return entities


def fix(
    text: str, entities: list[Entity], *, allow_empty: bool = False, skip_commands: bool = False
) -> tuple[str, list[Entity]]:
    """Text and entities as the message will have them; raises ApiError for text that is only white space."""
    _check_edges(text, entities)
    entities = settle([entity for entity in entities if entity.length > 0])
    text = _clean(text, entities)
    if entities:
        _shrink(text, entities)
        entities = settle([entity for entity in entities if entity.length > 0])
    text = _trim(text, entities)
    if not text and not allow_empty:
        raise refuse("text must be non-empty")
    return text, _with_found(text, [entity for entity in entities if entity.length > 0], skip_commands=skip_commands)


def _check_edges(text: str, entities: list[Entity]) -> None:
    if not entities:
        return
    total = utf16(text)
    for entity in entities:
        if entity.length and entity.offset >= total:
            raise refuse(f"entity begins after the end of the text at UTF-16 offset {entity.offset}")
        if entity.end > total:
            raise refuse(
                f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text "
                f"at UTF-16 offset {entity.end}"
            )
    if total != len(text):
        _check_halves(text, entities)


def _check_halves(text: str, entities: list[Entity]) -> None:
    units = text.encode("utf-16-le")
    for entity in entities:
        if _is_low_half(units, entity.offset):
            raise refuse(
                f"entity begins in a middle of a UTF-16 symbol at byte offset {_bytes_to(units, entity.offset)}"
            )
        if _is_low_half(units, entity.end):
            raise refuse(
                f"entity beginning at UTF-16 offset {entity.offset} ends in a middle of a UTF-16 symbol "
                f"at byte offset {_bytes_to(units, entity.end)}"
            )


def _is_low_half(units: bytes, offset: int) -> bool:
    return units[2 * offset + 1 : 2 * offset + 2] in _LOW_HALF


def _bytes_to(units: bytes, offset: int) -> int:
    return len(units[: 2 * (offset + 1)].decode("utf-16-le", "ignore").encode())


def _clean(text: str, entities: list[Entity]) -> str:
    if not _UNCLEAN.search(text):
        return text
    cleaned: list[str] = []
    moved: dict[int, int] = {}
    old = new = 0
    for char in text:
        moved[old] = new
        width = utf16(char)
        old += width
        if char in _VANISH:
            continue
        cleaned.append(" " if char < " " and char != "\n" else char)
        new += width
    moved[old] = new
    for entity in entities:
        start, end = moved[entity.offset], moved[entity.end]
        entity.offset, entity.length = start, end - start
    return "".join(cleaned)


def _shrink(text: str, entities: list[Entity]) -> None:
    units = text.encode("utf-16-le")
    for entity in entities:
        while entity.length > 0 and units[2 * entity.offset : 2 * entity.offset + 2] in (b" \0", b"\n\0"):
            entity.offset += 1
            entity.length -= 1


def _trim(text: str, entities: list[Entity]) -> str:
    text = text.rstrip(" \n")
    total = utf16(text)
    for entity in entities:
        entity.length = max(min(entity.end, total) - entity.offset, 0)
    first = min((entity.offset for entity in entities if entity.length), default=total)
    lead = min(len(text) - len(text.lstrip(" \n")), first)
    for entity in entities:
        entity.offset -= lead
    return text[lead:]


def _order(entity: Entity) -> tuple[int, int, int]:
    return entity.offset, -entity.length, _PRIORITY.get(entity.type, 50)


def settle(entities: list[Entity]) -> list[Entity]:
    """Sorted, nothing overlapping that may not; styles are merged, and cut where links or quotes begin or end."""
    entities = sorted(entities, key=_order)
    if _is_settled(entities):
        return entities
    quotes = _apart([entity for entity in entities if entity.type in _QUOTES])
    solid = _apart([entity for entity in entities if entity.type not in _QUOTES and entity.type not in _STYLES])
    solid = [entity for entity in solid if not any(_crosses(entity, quote) for quote in quotes)]
    styles = _split([entity for entity in entities if entity.type in _STYLES], solid + quotes)
    return sorted(solid + quotes + styles, key=_order)


def _is_settled(entities: list[Entity]) -> bool:
    open_: list[Entity] = []
    ends: dict[str, int] = {}
    for entity in entities:
        while open_ and entity.offset >= open_[-1].end:
            open_.pop()
        if open_ and not _may_hold(open_[-1], entity):
            return False
        if entity.type in _STYLES:
            if ends.get(entity.type, -1) >= entity.offset:
                return False
            ends[entity.type] = entity.end
        elif any(outer.type not in _QUOTES or entity.type in _QUOTES for outer in open_):
            return False
        open_.append(entity)
    return True


def _may_hold(outer: Entity, inner: Entity) -> bool:
    return outer.end >= inner.end and outer.type not in _CODE


def _apart(entities: list[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
    return kept


def _crosses(entity: Entity, quote: Entity) -> bool:
    overlaps = entity.offset < quote.end and quote.offset < entity.end
    inside = quote.offset <= entity.offset and entity.end <= quote.end
    return overlaps and not inside


def _split(styles: list[Entity], others: list[Entity]) -> list[Entity]:
    if not styles:
        return []
    runs = {kind: _merged([entity for entity in styles if entity.type == kind]) for kind in _STYLES}
    cuts = {edge for entity in others for edge in (entity.offset, entity.end)}
    cuts |= {start for kind_runs in runs.values() for start, _ in kind_runs}
    code = [(entity.offset, entity.end) for entity in others if entity.type in _CODE]
    parts: list[Entity] = []
    for kind, kind_runs in runs.items():
        for start, end in kind_runs:
            edges = sorted({start, end, *(cut for cut in cuts if start < cut < end)})
            parts += [
                Entity(kind, left, right - left)
                for left, right in pairwise(edges)
                if not any(begin <= left and right <= stop for begin, stop in code)
            ]
    return parts


def _merged(entities: list[Entity]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for entity in entities:
        if runs and entity.offset <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], entity.end))
        else:
            runs.append((entity.offset, entity.end))
    return runs


def _with_found(text: str, entities: list[Entity], *, skip_commands: bool) -> list[Entity]:
    solid = [entity for entity in entities if entity.type not in _STYLES]
    new = [
        Entity(kind, offset, length)
        for kind, offset, length in find(text, skip_commands=skip_commands)
        if not any(_meets(entity, offset, offset + length) for entity in solid)
    ]
    return settle([replace(entity) for entity in entities] + new) if new else entities


def _meets(entity: Entity, start: int, end: int) -> bool:
    overlaps = entity.offset < end and start < entity.end
    if entity.type in _QUOTES:
        return overlaps and not (entity.offset <= start and end <= entity.end)
    return overlaps
