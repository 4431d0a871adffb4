"""Text of a call to text and entities of a message: parse mode or explicit entities, limits, link previews."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sandbox import entities, html, markdown
from sandbox.access import Call
from sandbox.errors import refuse
from sandbox.links import BadLinkError, checked

TEXT_LIMIT = 4096  # code points after parsing
CAPTION_LIMIT = 1024
_RAW_BYTES = 32_768
_PARSERS = {"html": html.parse_html, "markdown": markdown.parse_markdown, "markdownv2": markdown.parse_markdown_v2}


def format_text(
    text: str,
    parse_mode: str | None,
    given: list[dict[str, Any]] | None,
    *,
    allow_empty: bool = False,
    skip_commands: bool = False,
) -> tuple[str, list[dict[str, Any]]]:
    """Text and entities (as JSON) as they will stand in the message; raises ApiError 400."""
    if len(text) > _RAW_BYTES // 4 and len(text.encode()) > _RAW_BYTES:
        raise refuse("text is too long")
    mode = (parse_mode or "").lower()
    if mode and mode != "none":
        plain, kept = _parsed(text, mode, allow_empty=allow_empty, skip_commands=skip_commands)
        return plain, list(kept)
    plain, found = entities.fix(text, entities.given(given or []), allow_empty=allow_empty, skip_commands=skip_commands)
    return plain, [entity.as_json() for entity in found]


@lru_cache(maxsize=256)  # a broadcast sends one text to thousands; nobody changes an entity in place
def _parsed(text: str, mode: str, *, allow_empty: bool, skip_commands: bool) -> tuple[str, tuple[dict[str, Any], ...]]:
    if mode not in _PARSERS:
        raise refuse("unsupported parse_mode")
    plain, found = entities.fix(*_PARSERS[mode](text), allow_empty=allow_empty, skip_commands=skip_commands)
    return plain, tuple(entity.as_json() for entity in found)


def message_text(call: Call, chat_type: str) -> dict[str, Any]:
    """Fields `text`, `entities` and `link_preview_options` of a message."""
    args = call.args
    if not args.get("text"):
        raise refuse("message text is empty")
    in_channel = chat_type == "channel"
    text, found = format_text(args["text"], args.get("parse_mode"), args.get("entities"), skip_commands=in_channel)
    if len(text) > TEXT_LIMIT:
        raise refuse("message is too long")
    fields: dict[str, Any] = {"text": text}
    if found:
        fields["entities"] = named(call, found)
    preview = _preview(args)
    if preview:
        fields["link_preview_options"] = preview
    return fields


def caption(call: Call, args: dict[str, Any], chat_type: str) -> dict[str, Any]:
    """Fields `caption` and `caption_entities`; nothing where the caption is empty."""
    raw = args.get("caption") or ""
    in_channel = chat_type == "channel"
    text, found = format_text(
        raw, args.get("parse_mode"), args.get("caption_entities"), allow_empty=True, skip_commands=in_channel
    )
    if len(text) > CAPTION_LIMIT:
        raise refuse("message caption is too long")
    fields: dict[str, Any] = {"caption": text} if text else {}
    if found:
        fields["caption_entities"] = named(call, found)
    if text and args.get("show_caption_above_media"):
        fields["show_caption_above_media"] = True
    return fields


def named(call: Call, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entities with whole users in mentions by id; a mention of somebody unknown vanishes, as Telegram has it."""
    kept = []
    for entity in found:
        if entity["type"] == "text_mention":
            person = call.world.person(entity["user"]["id"])
            if person is None:
                continue
            entity = {**entity, "user": person.as_json()}  # noqa: PLW2901
        kept.append(entity)
    return kept


def _preview(args: dict[str, Any]) -> dict[str, Any]:
    options = args.get("link_preview_options") or {}
    preview = {key: value for key, value in options.items() if value}
    if preview.get("prefer_small_media") and preview.get("prefer_large_media"):
        preview.pop("prefer_small_media")
    if "url" in preview:
        try:
            preview["url"] = checked(preview["url"])
        except BadLinkError:
            preview.pop("url")
    return preview
